#include "backend/backup.h"

#include <atomic>
#include <catch_amalgamated.hpp>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "backend/audit.h"
#include "backend/manifest.h"
#include "backend/object_files.h"
#include "backend/store_sessions.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

constexpr Sql kChangeAudit = "UPDATE audit SET outcome = 'denied' WHERE seq = $1";
constexpr Sql kDropObject = "DELETE FROM objects WHERE id = $1";

// Two users, a session, an audit row, two ready objects, one pending, one being deleted.
struct Kept : MadeData {
  Kept() {
    AddUser(1, "ada");
    AddUser(2, "bob");
    auto opened = ObjectFiles::Open(&database());
    REQUIRE(opened.ok());
    files = TakeValue(&opened);
    for (int number = 1; number <= 4; ++number) Keep(number, 1 + number % 2);
    Write<bool>(
        [](Transaction& t) { return MarkObjectDeleting(t, MadeId(1), MadeId(4), kMadeTime); });
    Do([](Transaction& t) -> Status {
      ASSIGN_OR_RETURN(const bool started, StartSession(t, MadeSession("a", 1), 1, 20));
      CHECK(started);
      return AppendAudit(t,
                         {.actor = MadeId(1),
                          .address = "",
                          .event = "sign_in",
                          .target = "",
                          .outcome = "ok",
                          .detail = ""},
                         kMadeTime);
    });
  }
  void Keep(int number, int user) {
    const std::string body = "body " + std::to_string(number);
    bool given = false;
    const auto put =
        files->Put(MadeObject(number, user, body), [&](std::span<char> into) -> Result<size_t> {
          if (given) return size_t{0};
          given = true;
          std::copy(body.begin(), body.end(), into.begin());
          return body.size();
        });
    REQUIRE(put.ok());
    if (number == 3) return;  // stays pending
    Write<RecordOutcome>([&](Transaction& t) {
      return PutRecord(t, MadeId(user), MadeId(number), "key", std::nullopt, "record", 1, now);
    });
  }
  // What it says if it fails, else "".
  std::string BackUp() {
    const auto report = insitu::BackUp(folder(), backup(), kMadeTime);
    return report.ok() ? "" : report.error().message;
  }
  std::string Verify() const {
    const auto report = VerifyBackup(backup());
    return report.ok() ? "" : report.error().message;
  }
  std::string Restore() const {
    const auto report = insitu::Restore(backup(), restored(), kMadeTime);
    return report.ok() ? "" : report.error().message;
  }
  fs::path backup() const { return elsewhere / "backup"; }
  fs::path restored() const { return elsewhere / "restored"; }

  std::unique_ptr<ObjectFiles> files;
  TemporaryFolder elsewhere;
};

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A body: its last byte but one is another.
void Damage(const fs::path& path) {
  std::string bytes = ReadFile(path);
  bytes[bytes.size() - 2] = static_cast<char>(bytes[bytes.size() - 2] ^ 1);
  WriteFile(path, bytes);
}

TEST_CASE("A backup has the database and the bodies it names, and verifies", "[backup]") {
  Kept data;
  const auto report = BackUp(data.folder(), data.backup(), kMadeTime);
  REQUIRE(report.ok());
  CHECK(report.value().schema_version == 1);
  CHECK(report.value().made_at == kMadeTime);
  CHECK(report.value().users == 2);
  CHECK(report.value().objects == 2);
  CHECK(report.value().audit_head.size() == 64);
  CHECK(FilesBelow(data.backup()) == std::vector<std::string>{"insitu.db", "manifest.json",
                                                              "objects/01/" + MadeId(1),
                                                              "objects/02/" + MadeId(2)});
  const auto verified = VerifyBackup(data.backup());
  REQUIRE(verified.ok());
  CHECK(verified.value().bytes == report.value().bytes);
  CHECK(verified.value().audit_head == report.value().audit_head);
}

TEST_CASE("Verifying changes nothing, not even beside the files", "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  const auto before = FilesBelow(data.backup());
  const std::string database = ReadFile(data.backup() / "insitu.db");
  for (const auto& entry : fs::recursive_directory_iterator(data.backup())) {
    fs::permissions(entry.path(), entry.is_directory() ? fs::perms(0500) : fs::perms(0400));
  }
  CHECK(data.Verify().empty());
  CHECK(FilesBelow(data.backup()) == before);
  CHECK(ReadFile(data.backup() / "insitu.db") == database);
  for (const auto& entry : fs::recursive_directory_iterator(data.backup())) {
    if (entry.is_directory()) fs::permissions(entry.path(), fs::perms(0700));
  }
}

