// What people keep, over the route table.
#include <catch_amalgamated.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/object_cipher.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

std::string PathOf(int number) { return StrCat("/api/objects/", ObjectId(number)); }

AccountSettings With(StorageMode storage) {
  AccountSettings settings = TestSettings();
  settings.storage = storage;
  return settings;
}

std::string FileOf(const AccountServer& server, int number) {
  const std::string id = ObjectId(number);
  return (server.folder() / "data" / "objects" / id.substr(id.size() - 2) / id).string();
}

TestJson PlainFacts(const std::string& record, int64_t version = 1) {
  return {{"wrapped_key", nullptr}, {"record", ToBase64Url(record)}, {"record_version", version}};
}

// --- Keeping and reading
// ----------------------------------------------------------------------------

TEST_CASE("What was kept comes back as it was sent", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string body = RandomBytes(300'000);
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", body).status == 201);
  const Answer kept = browser.Put(PathOf(1), ObjectFacts("a record"));
  REQUIRE(kept.status == 201);
  CHECK(kept.json["id"] == ObjectId(1));
  CHECK(kept.json["body_bytes"] == 300'000);
  CHECK(kept.json["created_at"] == server.now());
  CHECK(browser.Get(PathOf(1)).json == kept.json);
  CHECK(kept.json["record"] == ToBase64Url("a record"));
  CHECK(kept.json["wrapped_key"] == Key("wrapped data key", 60));
  CHECK(browser.Get(PathOf(1) + "/body").bytes == body);
  CHECK(browser.Get("/api/session").json["user"]["used_bytes"] == 300'008);
}

TEST_CASE("A kept body can never be a page of this server", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "<script>alert(1)</script>");
  const Answer answer = browser.Get(PathOf(1) + "/body");
  CHECK(answer.reply.content_type == "application/octet-stream");
  CHECK(answer.Header("Content-Disposition") == "attachment");
  CHECK(answer.Header("Content-Security-Policy") == "default-src 'none'; sandbox");
  CHECK(answer.Header("Cache-Control") == "no-store");
}

TEST_CASE("An object is there once its record is", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Put(PathOf(1), ObjectFacts("x")).status == 404);
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 201);
  CHECK(browser.Get(PathOf(1)).status == 404);
  CHECK(browser.Get(PathOf(1) + "/body").status == 404);
  CHECK(browser.Get("/api/objects").json["items"].empty());
  REQUIRE(browser.Put(PathOf(1), ObjectFacts("x")).status == 201);
  CHECK(browser.Get("/api/objects").json["items"].size() == 1);
}

TEST_CASE("The same body may be sent again, another may not", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 201);
  CHECK(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 200);
  const Answer other = browser.PutBytes(PathOf(1) + "/body", "other");
  CHECK(other.status == 409);
  CHECK(other.code() == "object_differs");
}

TEST_CASE("A record changes by the version that follows, and a lost answer may be asked again",
          "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "bytes");
  CHECK(browser.Put(PathOf(1), ObjectFacts("second", 3)).code() == "record_changed");
  CHECK(browser.Put(PathOf(1), ObjectFacts("second", 2)).status == 200);
  CHECK(browser.Put(PathOf(1), ObjectFacts("second", 2)).status == 200);
  const Answer late = browser.Put(PathOf(1), ObjectFacts("other", 2));
  CHECK(late.status == 409);
  CHECK(late.code() == "record_changed");
  CHECK(browser.Get(PathOf(1)).json["record"] == ToBase64Url("second"));
}

