// One's own sessions, settings, export and end, over the route table.
#include <catch_amalgamated.hpp>
#include <filesystem>
#include <string>

#include "backend/sessions.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::milliseconds;
using std::chrono::minutes;

TEST_CASE("One's sessions are listed, the current one marked", "[own_data][sessions]") {
  AccountServer server;
  Browser one(&server, "192.0.2.7");
  one.Register("ada");
  Browser two(&server, "2001:db8:1:2::7");
  REQUIRE(two.Login("ada").status == 200);
  Browser(&server).Register("grace");
  const TestJson items = two.Get("/api/sessions").json["items"];
  REQUIRE(items.size() == 2);
  int current = 0;
  for (const auto& item : items) {
    if (item["current"] != true) continue;
    ++current;
    CHECK(item["address"] == "2001:db8:1::");
    CHECK(item["idle_expires_at"] == server.now() + 1'800'000);
    CHECK(item["expires_at"] == server.now() + 43'200'000);
  }
  CHECK(current == 1);
}

TEST_CASE("One session is ended from another", "[own_data][sessions]") {
  AccountServer server;
  Browser one(&server);
  one.Register("ada");
  const std::string id = one.Get("/api/session").json["session"]["id"];
  Browser two(&server);
  REQUIRE(two.Login("ada").status == 200);
  CHECK(two.Delete("/api/sessions/" + id).status == 204);
  CHECK(two.Delete("/api/sessions/" + id).status == 404);
  CHECK(one.Get("/api/session").json["user"] == nullptr);
  CHECK(two.Get("/api/session").json["user"] != nullptr);
}

TEST_CASE("To end the current session is to sign out", "[own_data][sessions]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string id = browser.Get("/api/session").json["session"]["id"];
  CHECK(browser.Delete("/api/sessions/" + id).status == 204);
  CHECK(browser.Cookie("__Host-insitu-session").empty());
}

TEST_CASE("Another's session is one that does not exist", "[own_data][sessions]") {
  AccountServer server;
  Browser ada(&server);
  ada.Register("ada");
  Browser eve(&server);
  eve.Register("eve");
  const std::string id = ada.Get("/api/session").json["session"]["id"];
  const Answer anothers = eve.Delete("/api/sessions/" + id);
  const Answer nobodys = eve.Delete("/api/sessions/" + ObjectId(1));
  CHECK(anothers.status == 404);
  CHECK(anothers.bytes == nobodys.bytes);
  CHECK(ada.Get("/api/session").json["user"] != nullptr);
}

TEST_CASE("All other sessions are ended at once", "[own_data][sessions]") {
  AccountServer server;
  Browser one(&server);
  one.Register("ada");
  Browser two(&server);
  REQUIRE(two.Login("ada").status == 200);
  Browser eve(&server);
  eve.Register("eve");
  CHECK(two.Delete("/api/sessions").status == 204);
  CHECK(one.Get("/api/session").json["user"] == nullptr);
  CHECK(two.Get("/api/session").json["user"] != nullptr);
  CHECK(eve.Get("/api/session").json["user"] != nullptr);
}

// --- Settings
// ---------------------------------------------------------------------------------------

TEST_CASE("Nothing is kept before the recovery key was typed once", "[own_data][settings]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string keep = GENERATE("ask", "always");
  const Answer early = browser.Put("/api/settings", {{"keep", keep}});
  CHECK(early.status == 409);
  CHECK(early.code() == "recovery_not_confirmed");
  CHECK(browser.Get("/api/session").json["user"]["keep"] == "never");
  const Answer answer =
      browser.Put("/api/settings", {{"keep", keep}, {"recovery_confirmed", true}});
  CHECK(answer.status == 200);
  CHECK(answer.json["keep"] == keep);
  CHECK(answer.json["recovery_confirmed"] == true);
  CHECK(browser.Put("/api/settings", {{"keep", "never"}}).json["recovery_confirmed"] == true);
}

TEST_CASE("Where nothing is stored, keep is never", "[own_data][settings]") {
  AccountSettings settings = TestSettings();
  settings.storage = StorageMode::kOff;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Put("/api/settings", {{"keep", "ask"}, {"recovery_confirmed", true}}).code() ==
        "storage_off");
  CHECK(browser.Put("/api/settings", {{"keep", "never"}}).status == 200);
}