TEST_CASE("A restored data folder has all that was kept, and nobody signed in", "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  REQUIRE(data.Restore().empty());
  CHECK_FALSE(fs::exists(data.restored().string() + ".unfinished"));
  auto database = Database::Open(data.restored());
  REQUIRE(database.ok());
  auto files = ObjectFiles::Open(database.value().get());
  REQUIRE(files.ok());
  const auto found = database.value()->ReadFor<std::optional<Object>>(
      [](Transaction& t) { return FindObject(t, MadeId(1), MadeId(2)); });
  REQUIRE(found.ok());
  REQUIRE(found.value());
  CHECK(found.value()->record == "record");
  auto body = files.value()->Open(*found.value());
  REQUIRE(body.ok());
  std::string text(100, '\0');
  const auto count = body.value()->Read(text);
  CHECK(text.substr(0, count.value()) == "body 2");

  const auto sessions =
      database.value()->ReadFor<int64_t>([](Transaction& t) { return CountSessions(t); });
  CHECK(sessions.value() == 0);
  const auto ada = database.value()->ReadFor<std::optional<User>>(
      [](Transaction& t) { return FindUser(t, MadeId(1)); });
  CHECK(ada.value()->used_bytes == 12);  // a body and a record; the others were not ready
  const auto audit =
      database.value()->ReadFor<AuditVerdict>([](Transaction& t) { return VerifyAudit(t); });
  CHECK_FALSE(audit.value().broken_at);
  CHECK(audit.value().head.rows == 2);
  CHECK(files.value()->Sweep().value() == 0);
}

TEST_CASE("A backup does not go into a folder with something in it, nor a restore", "[backup]") {
  Kept data;
  fs::create_directory(data.backup());
  WriteFile(data.backup() / "something", "there");
  CHECK_THAT(data.BackUp(), ContainsSubstring("not an empty folder"));
  fs::remove(data.backup() / "something");
  CHECK(data.BackUp().empty());
  CHECK_THAT(data.BackUp(), ContainsSubstring("not an empty folder"));

  fs::create_directory(data.restored());
  WriteFile(data.restored() / "something", "there");
  CHECK_THAT(data.Restore(), ContainsSubstring("not an empty folder"));
  fs::remove(data.restored() / "something");
  CHECK(data.Restore().empty());
  CHECK_THAT(data.Restore(), ContainsSubstring("not an empty folder"));
}

TEST_CASE("There is no backup of a folder without a database", "[backup]") {
  const TemporaryFolder folder;
  CHECK_FALSE(BackUp(folder / "none", folder / "backup", kMadeTime).ok());
  CHECK_FALSE(fs::exists(folder / "none" / "insitu.db"));
}

TEST_CASE("A damaged backup is refused, and nothing of it restored", "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  const fs::path body = data.backup() / "objects" / "01" / MadeId(1);
  std::string said;
  SECTION("a body") {
    Damage(body);
    said = "not what the manifest says";
  }
  SECTION("the database") {
    Damage(data.backup() / "insitu.db");
    said = "not what the manifest says";
  }
  SECTION("a body that is missing") {
    fs::remove(body);
    said = "Cannot open";
  }
  SECTION("a link in the place of a body") {
    fs::rename(body, data.elsewhere / "body");
    fs::create_symlink(data.elsewhere / "body", body);
    said = "Cannot open";
  }
  SECTION("a file that nobody knows") {
    WriteFile(data.backup() / "objects" / "more", "?");
    said = "not in the backup's manifest";
  }
  SECTION("no manifest") {
    fs::remove(data.backup() / "manifest.json");
    said = "not a manifest";
  }
  SECTION("half a manifest") {
    const std::string text = ReadFile(data.backup() / "manifest.json");
    WriteFile(data.backup() / "manifest.json", text.substr(0, text.size() / 2));
    said = "not a manifest";
  }
  CHECK_THAT(data.Verify(), ContainsSubstring(said));
  CHECK_THAT(data.Restore(), ContainsSubstring(said));
  CHECK_FALSE(fs::exists(data.restored()));
}