TEST_CASE("A record may have 64 KiB and no more", "[objects][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 201);
  const std::string record(kMaxRecordBytes, 'r');
  CHECK(browser.Put(PathOf(1), ObjectFacts(record + "r")).status == 422);
  CHECK(browser.Put(PathOf(1), ObjectFacts("")).status == 422);
  CHECK(browser.Put(PathOf(1), ObjectFacts(record)).status == 201);
  CHECK(browser.Put(PathOf(1), ObjectFacts(std::string(90'000, 'r'), 2)).status == 413);
}

TEST_CASE("Each field of a record is checked", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 201);
  TestJson facts = ObjectFacts("record");
  SECTION("no key") { facts["wrapped_key"] = nullptr; }
  SECTION("a short key") { facts["wrapped_key"] = Key("x", 59); }
  SECTION("no record") { facts.erase("record"); }
  SECTION("not base64url") { facts["record"] = "a+b/"; }
  SECTION("version 0") { facts["record_version"] = 0; }
  SECTION("a version that is no number") { facts["record_version"] = "1"; }
  SECTION("an owner") { facts["user_id"] = ObjectId(9); }
  const Answer answer = browser.Put(PathOf(1), facts);
  CHECK(answer.status == 422);
  CHECK(answer.json["errors"].size() == 1);
  CHECK(browser.Get(PathOf(1)).status == 404);
}

TEST_CASE("A body needs its digest, and the right one", "[objects][digest]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string path = PathOf(1) + "/body";
  CHECK(browser.PutBytes(path, "bytes", "").code() == "digest_needed");
  CHECK(browser.PutBytes(path, "bytes", "sha-256=abc").code() == "digest_needed");
  CHECK(browser.PutBytes(path, "bytes", "md5=:AAAA:").code() == "digest_needed");
  const std::string wrong = StrCat("sha-256=:", ToPaddedBase64(Sha256Bytes("other bytes")), ":");
  CHECK(browser.PutBytes(path, "bytes", wrong).code() == "digest_mismatch");
  CHECK_FALSE(std::filesystem::exists(FileOf(server, 1)));
}

TEST_CASE("A body may have so many bytes and no more", "[objects][limits]") {
  AccountSettings settings = TestSettings();
  settings.max_object_bytes = 1'000;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.PutBytes(PathOf(1) + "/body", std::string(1'000, 'b')).status == 201);
  const Answer answer = browser.PutBytes(PathOf(2) + "/body", std::string(1'001, 'b'));
  CHECK(answer.status == 413);
  CHECK(answer.code() == "object_too_large");
  CHECK(browser.PutBytes(PathOf(3) + "/body", "").code() == "object_empty");
}

TEST_CASE("A user keeps so much and no more, and gets room by deleting", "[objects][limits]") {
  AccountSettings settings = TestSettings();
  settings.quota_bytes = 2'000;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, std::string(1'000, 'b'));  // and a record of 6 bytes
  const Answer answer = browser.PutBytes(PathOf(2) + "/body", std::string(995, 'b'));
  CHECK(answer.status == 507);
  CHECK(answer.code() == "quota_exceeded");
  CHECK(browser.PutBytes(PathOf(2) + "/body", std::string(994, 'b')).status == 201);
  CHECK(browser.Put(PathOf(2), ObjectFacts("r")).code() == "quota_exceeded");
  CHECK(browser.Delete(PathOf(1)).status == 204);
  CHECK(browser.Put(PathOf(2), ObjectFacts("r")).status == 201);
}

TEST_CASE("What is deleted is gone from the disk", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "bytes");
  REQUIRE(std::filesystem::exists(FileOf(server, 1)));
  CHECK(browser.Delete(PathOf(1)).status == 204);
  CHECK_FALSE(std::filesystem::exists(FileOf(server, 1)));
  CHECK(browser.Get(PathOf(1)).status == 404);
  CHECK(browser.Delete(PathOf(1)).status == 404);
  CHECK(browser.Get("/api/session").json["user"]["used_bytes"] == 0);
}

TEST_CASE("What is no id is no object", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (const char* id : {"x", "..", "0190A000-0000-7000-8000-000000000001",
                         "0190a000000070008000000000000001", "%2e%2e%2fetc"}) {
    CAPTURE(id);
    const std::string path = StrCat("/api/objects/", std::string_view(id));
    CHECK(browser.Get(path).status == 404);
    CHECK(browser.Put(path, ObjectFacts("x")).status == 404);
    CHECK(browser.PutBytes(path + "/body", "x").status == 404);
    CHECK(browser.Delete(path).status == 404);
  }
}

