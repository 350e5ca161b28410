#include "backend/backup.h"

#include <set>
#include <utility>
#include <vector>

#include "backend/audit.h"
#include "backend/database.h"
#include "backend/encoding.h"
#include "backend/folders.h"
#include "backend/manifest.h"
#include "backend/migrations.h"
#include "backend/sql.h"
#include "backend/store_accounts.h"
#include "backend/store_objects.h"
#include "backend/store_sessions.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

constexpr char kDatabaseName[] = "insitu.db";

struct Body {
  std::string id;
  std::string user_id;
  int64_t bytes = 0;
  std::string sha256;  // hexadecimal

  std::string path() const { return StrCat("objects/", id.substr(id.size() - 2), "/", id); }
};

Status RefuseNonEmpty(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "% is not an empty folder: name one that is, or a new one.", folder.string());
}

// The ready objects of a database.
Result<std::vector<Body>> ListBodies(SqlConnection* database) {
  Statement& list = database->Prepare(sql::kListBodies);
  std::vector<Body> bodies;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    bodies.push_back({.id = list.Text(0),
                      .user_id = list.Text(1),
                      .bytes = list.Integer(2),
                      .sha256 = ToHex(list.Blob(3))});
  }
  database->ResetStatements();
  return bodies;
}

// One job on a connection that nobody else has.
Status Alone(SqlConnection* connection, const Database::Job& job) {
  RETURN_IF_ERROR(connection->RunScript(sql::kBeginWrite));
  Transaction transaction(connection);
  const Status done = job(transaction);
  if (!done.ok()) return done;  // the connection goes, and what it wrote with it
  connection->ResetStatements();
  return connection->RunScript(sql::kCommit);
}

// True if the object is still there, so that a body that is not is a fault.
Result<bool> IsStillKept(SqlConnection* live, const Body& body) {
  Transaction transaction(live);
  ASSIGN_OR_RETURN(const std::optional<Object> object,
                   FindObject(transaction, body.user_id, body.id));
  live->ResetStatements();
  return object.has_value();
}

// Copies one body; false if it was deleted meanwhile.
Result<bool> CopyBody(const fs::path& data, const fs::path& target, const Body& body,
                      SqlConnection* live, Manifest* manifest) {
  const fs::path from = data / body.path();
  const fs::path to = target / body.path();
  RETURN_IF_ERROR(MakePrivateFolder(to.parent_path()));
  const Result<ManifestFile> copied = CopyAndHash(from, to);
  if (!copied.ok()) {
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the next failure takes its place
    const Error fault = copied.error();
    ASSIGN_OR_RETURN(const bool kept, IsStillKept(live, body));
    if (kept) return fault;
    return false;
  }
  if (copied.value().bytes != body.bytes || copied.value().sha256 != body.sha256) {
    return Fail(ErrorCode::kInvalidArgument,
                "% is not the body that was kept: its disk may be failing. Take it from an older "
                "backup, or delete the object.",
                from.string());
  }
  manifest->files[body.path()] = copied.value();
  return true;
}

// Takes out of the copy what has no body in the backup.
Status LeaveOut(SqlConnection* copy, const std::vector<Body>& deleted) {
  return Alone(copy, [&](Transaction& transaction) -> Status {
    for (const Body& body : deleted) {
      ASSIGN_OR_RETURN([[maybe_unused]] const bool marked,
                       MarkObjectDeleting(transaction, body.user_id, body.id, 0));
    }
    while (true) {
      ASSIGN_OR_RETURN(const int64_t pending, MarkStaleObjectsDeleting(transaction, INT64_MAX, 0));
      if (pending == 0) break;
    }
    return transaction.Prepare(sql::kForgetDeletedObjects).RunToStatus();
  });
}

Result<std::string> TextOf(SqlConnection* connection, Sql sql) {
  Statement& ask = connection->Prepare(sql);
  ASSIGN_OR_RETURN(const bool row, ask.Step());
  std::string text = row ? ask.Text(0) : "";
  connection->ResetStatements();
  return text;
}