TEST_CASE("Where the server encrypts, no recovery key is asked for", "[own_data][settings]") {
  AccountSettings settings = TestSettings();
  settings.storage = StorageMode::kServer;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Put("/api/settings", {{"keep", "always"}}).json["keep"] == "always");
}

TEST_CASE("Settings are the ones there are", "[own_data][settings]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Put("/api/settings", {{"keep", "sometimes"}}).status == 422);
  CHECK(browser.Put("/api/settings", {{"keep", ""}}).status == 422);
  CHECK(browser.Put("/api/settings", TestJson::object()).status == 422);
  CHECK(browser.Put("/api/settings", {{"keep", "never"}, {"role", "admin"}}).status == 422);
  CHECK(browser.Put("/api/settings", {{"keep", "never"}, {"recovery_confirmed", 1}}).status == 422);
}

// --- Export and end
// ---------------------------------------------------------------------------------

TEST_CASE("Everything of a user comes as one file, and nothing of another's",
          "[own_data][export]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 1; i <= 60; ++i) Keep(&browser, i, StrCat("image ", i));
  Browser eve(&server);
  eve.Register("eve");
  Keep(&eve, 100, "eve's");
  const Answer answer = browser.Get("/api/export");
  REQUIRE(answer.status == 200);
  CHECK_THAT(answer.Header("Content-Disposition"), ContainsSubstring("attachment"));
  CHECK(answer.json["user"]["username"] == "ada");
  CHECK(answer.json["sessions"].size() == 1);
  CHECK(answer.json["objects"].size() == 60);
  CHECK(answer.json["events"][0]["event"] == "registered");
  CHECK(answer.bytes.find(ObjectId(100)) == std::string::npos);
  CHECK(answer.bytes.find("argon2") == std::string::npos);
}

TEST_CASE("An account that is deleted leaves nothing but its events", "[own_data][account]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "an image of ada's");
  Browser other(&server);
  REQUIRE(other.Login("ada").status == 200);
  const int64_t events = server.CountEvents();
  const Answer answer = browser.Delete("/api/account");
  CHECK(answer.status == 204);
  CHECK(answer.Header("Clear-Site-Data") == "\"cache\"");
  CHECK(browser.Cookie("__Host-insitu-session").empty());
  CHECK(other.Get("/api/session").json["user"] == nullptr);
  CHECK(Browser(&server).Login("ada").status == 401);
  CHECK(server.CountEvents() == events + 2);  // and the sign-in that failed
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(server.folder() / "data" / "objects")) {
    CHECK_FALSE(file.is_regular_file());
  }
  // The name is free, and who takes it gets nothing of before.
  Browser again(&server);
  again.Register("ada");
  CHECK(again.Get("/api/objects").json["items"].empty());
  CHECK(again.Get("/api/export").json["events"].size() == 2);
}

TEST_CASE("To delete the account needs a fresh session", "[own_data][account]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.Pass(milliseconds(kFreshMs));
  CHECK(browser.Delete("/api/account").code() == "reauthentication_required");
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
}

TEST_CASE("Without a session none of it is answered", "[own_data]") {
  AccountServer server;
  Browser browser(&server);
  for (const char* path : {"/api/sessions", "/api/export", "/api/objects"}) {
    CAPTURE(path);
    const Answer answer = browser.Get(path);
    CHECK(answer.status == 401);
    CHECK(answer.code() == "session_ended");
  }
  CHECK(browser.Put("/api/settings", {{"keep", "never"}}).status == 401);
  CHECK(browser.Delete("/api/account").status == 401);
  CHECK(browser.Delete("/api/sessions").status == 401);
  CHECK(browser.Post("/api/password", TestJson::object()).status == 401);
  CHECK(browser.Post("/api/totp", TestJson::object()).status == 401);
  CHECK(browser.Post("/api/totp/confirm", TestJson::object()).status == 401);
  CHECK(browser.Post("/api/recovery-codes", TestJson::object()).status == 401);
  CHECK(browser.Post("/api/recovery-key", TestJson::object()).status == 401);
  CHECK(browser.Post("/api/reauthenticate", TestJson::object()).status == 401);
}

}  // namespace
}  // namespace insitu