TEST_CASE("A body that the disk has lost is a fault, not a 404", "[objects]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "bytes");
  std::filesystem::remove(FileOf(server, 1));
  const Answer answer = browser.Get(PathOf(1) + "/body");
  CHECK(answer.status == 503);
  CHECK(answer.code() == "storage_unavailable");
  CHECK(server.log().size() == 1);
}

// --- The list
// ---------------------------------------------------------------------------------------

TEST_CASE("The list is newest first, page by page, each object once", "[objects][list]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 1; i <= 7; ++i) {
    Keep(&browser, i, StrCat("image ", i));
    if (i % 2 == 0) server.Pass(std::chrono::milliseconds(1));  // some at the same time
  }
  std::vector<std::string> ids;
  std::string query = "?limit=3";
  int pages = 0;
  while (true) {
    const Answer page = browser.Get("/api/objects" + query);
    REQUIRE(page.status == 200);
    ++pages;
    for (const auto& item : page.json["items"]) ids.push_back(item["id"]);
    if (page.json["next"] == nullptr) break;
    query = StrCat("?limit=3&cursor=", page.json["next"].get<std::string>());
  }
  CHECK(pages == 3);
  CHECK(ids.size() == 7);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 7);
  CHECK(ids.front() == ObjectId(7));
  CHECK(ids.back() == ObjectId(1));
}

TEST_CASE("A page that is just full has no next", "[objects][list][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 1; i <= 2; ++i) Keep(&browser, i, "x");
  CHECK(browser.Get("/api/objects?limit=2").json["next"] == nullptr);
  CHECK(browser.Get("/api/objects?limit=1").json["next"] != nullptr);
}

TEST_CASE("A query is understood or refused", "[objects][list][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Get(StrCat("/api/objects?limit=", kMaxObjectsPerPage)).status == 200);
  for (const char* query :
       {"limit=0", "limit=51", "limit=x", "limit=1x", "limit=", "cursor=x",
        "cursor=", "cursor=AAAA", "sort=name", "limit=1&limit=2", "limit=%zz"}) {
    CAPTURE(query);
    const Answer answer = browser.Get(StrCat("/api/objects?", query));
    CHECK(answer.status == 400);
    CHECK(answer.code() == "query_invalid");
  }
}

TEST_CASE("Another's cursor leads to nothing of theirs", "[objects][list]") {
  AccountServer server;
  Browser ada(&server);
  ada.Register("ada");
  for (int i = 1; i <= 3; ++i) Keep(&ada, i, "x");
  const std::string cursor = ada.Get("/api/objects?limit=1").json["next"];
  Browser eve(&server);
  eve.Register("eve");
  CHECK(eve.Get("/api/objects?cursor=" + cursor).json["items"].empty());
}

// --- Storage off
// ------------------------------------------------------------------------------------

TEST_CASE("Where storage was turned off, what was kept can be read and deleted",
          "[objects][storage]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "bytes");
  server.Restart(With(StorageMode::kOff));
  REQUIRE(browser.Login("ada").status == 200);
  CHECK(browser.PutBytes(PathOf(2) + "/body", "bytes").code() == "storage_off");
  CHECK(browser.Put(PathOf(1), ObjectFacts("x", 2)).code() == "storage_off");
  CHECK(browser.Get(PathOf(1) + "/body").bytes == "bytes");
  CHECK(browser.Delete(PathOf(1)).status == 204);
}

// --- The server's own encryption
// --------------------------------------------------------------------