TEST_CASE("A manifest cannot name a file elsewhere", "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  auto manifest = ReadManifest(data.backup());
  REQUIRE(manifest.ok());
  const ManifestFile file = manifest.value().files["insitu.db"];
  for (const std::string& path : std::vector<std::string>{
           "../insitu.db", "/etc/passwd", "objects/../../x", "objects/02/" + MadeId(1),
           "objects/01/" + MadeId(1) + "/x", "manifest.json"}) {
    CAPTURE(path);
    Manifest changed = manifest.value();
    changed.files[path] = file;
    REQUIRE(WriteManifest(data.backup(), changed).ok());
    CHECK_THAT(data.Verify(), ContainsSubstring("not a manifest"));
  }
}

// Somebody who can write a manifest that fits still cannot make a backup verify that is not whole.
TEST_CASE("A backup whose database was changed is refused, with a manifest that fits too",
          "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  auto manifest = ReadManifest(data.backup());
  REQUIRE(manifest.ok());
  std::string said;
  {
    auto copy = SqlConnection::Open(data.backup() / "insitu.db", SqlAccess::kCopy);
    REQUIRE(copy.ok());
    SECTION("an audit row") {
      REQUIRE(copy.value()->Prepare(kChangeAudit).Bind(1, int64_t{1}).RunToStatus().ok());
      said = "audit log of the backup was changed at row 1";
    }
    SECTION("an object taken out") {
      REQUIRE(copy.value()->Prepare(kDropObject).Bind(1, MadeId(1)).RunToStatus().ok());
      said = "does not name";
    }
  }
  const auto file = CopyAndHash(data.backup() / "insitu.db", "");
  manifest.value().files["insitu.db"] = file.value();
  REQUIRE(WriteManifest(data.backup(), manifest.value()).ok());
  CHECK_THAT(data.Verify(), ContainsSubstring(said));
}

TEST_CASE("A body that is not what was kept stops the backup", "[backup]") {
  Kept data;
  Damage(*data.files->PathOf(MadeId(1)));
  CHECK_THAT(data.BackUp(), ContainsSubstring("not the body that was kept"));
  CHECK_THAT(data.Verify(), ContainsSubstring("not a manifest"));
}

TEST_CASE("A body that is missing though its object is kept stops the backup", "[backup]") {
  Kept data;
  fs::remove(*data.files->PathOf(MadeId(1)));
  CHECK_THAT(data.BackUp(), ContainsSubstring("Cannot open"));
}

TEST_CASE("A restore that was cut off is begun again", "[backup]") {
  Kept data;
  REQUIRE(data.BackUp().empty());
  fs::create_directory(data.restored().string() + ".unfinished");
  WriteFile(data.restored().string() + ".unfinished/left", "half");
  CHECK(data.Restore().empty());
  CHECK_FALSE(fs::exists(data.restored() / "left"));
}

TEST_CASE("Backups made while people write, keep and delete are all whole", "[backup]") {
  Kept data;
  std::atomic<bool> stop = false;
  std::thread people([&] {
    for (int number = 100; !stop; ++number) {
      const int user = 1 + number % 2;
      const std::string body(64, 'b');
      bool given = false;
      (void)data.files->Put(MadeObject(number, user, body),
                            [&](std::span<char> into) -> Result<size_t> {
                              if (given) return size_t{0};
                              given = true;
                              std::copy(body.begin(), body.end(), into.begin());
                              return body.size();
                            });
      (void)data.database().Write([&](Transaction& t) -> Status {
        const auto put =
            PutRecord(t, MadeId(user), MadeId(number), "key", std::nullopt, "record", 1, kMadeTime);
        return put.ok() ? Status() : put.failure();
      });
      if (number >= 105) (void)data.files->Delete(MadeId(1 + (number - 5) % 2), MadeId(number - 5));
    }
  });
  for (int i = 0; i < 5; ++i) {
    CHECK(data.BackUp() == "");
    CHECK(data.Verify() == "");
    CHECK(data.Restore() == "");
    fs::remove_all(data.backup());
    fs::remove_all(data.restored());
  }
  stop = true;
  people.join();
}

}  // namespace
}  // namespace insitu
