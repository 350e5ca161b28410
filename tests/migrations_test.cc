#include "backend/migrations.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "backend/sql.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr Migration kFirst{"notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;"};
constexpr Migration kSecond{"their text",
                            "ALTER TABLE notes ADD COLUMN text TEXT NOT NULL DEFAULT '';"
                            "INSERT INTO notes (id, text) VALUES (1, 'made by the second');"};
constexpr Migration kOtherSecond{"their text", "ALTER TABLE notes ADD COLUMN text TEXT;"};
constexpr Migration kHalfGood{"half good",
                              "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;"
                              "CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;"};

constexpr Sql kCountTables =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1";
constexpr Sql kTamper = "UPDATE schema_migrations SET sha256 = 'another' WHERE version = $1";
constexpr Sql kTakeOut = "DELETE FROM schema_migrations WHERE version = $1";
constexpr Sql kNote = "SELECT text FROM notes";

class Schema {
 public:
  Schema() { Reopen(); }

  void Reopen() {
    connection_.reset();
    auto opened = SqlConnection::Open(folder_ / "a.db", SqlAccess::kWrite);
    REQUIRE(opened.ok());
    connection_ = TakeValue(&opened);
  }
  // What it says if it refuses, else "".
  std::string Migrate(const std::vector<Migration>& migrations) {
    const Status status = insitu::Migrate(&connection(), migrations, backups(), kMadeTime);
    return status.ok() ? "" : status.error().message;
  }
  int64_t Version(const std::vector<Migration>& migrations) {
    const auto version = SchemaVersion(&connection(), migrations);
    REQUIRE(version.ok());
    return version.value();
  }
  bool HasTable(std::string_view name) {
    Statement& count = connection().Prepare(kCountTables).Bind(1, name);
    REQUIRE(count.Step().ok());
    const bool has = count.Integer(0) == 1;
    connection().ResetStatements();
    return has;
  }
  void Change(Sql sql, int64_t version) {
    REQUIRE(connection().Prepare(sql).Bind(1, version).Run().ok());
  }

  SqlConnection& connection() { return *connection_; }
  std::filesystem::path backups() const { return folder_ / "backups"; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<SqlConnection> connection_;
};

TEST_CASE("An empty database gets every version, and no copy", "[migrations]") {
  Schema schema;
  CHECK(schema.Version({kFirst, kSecond}) == 0);
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  CHECK(schema.Version({kFirst, kSecond}) == 2);
  CHECK_FALSE(std::filesystem::exists(schema.backups()));
}

TEST_CASE("Migrating again changes nothing", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  schema.Reopen();
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  CHECK(schema.Version({kFirst, kSecond}) == 2);
}

TEST_CASE("A newer program brings an older database up, after a copy of it", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst}).empty());
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  CHECK(schema.Version({kFirst, kSecond}) == 2);
  Statement& note = schema.connection().Prepare(kNote);
  REQUIRE(note.Step().ok());
  CHECK(note.Text(0) == "made by the second");

  auto copy = SqlConnection::Open(schema.backups() / "before-2.db", SqlAccess::kFrozen);
  REQUIRE(copy.ok());
  const auto version = SchemaVersion(copy.value().get(), std::vector{kFirst, kSecond});
  REQUIRE(version.ok());
  CHECK(version.value() == 1);
}

TEST_CASE("A schema newer than the program is refused", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  CHECK_THAT(schema.Migrate({kFirst}), ContainsSubstring("newer"));
  CHECK(schema.Version({kFirst, kSecond}) == 2);
}

TEST_CASE("A history with another checksum is refused and left as it is", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  SECTION("because the program's differs") {
    CHECK_THAT(schema.Migrate({kFirst, kOtherSecond}), ContainsSubstring("Version 2"));
  }
  SECTION("because the database's was changed") {
    schema.Change(kTamper, 1);
    CHECK_THAT(schema.Migrate({kFirst, kSecond, kHalfGood}), ContainsSubstring("Version 1"));
  }
  SECTION("because one was taken out") {
    schema.Change(kTakeOut, 1);
    CHECK_THAT(schema.Migrate({kFirst, kSecond, kHalfGood}), ContainsSubstring("Version 1"));
  }
  CHECK_FALSE(schema.HasTable("more"));
}

TEST_CASE("A step that fails half way leaves the version before it", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst}).empty());
  CHECK_THAT(schema.Migrate({kFirst, kHalfGood}), ContainsSubstring("already exists"));
  CHECK_FALSE(schema.HasTable("more"));
  CHECK(schema.Version({kFirst}) == 1);
  CHECK_FALSE(schema.connection().InTransaction());
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
}

TEST_CASE("A first step that fails leaves an empty database", "[migrations]") {
  Schema schema;
  CHECK_THAT(schema.Migrate({Migration{"no", "CREATE NONSENSE;"}}), ContainsSubstring("syntax"));
  CHECK_FALSE(schema.HasTable("schema_migrations"));
  CHECK(schema.Migrate({kFirst}).empty());
}

TEST_CASE("The copy of an attempt that was cut off is made again", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst}).empty());
  std::filesystem::create_directory(schema.backups());
  WriteFile(schema.backups() / "before-2.unfinished", "half of a copy");
  CHECK(schema.Migrate({kFirst, kSecond}).empty());
  CHECK_FALSE(std::filesystem::exists(schema.backups() / "before-2.unfinished"));
  CHECK(std::filesystem::exists(schema.backups() / "before-2.db"));
}

TEST_CASE("Without a copy there is no migration", "[migrations]") {
  Schema schema;
  CHECK(schema.Migrate({kFirst}).empty());
  WriteFile(schema.backups(), "not a folder");
  CHECK_THAT(schema.Migrate({kFirst, kSecond}), ContainsSubstring("backups"));
  CHECK(schema.Version({kFirst, kSecond}) == 1);
}

TEST_CASE("The program's own migrations make a schema that keeps its own rules", "[migrations]") {
  const MadeData data;
  auto frozen = SqlConnection::Open(DatabaseFile(data.folder()), SqlAccess::kRead);
  REQUIRE(frozen.ok());
  const auto version = SchemaVersion(frozen.value().get(), Migrations());
  REQUIRE(version.ok());
  CHECK(version.value() == static_cast<int64_t>(Migrations().size()));
}

// A checksum that changes here is a migration that was changed after it was released: take the
// change back and add another migration.
TEST_CASE("Released migrations are what they were", "[migrations]") {
  const MadeData data;
  auto opened = SqlConnection::Open(DatabaseFile(data.folder()), SqlAccess::kRead);
  REQUIRE(opened.ok());
  Statement& list = opened.value()->Prepare(sql::kListMigrations);
  std::vector<std::string> checksums;
  while (true) {
    const auto row = list.Step();
    REQUIRE(row.ok());
    if (!row.value()) break;
    checksums.push_back(list.Text(2).substr(0, 16));
  }
  CHECK(checksums == std::vector<std::string>{"3bfea17830aaeeca"});
}

}  // namespace
}  // namespace insitu