TEST_CASE("What the server encrypts comes back as it was sent", "[objects][server_sealed]") {
  AccountSettings settings = With(StorageMode::kServer);
  settings.max_object_bytes = 4 << 20;
  settings.quota_bytes = 64 << 20;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  const size_t size = GENERATE(size_t{1}, size_t{1'000}, (size_t{1} << 20) - 1, size_t{1} << 20,
                               (size_t{1} << 20) + 1, (size_t{2} << 20) + 5);
  const std::string body = RandomBytes(size);
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", body).status == 201);
  CHECK(browser.PutBytes(PathOf(1) + "/body", body).status == 200);
  CHECK(browser.PutBytes(PathOf(1) + "/body", RandomBytes(size)).status == 409);
  const Answer kept = browser.Put(PathOf(1), PlainFacts("a record"));
  REQUIRE(kept.status == 201);
  CHECK(kept.json["body_bytes"] == size);
  CHECK(kept.json["wrapped_key"] == nullptr);
  CHECK(kept.json["record"] == ToBase64Url("a record"));
  const Answer read = browser.Get(PathOf(1) + "/body");
  CHECK(read.bytes == body);
  CHECK(read.reply.stream->size() == size);
  CHECK(browser.Put(PathOf(1), PlainFacts("second", 2)).json["record"] == ToBase64Url("second"));
}

TEST_CASE("On the disk there is no run of 16 bytes of what the server encrypts",
          "[objects][server_sealed][secrets]") {
  AccountServer server(With(StorageMode::kServer));
  Browser browser(&server);
  browser.Register("ada");
  const std::string body = RandomBytes(100'000);
  const std::string record = RandomBytes(1'000);
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", body).status == 201);
  REQUIRE(browser.Put(PathOf(1), PlainFacts(record)).status == 201);
  std::string all;
  for (const auto& file : std::filesystem::recursive_directory_iterator(server.folder())) {
    if (file.is_regular_file()) all += ReadFile(file.path());
  }
  REQUIRE(all.size() > body.size());
  for (size_t at = 0; at + 16 <= record.size(); at += 16) {
    CHECK(all.find(record.substr(at, 16)) == std::string::npos);
  }
  for (size_t at = 0; at + 16 <= body.size(); at += 4'096) {
    CHECK(all.find(body.substr(at, 16)) == std::string::npos);
  }
}

TEST_CASE("A key is no field where the server encrypts", "[objects][server_sealed]") {
  AccountServer server(With(StorageMode::kServer));
  Browser browser(&server);
  browser.Register("ada");
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", "bytes").status == 201);
  CHECK(browser.Put(PathOf(1), ObjectFacts("x")).status == 422);
}

TEST_CASE("A body changed on the disk is cut off, never handed out", "[objects][server_sealed]") {
  AccountServer server(With(StorageMode::kServer));
  Browser browser(&server);
  browser.Register("ada");
  REQUIRE(browser.PutBytes(PathOf(1) + "/body", "a few bytes").status == 201);
  REQUIRE(browser.Put(PathOf(1), PlainFacts("r")).status == 201);
  std::string file = ReadFile(FileOf(server, 1));
  SECTION("in the chunk") {
    file.back() = static_cast<char>(file.back() ^ 1);
    WriteFile(FileOf(server, 1), file);
    const Answer answer = browser.Get(PathOf(1) + "/body");
    CHECK(answer.bytes.empty());
    std::string rest(10, '\0');
    CHECK_FALSE(answer.reply.stream->Read(rest).ok());
  }
  SECTION("in the header") {
    file[30] = static_cast<char>(file[30] ^ 1);
    WriteFile(FileOf(server, 1), file);
    CHECK(browser.Get(PathOf(1) + "/body").status == 500);
    CHECK(server.log().size() == 1);
  }
}

TEST_CASE("A file put in another's place does not open", "[objects][server_sealed]") {
  AccountServer server(With(StorageMode::kServer));
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 1; i <= 2; ++i) {
    REQUIRE(browser.PutBytes(PathOf(i) + "/body", StrCat("image ", i)).status == 201);
    REQUIRE(browser.Put(PathOf(i), PlainFacts("r")).status == 201);
  }
  WriteFile(FileOf(server, 1), ReadFile(FileOf(server, 2)));
  CHECK(browser.Get(PathOf(1) + "/body").status == 500);
  CHECK(browser.Get(PathOf(2) + "/body").bytes == "image 2");
}

}  // namespace
}  // namespace insitu
