#include "backend/migrations.h"

#include <array>
#include <string>
#include <string_view>

#include "backend/folders.h"
#include "backend/sql.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::array kMigrations = {
    Migration{"accounts, sessions, objects, audit", sql::kSchema1},
};

std::string Checksum(const Migration& migration) {
  const std::string_view script = migration.script;
  return HexDigits(Sha256({reinterpret_cast<const uint8_t*>(script.data()), script.size()}));
}

Failed OtherHistory(int64_t version) {
  return Fail(ErrorCode::kInvalidArgument, "Version ", version,
              " of the database's schema is not the one that this program knows, so its data may "
              "not be what it seems: restore a backup, or use the program that made it.");
}

// A copy is there whole or not at all.
Status BackUpBefore(SqlConnection* connection, const std::filesystem::path& backups,
                    int64_t version) {
  RETURN_IF_ERROR(MakePrivateFolder(backups));
  const std::filesystem::path file = backups / StrCat("before-", version, ".db");
  const std::filesystem::path unfinished = backups / StrCat("before-", version, ".unfinished");
  RETURN_IF_ERROR(RemoveFile(unfinished));
  RETURN_IF_ERROR(connection->BackUpTo(unfinished));
  return MoveFile(unfinished, file);
}

Status Apply(SqlConnection* connection, const Migration& migration, int64_t version, int64_t now) {
  if (version == 1) RETURN_IF_ERROR(connection->RunScript(sql::kMakeMigrations));
  RETURN_IF_ERROR(connection->RunScript(migration.script));
  return connection->Prepare(sql::kAddMigration)
      .Bind(1, version)
      .Bind(2, migration.name)
      .Bind(3, Checksum(migration))
      .Bind(4, now)
      .RunToStatus();
}

Status ApplyWhole(SqlConnection* connection, const Migration& migration, int64_t version,
                  int64_t now) {
  RETURN_IF_ERROR(connection->RunScript(sql::kBeginWrite));
  Status status = Apply(connection, migration, version, now);
  connection->ResetStatements();
  if (status.ok()) status = connection->RunScript(sql::kCommit);
  if (status.ok()) return {};
  const Error error = status.error();
  if (connection->InTransaction()) (void)connection->RunScript(sql::kRollback);
  return error;
}

}  // namespace

std::span<const Migration> Migrations() { return kMigrations; }

Result<int64_t> SchemaVersion(SqlConnection* connection, std::span<const Migration> migrations) {
  Statement& has = connection->Prepare(sql::kHasMigrations);
  ASSIGN_OR_RETURN(const bool row, has.Step());
  const bool empty = !row || has.Integer(0) == 0;
  connection->ResetStatements();
  if (empty) return int64_t{0};

  Statement& list = connection->Prepare(sql::kListMigrations);
  int64_t version = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, list.Step());
    if (!more) break;
    ++version;
    if (list.Integer(0) != version) return OtherHistory(version);
    if (static_cast<size_t>(version) > migrations.size()) {
      return Fail(ErrorCode::kInvalidArgument, "The database's schema is newer (version ", version,
                  ") than this program (version ", migrations.size(),
                  "): use a newer program, or restore a backup made by this one.");
    }
    if (list.Text(2) != Checksum(migrations[static_cast<size_t>(version) - 1])) {
      return OtherHistory(version);
    }
  }
  connection->ResetStatements();
  return version;
}

Status Migrate(SqlConnection* connection, std::span<const Migration> migrations,
               const std::filesystem::path& backups, int64_t now) {
  ASSIGN_OR_RETURN(const int64_t from, SchemaVersion(connection, migrations));
  for (int64_t version = from + 1; static_cast<size_t>(version) <= migrations.size(); ++version) {
    if (from > 0) RETURN_IF_ERROR(BackUpBefore(connection, backups, version));
    RETURN_IF_ERROR(
        ApplyWhole(connection, migrations[static_cast<size_t>(version) - 1], version, now));
  }
  return {};
}

}  // namespace insitu
