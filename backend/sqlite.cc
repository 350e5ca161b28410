#include "backend/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>

#include "backend/sql.h"

namespace insitu {
namespace {

constexpr int kBusyMilliseconds = 5'000;
constexpr int kFixedWalReset = 3'051'003;

Failed StorageFault(sqlite3* database, int code) {
  const char* reason = database == nullptr || sqlite3_errcode(database) == SQLITE_OK
                           ? sqlite3_errstr(code)
                           : sqlite3_errmsg(database);
  return Fail(ErrorCode::kInvalidArgument,
              "The database cannot be used (%, code %): see whether its disk is full or failing.",
              reason, code);
}

// Made before SQLite does, because its log and index get the mode that the database file has.
Status MakePrivateFile(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "Cannot make %: see whether its folder may be written.", file.string());
  }
  ::close(made);
  return {};
}

const char* SettingsFor(SqlAccess access) {
  switch (access) {
    case SqlAccess::kWrite:
      return sql::kWriterSettings;
    case SqlAccess::kCopy:
      return sql::kCopySettings;
    case SqlAccess::kRead:
    case SqlAccess::kFrozen:
      return sql::kReaderSettings;
  }
  return "";
}

}  // namespace

Statement::Statement(sqlite3* database, const char* sql) : database_(database) {
  const int code =
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  Keep(code);
  if (statement_ == nullptr) return;
  const int count = sqlite3_bind_parameter_count(statement_);
  places_.resize(static_cast<size_t>(count) + 1, 0);
  for (int place = 1; place <= count; ++place) {
    const char* name = sqlite3_bind_parameter_name(statement_, place);  // "$7"
    const int parameter = name == nullptr ? 0 : std::atoi(name + 1);    // NOLINT: ours, digits
    if (parameter < 1 || parameter > count) std::abort();
    places_[static_cast<size_t>(parameter)] = place;
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

int Statement::Place(int parameter) const {
  if (parameter < 1 || static_cast<size_t>(parameter) >= places_.size()) std::abort();
  return places_[static_cast<size_t>(parameter)];
}

void Statement::Keep(int code) {
  if (code == SQLITE_OK || fault_) return;
  fault_ = StorageFault(database_, code).error().message;
}

Statement& Statement::Bind(int parameter, int64_t value) {
  if (!fault_) Keep(sqlite3_bind_int64(statement_, Place(parameter), value));
  return *this;
}

Statement& Statement::Bind(int parameter, std::string_view text) {
  if (!fault_) {
    Keep(sqlite3_bind_text64(statement_, Place(parameter), text.empty() ? "" : text.data(),
                             text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  return *this;
}

Statement& Statement::Bind(int parameter, const std::optional<int64_t>& value) {
  return value ? Bind(parameter, *value) : BindNull(parameter);
}

Statement& Statement::Bind(int parameter, const std::optional<std::string>& text) {
  return text ? Bind(parameter, std::string_view(*text)) : BindNull(parameter);
}

Statement& Statement::BindBlob(int parameter, std::string_view bytes) {
  if (!fault_) {
    Keep(sqlite3_bind_blob64(statement_, Place(parameter), bytes.empty() ? "" : bytes.data(),
                             bytes.size(), SQLITE_TRANSIENT));
  }
  return *this;
}

Statement& Statement::BindBlob(int parameter, const std::optional<std::string>& bytes) {
  return bytes ? BindBlob(parameter, std::string_view(*bytes)) : BindNull(parameter);
}

Statement& Statement::BindNull(int parameter) {
  if (!fault_) Keep(sqlite3_bind_null(statement_, Place(parameter)));
  return *this;
}

Result<bool> Statement::Step() {
  if (fault_) return Fail(ErrorCode::kInvalidArgument, *fault_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StorageFault(database_, code);
}

Result<int64_t> Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return int64_t{sqlite3_changes64(database_)};
  }
}

Result<bool> Statement::RunToOne() {
  ASSIGN_OR_RETURN(const int64_t changed, Run());
  return changed == 1;
}

Status Statement::RunToStatus() {
  ASSIGN_OR_RETURN([[maybe_unused]] const int64_t changed, Run());
  return {};
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes == nullptr
             ? std::string()
             : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<int64_t> Statement::OptionalInteger(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Integer(column);
}

std::optional<std::string> Statement::OptionalText(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

std::optional<std::string> Statement::OptionalBlob(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Blob(column);
}

void Statement::Reset() {
  sqlite3_reset(statement_);  // tells again what Step() told
  sqlite3_clear_bindings(statement_);
}

Result<std::unique_ptr<SqlConnection>> SqlConnection::Open(const std::filesystem::path& file,
                                                           SqlAccess access, const char* vfs) {
  if (access == SqlAccess::kWrite) RETURN_IF_ERROR(MakePrivateFile(file));
  const int mode = access == SqlAccess::kFrozen ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(
      file.c_str(), &database,
      mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, vfs);
  // It owns the handle even of an open that failed.
  std::unique_ptr<SqlConnection> connection(new SqlConnection(database));
  if (code != SQLITE_OK) return StorageFault(database, code);
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // In the place of SQLite's own hook, which would checkpoint.
  sqlite3_wal_hook(
      database,
      [](void* pages, sqlite3*, const char*, int in_log) {
        *static_cast<int64_t*>(pages) = in_log;
        return SQLITE_OK;
      },
      &connection->log_pages_);
  RETURN_IF_ERROR(connection->RunScript(sql::kSettings));
  RETURN_IF_ERROR(connection->RunScript(SettingsFor(access)));
  return connection;
}

SqlConnection::~SqlConnection() {
  statements_.clear();
  sqlite3_close_v2(database_);
}

Statement& SqlConnection::Prepare(Sql sql) {
  std::unique_ptr<Statement>& statement = statements_[sql.text];
  if (statement == nullptr || statement->broken()) {
    statement = std::make_unique<Statement>(database_, sql.text);
  } else {
    statement->Reset();
  }
  in_use_.push_back(sql.text);
  return *statement;
}

void SqlConnection::ResetStatements() {
  for (const char* text : in_use_) {
    const auto found = statements_.find(text);
    if (found == statements_.end()) continue;
    if (found->second->broken()) {
      statements_.erase(found);
    } else {
      found->second->Reset();
    }
  }
  in_use_.clear();
}

Status SqlConnection::RunScript(const char* script) {
  const int code = sqlite3_exec(database_, script, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return StorageFault(database_, code);
  return {};
}

bool SqlConnection::InTransaction() const { return sqlite3_get_autocommit(database_) == 0; }

Result<int64_t> SqlConnection::Checkpoint(bool truncate) {
  int pages = 0;
  sqlite3_busy_timeout(database_, 0);  // a reader in the way: next time
  const int code = sqlite3_wal_checkpoint_v2(
      database_, nullptr, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &pages,
      nullptr);
  sqlite3_busy_timeout(database_, kBusyMilliseconds);
  if (code != SQLITE_OK && code != SQLITE_BUSY) return StorageFault(database_, code);
  return int64_t{pages};
}

Status SqlConnection::BackUpTo(const std::filesystem::path& file) {
  RETURN_IF_ERROR(MakePrivateFile(file));
  sqlite3* copy = nullptr;
  int code =
      sqlite3_open_v2(file.c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_backup* backup = sqlite3_backup_init(copy, "main", database_, "main");
    if (backup != nullptr) {
      sqlite3_backup_step(backup, -1);
      sqlite3_backup_finish(backup);
    }
    code = sqlite3_errcode(copy);
  }
  if (code == SQLITE_OK) code = sqlite3_exec(copy, sql::kCopySettings, nullptr, nullptr, nullptr);
  Status status;
  if (code != SQLITE_OK) status = StorageFault(copy, code);
  sqlite3_close_v2(copy);
  return status;
}

const char* SqliteVersion() { return sqlite3_libversion(); }

bool SqliteHasWalResetBug() { return sqlite3_libversion_number() < kFixedWalReset; }

}  // namespace insitu