// What a copied database says of itself, if it is whole.
Result<BackupReport> ReportOf(SqlConnection* frozen) {
  ASSIGN_OR_RETURN(const std::string integrity, TextOf(frozen, sql::kIntegrityCheck));
  if (integrity != "ok") {
    return Fail(ErrorCode::kInvalidArgument,
                "The backup's database is damaged (%): use another backup.", integrity);
  }
  Statement& references = frozen->Prepare(sql::kForeignKeyCheck);
  ASSIGN_OR_RETURN(const bool broken, references.Step());
  if (broken) {
    return Fail(ErrorCode::kInvalidArgument,
                "In the backup's database a row of % refers to nothing: use another backup.",
                references.Text(0));
  }
  frozen->ResetStatements();
  BackupReport report;
  ASSIGN_OR_RETURN(report.schema_version, SchemaVersion(frozen, Migrations()));
  Transaction transaction(frozen);
  ASSIGN_OR_RETURN(const AuditVerdict audit, VerifyAudit(transaction));
  if (audit.broken_at) {
    return Fail(ErrorCode::kInvalidArgument, "The audit log of the backup was changed at row %.",
                *audit.broken_at);
  }
  report.audit_head = ToHex(audit.head.hash);
  ASSIGN_OR_RETURN(report.users, CountUsers(transaction));
  frozen->ResetStatements();
  return report;
}

Result<BackupReport> Describe(const fs::path& backup, const Manifest& manifest) {
  ASSIGN_OR_RETURN(const auto frozen,
                   SqlConnection::Open(backup / kDatabaseName, SqlAccess::kFrozen));
  ASSIGN_OR_RETURN(BackupReport report, ReportOf(frozen.get()));
  ASSIGN_OR_RETURN(const std::vector<Body> bodies, ListBodies(frozen.get()));
  for (const Body& body : bodies) {
    const auto listed = manifest.files.find(body.path());
    if (listed == manifest.files.end() || listed->second.sha256 != body.sha256 ||
        listed->second.bytes != body.bytes) {
      return Fail(ErrorCode::kInvalidArgument,
                  "The backup lacks the body of object %: use another backup.", body.id);
    }
  }
  if (bodies.size() + 1 != manifest.files.size()) {
    return Fail(ErrorCode::kInvalidArgument,
                "The backup has bodies that its database does not name: use another backup.");
  }
  report.made_at = manifest.made_at;
  report.objects = static_cast<int64_t>(bodies.size());
  for (const auto& [path, file] : manifest.files) report.bytes += file.bytes;
  return report;
}

Status CheckFiles(const fs::path& backup, const Manifest& manifest) {
  for (const auto& [path, listed] : manifest.files) {
    ASSIGN_OR_RETURN(const ManifestFile file, CopyAndHash(backup / path, ""));
    if (file.bytes != listed.bytes || file.sha256 != listed.sha256) {
      return Fail(ErrorCode::kInvalidArgument,
                  "% is not what the manifest says: use another backup.", (backup / path).string());
    }
  }
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(backup, error)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    const std::string path = fs::relative(entry.path(), backup).string();
    if (path != "manifest.json" && !manifest.files.contains(path)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "% is not in the backup's manifest: take it away if you know what it is.",
                  entry.path().string());
    }
  }
  if (error) {
    return Fail(ErrorCode::kInvalidArgument, "Cannot list %: %", backup.string(), error.message());
  }
  return {};
}

Status SyncFolders(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_directory()) RETURN_IF_ERROR(SyncFolder(entry.path()));
  }
  return SyncFolder(folder);
}

}  // namespace

