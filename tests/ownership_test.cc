// The ownership matrix: two users, every route of objects, every verb. Another's object must not be
// told from one that does not exist.
#include <catch_amalgamated.hpp>
#include <string>

#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

Answer Ask(Browser* browser, const std::string& method, const std::string& path) {
  if (method == "GET") return browser->Get(path);
  if (method == "DELETE") return browser->Delete(path);
  if (path.ends_with("/body")) return browser->PutBytes(path, "bytes");
  return browser->Put(path, ObjectFacts("record", 2));
}

TEST_CASE("Another's object is not there, on every route and verb", "[ownership]") {
  const bool server_sealed = GENERATE(false, true);
  const auto [method, end] = GENERATE(table<std::string, std::string>(
      {{"GET", ""}, {"GET", "/body"}, {"PUT", ""}, {"DELETE", ""}, {"PUT", "/body"}}));
  CAPTURE(server_sealed, method, end);
  AccountSettings settings = TestSettings();
  if (server_sealed) settings.storage = StorageMode::kServer;
  AccountServer server(settings);
  Browser ada(&server);
  ada.Register("ada");
  Browser eve(&server);
  eve.Register("eve");
  const std::string theirs = StrCat("/api/objects/", ObjectId(1));
  REQUIRE(ada.PutBytes(theirs + "/body", "bytes").status == 201);
  TestJson facts = ObjectFacts("record");
  if (server_sealed) facts["wrapped_key"] = nullptr;
  REQUIRE(ada.Put(theirs, facts).status == 201);
  const TestJson before = ada.Get(theirs).json;

  // Where the server seals, eve's own record would be refused for its key first.
  TestJson eves_facts = facts;
  eves_facts["record_version"] = 2;
  const auto ask = [&](const std::string& path) {
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it does not follow a captured binding
    if (method == "PUT" && end.empty()) return eve.Put(path, eves_facts);
    return Ask(&eve, method, path + end);
  };
  const Answer answer = ask(theirs);
  CHECK(answer.status == 404);
  CHECK(answer.code() == "not_found");
  const bool makes_new = method == "PUT" && end == "/body";
  if (!makes_new) CHECK(answer.bytes == ask(StrCat("/api/objects/", ObjectId(2))).bytes);

  CHECK(ada.Get(theirs).json == before);
  CHECK(ada.Get(theirs + "/body").bytes == "bytes");
  CHECK(eve.Get("/api/objects").json["items"].empty());
  CHECK(eve.Get("/api/export").json["objects"].empty());
  CHECK(eve.Get("/api/session").json["user"]["used_bytes"] == 0);
}

TEST_CASE("An object whose record is still to come is not there for another either",
          "[ownership]") {
  AccountServer server;
  Browser ada(&server);
  ada.Register("ada");
  Browser eve(&server);
  eve.Register("eve");
  const std::string theirs = StrCat("/api/objects/", ObjectId(1));
  REQUIRE(ada.PutBytes(theirs + "/body", "bytes").status == 201);
  CHECK(eve.Put(theirs, ObjectFacts("record")).status == 404);
  CHECK(eve.PutBytes(theirs + "/body", "bytes").status == 404);
  CHECK(eve.PutBytes(theirs + "/body", "other").status == 404);
  CHECK(eve.Delete(theirs).status == 404);
  CHECK(ada.Put(theirs, ObjectFacts("record")).status == 201);
}

TEST_CASE("Without a session every route of objects is closed", "[ownership]") {
  AccountServer server;
  Browser ada(&server);
  ada.Register("ada");
  Keep(&ada, 1, "bytes");
  Browser nobody(&server);
  const std::string path = StrCat("/api/objects/", ObjectId(1));
  const auto [method, end] = GENERATE(table<std::string, std::string>(
      {{"GET", ""}, {"GET", "/body"}, {"PUT", ""}, {"DELETE", ""}, {"PUT", "/body"}}));
  CHECK(Ask(&nobody, method, path + end).status == 401);
}

TEST_CASE("Verbs that a route does not have are refused with those it has", "[ownership]") {
  AccountServer server;
  Browser ada(&server);
  ada.Register("ada");
  Keep(&ada, 1, "bytes");
  const std::string path = StrCat("/api/objects/", ObjectId(1));
  const Answer answer = ada.Post(path, TestJson::object());
  CHECK(answer.status == 405);
  CHECK(answer.Header("Allow") == "PUT, GET, HEAD, DELETE");
  CHECK(ada.Delete(path + "/body").status == 405);
  CHECK(ada.Delete("/api/objects").status == 405);
}

}  // namespace
}  // namespace insitu
