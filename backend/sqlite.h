// SQLite as one connection and its statements; sqlite.cc is the only file that sees sqlite3.h.
// Threads and transactions are database.h's.
//
// A Status or Result that failed is a fault of the storage (disk full, I/O error): the caller can
// only answer 503. What a person can cause is an outcome, told by a value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace insitu {

// The text of one SQL statement. Only a literal becomes one, so no statement is ever put together
// at run time; all of them are in sql.h.
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}  // NOLINT: implicit
  const char* text;
};

// A prepared statement of its connection, for one thread at a time. Parameters are numbered from 1
// ($1 in the text), columns from 0. Byte strings are std::string.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;  // owns what SQLite compiled
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, std::string_view text);
  Statement& Bind(int parameter, const std::string& text) {
    return Bind(parameter, std::string_view(text));
  }
  Statement& Bind(int parameter, const char* text) {
    return Bind(parameter, std::string_view(text));
  }
  Statement& Bind(int parameter, const std::optional<int64_t>& value);
  Statement& Bind(int parameter, const std::optional<std::string>& text);
  Statement& BindBlob(int parameter, std::string_view bytes);
  Statement& BindBlob(int parameter, const std::string& bytes) {
    return BindBlob(parameter, std::string_view(bytes));
  }
  Statement& BindBlob(int parameter, const std::optional<std::string>& bytes);
  Statement& BindNull(int parameter);

  // True if there is a row to read, false at the end.
  Result<bool> Step();

  // Step() to the end; how many rows were changed.
  Result<int64_t> Run();

  Result<bool> RunToOne();  // the same; whether that was one row, where it can be none or one
  Status RunToStatus();     // the same, where the number says nothing

  // Of the row that Step() came to. NULL reads as 0 or "".
  int64_t Integer(int column) const;
  std::string Text(int column) const;
  std::string Blob(int column) const;
  bool IsNull(int column) const;
  std::optional<int64_t> OptionalInteger(int column) const;
  std::optional<std::string> OptionalText(int column) const;
  std::optional<std::string> OptionalBlob(int column) const;

  // Ends a read under way and forgets what was bound.
  void Reset();

  // It could not be prepared or bound: of no more use.
  bool broken() const { return fault_.has_value(); }

 private:
  int Place(int parameter) const;  // of $parameter in the statement; aborts if it has none
  void Keep(int code);             // the first fault, which Step() tells

  sqlite3* const database_;
  sqlite3_stmt* statement_ = nullptr;
  std::vector<int> places_;
  std::optional<std::string> fault_;
};

enum class SqlAccess {
  kWrite,   // makes a missing file (mode 0600); one at a time for a file, see database.h
  kRead,    // beside the writer
  kCopy,    // a backup, which has no log beside it, to be written
  kFrozen,  // a backup, only to be read: nothing is written, locks included
};

// One connection, for one thread at a time.
class SqlConnection {
 public:
  // Opens a file with the settings that every connection of ours has. `vfs` names SQLite's layer
  // below it; null: the default one.
  static Result<std::unique_ptr<SqlConnection>> Open(const std::filesystem::path& file,
                                                     SqlAccess access, const char* vfs = nullptr);
  ~SqlConnection();
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;

  // The statement of that text, reset; prepared the first time. What fails shows at its Step().
  Statement& Prepare(Sql sql);

  // Ends every read that a Prepare() since the last call has begun.
  void ResetStatements();

  // Runs a text of several statements that give no rows; stops at the first that fails.
  Status RunScript(const char* script);

  bool InTransaction() const;

  // Of the log, after this connection's last commit.
  int64_t log_pages() const { return log_pages_; }

  // Copies the log's pages into the file, as far as readers let it; `truncate` also empties the
  // log, if no reader is in the way. Returns how many pages are in the log after it.
  Result<int64_t> Checkpoint(bool truncate);

  // Copies the whole database, as one transaction sees it (the one under way, if there is one),
  // into a new file (mode 0600) that has no log beside it. Writers may go on meanwhile.
  Status BackUpTo(const std::filesystem::path& file);

 private:
  explicit SqlConnection(sqlite3* database) : database_(database) {}

  sqlite3* const database_;
  int64_t log_pages_ = 0;
  std::unordered_map<const char*, std::unique_ptr<Statement>> statements_;
  std::vector<const char*> in_use_;
};

// "3.40.1"; and whether this release can lose what two connections write to the log at the same
// time, which is why there is one writer only.
const char* SqliteVersion();
bool SqliteHasWalResetBug();

}  // namespace insitu