Result<BackupReport> BackUp(const fs::path& data, const fs::path& target, int64_t now) {
  RETURN_IF_ERROR(RefuseNonEmpty(target));
  // Reads beside a running server, which alone writes.
  ASSIGN_OR_RETURN(const auto live, SqlConnection::Open(DatabaseFile(data), SqlAccess::kRead));
  Manifest manifest;
  manifest.made_at = now;
  ASSIGN_OR_RETURN(manifest.schema_version, SchemaVersion(live.get(), Migrations()));
  RETURN_IF_ERROR(MakePrivateFolder(target));
  RETURN_IF_ERROR(live->BackUpTo(target / kDatabaseName));
  {
    ASSIGN_OR_RETURN(const auto copy,
                     SqlConnection::Open(target / kDatabaseName, SqlAccess::kCopy));
    ASSIGN_OR_RETURN(const std::vector<Body> bodies, ListBodies(copy.get()));
    std::vector<Body> deleted;
    for (const Body& body : bodies) {
      ASSIGN_OR_RETURN(const bool copied, CopyBody(data, target, body, live.get(), &manifest));
      if (!copied) deleted.push_back(body);
    }
    RETURN_IF_ERROR(LeaveOut(copy.get(), deleted));
    Transaction transaction(copy.get());
    ASSIGN_OR_RETURN(const AuditHead head, FindAuditHead(transaction));
    copy->ResetStatements();
    manifest.audit_head = ToHex(head.hash);
  }
  ASSIGN_OR_RETURN(manifest.files[kDatabaseName], CopyAndHash(target / kDatabaseName, ""));
  RETURN_IF_ERROR(SyncFolders(target));
  ASSIGN_OR_RETURN(BackupReport report, Describe(target, manifest));
  RETURN_IF_ERROR(WriteManifest(target, manifest));
  return report;
}

Result<BackupReport> VerifyBackup(const fs::path& backup) {
  ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(backup));
  RETURN_IF_ERROR(CheckFiles(backup, manifest));
  ASSIGN_OR_RETURN(BackupReport report, Describe(backup, manifest));
  if (report.schema_version != manifest.schema_version ||
      report.audit_head != manifest.audit_head) {
    return Fail(ErrorCode::kInvalidArgument,
                "The backup's manifest and its database are not of one backup: use another.");
  }
  return report;
}

Result<BackupReport> Restore(const fs::path& backup, const fs::path& data, int64_t now) {
  RETURN_IF_ERROR(RefuseNonEmpty(data));
  ASSIGN_OR_RETURN(BackupReport report, VerifyBackup(backup));
  ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(backup));
  const fs::path absolute = fs::absolute(data).lexically_normal();
  const fs::path place = absolute.has_filename() ? absolute : absolute.parent_path();
  const fs::path unfinished = place.string() + ".unfinished";
  std::error_code error;
  fs::remove_all(unfinished, error);  // of an attempt that was cut off
  RETURN_IF_ERROR(MakePrivateFolder(unfinished));
  for (const auto& [path, listed] : manifest.files) {
    RETURN_IF_ERROR(MakePrivateFolder((unfinished / path).parent_path()));
    ASSIGN_OR_RETURN(const ManifestFile file, CopyAndHash(backup / path, unfinished / path));
    if (file.sha256 != listed.sha256) {
      return Fail(ErrorCode::kInvalidArgument, "The backup changed while it was restored.");
    }
  }
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(unfinished));
    RETURN_IF_ERROR(database->Write([&](Transaction& transaction) -> Status {
      ASSIGN_OR_RETURN(const int64_t ended, EndAllSessions(transaction));
      RETURN_IF_ERROR(transaction.Prepare(sql::kEndAllChallenges).RunToStatus());
      return AppendAudit(transaction,
                         {.actor = "admin",
                          .address = "",
                          .event = "restored",
                          .target = "",
                          .outcome = "ok",
                          .detail = StrCat("{\"sessions_ended\":", ended, "}")},
                         now);
    }));
  }
  RETURN_IF_ERROR(SyncFolders(unfinished));
  RETURN_IF_ERROR(MoveFile(unfinished, place));
  return report;
}

}  // namespace insitu
