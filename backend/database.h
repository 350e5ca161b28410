// The data folder: insitu.db, its lock, and who may read and write it when.
//
// One process holds a data folder, and in it one thread writes, on one connection, which alone
// checkpoints: SQLite 3.7.0 to 3.51.2 can lose what two connections write to its log at the same
// time. Any number of threads read beside it, each seeing whole transactions only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "backend/sqlite.h"
#include "shared/result.h"

namespace insitu {

// Unix time in milliseconds. Handed in wherever time matters, so that tests can move it.
using Clock = std::function<int64_t()>;
int64_t SystemTime();

// What a job of Read() or Write() works with, for as long as the job runs.
class Transaction {
 public:
  explicit Transaction(SqlConnection* connection) : connection_(connection) {}
  Transaction(const Transaction&) = delete;  // the connection is the database's
  Transaction& operator=(const Transaction&) = delete;

  // A statement of sql.h. Valid until the job ends; preparing the same text again in the same job
  // starts it over.
  Statement& Prepare(Sql sql) { return connection_->Prepare(sql); }

  // Undoes all that this job has written, when it returns; for outcomes found half way. The job
  // and Write() still return what the job says.
  void Discard() { discarded_ = true; }
  bool discarded() const { return discarded_; }

 private:
  SqlConnection* const connection_;
  bool discarded_ = false;
};

struct DatabaseOptions {
  const char* vfs = nullptr;  // SQLite's layer below it; tests put faults there
  Clock clock = SystemTime;
  size_t max_jobs_per_commit = 64;
  std::chrono::milliseconds max_commit_delay{2};  // from the first job of a commit
  std::chrono::milliseconds idle_before_truncate{1'000};
};

struct DatabaseStatistics {
  size_t queued_writes = 0;
  int64_t log_bytes = 0;  // of insitu.db-wal
  uint64_t commits = 0;
  uint64_t jobs = 0;
  uint64_t faults = 0;  // commits that failed
};

// That this process holds a data folder; given up when it goes, and when the process ends.
class FolderLock {
 public:
  FolderLock() = default;
  static Result<FolderLock> Take(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_ = -1;
};

class Database {
 public:
  using Job = std::function<Status(Transaction&)>;

  // Opens a data folder, which is made (0700) if it is missing: takes its lock, brings the schema
  // up to date and starts the writer. Refuses, with a sentence that says what to do, a folder that
  // another process holds, a schema newer than this program's and one whose history differs.
  static Result<std::unique_ptr<Database>> Open(const std::filesystem::path& folder,
                                                DatabaseOptions options = {});
  // Finishes what is queued, empties the log into the file and gives up the lock. No call may be
  // under way.
  ~Database();
  Database(const Database&) = delete;  // its thread points to it
  Database& operator=(const Database&) = delete;

  // Runs a job on the writer's thread, in a transaction of its own as the job sees it, and returns
  // when what it wrote is on the disk. Several jobs share a commit. A job that returns a failure is
  // undone alone, and its failure is returned; if the commit fails, all of its jobs fail and are
  // undone. A job must not call the database, and only sets what it captured by assignment.
  Status Write(const Job& job);

  // Runs a job on this thread, which sees one state of the data, all writes that have returned
  // included.
  Status Read(const Job& job);

  // The same for jobs that return Result<T>, from T Job(Transaction&).
  template <typename T>
  Result<T> WriteFor(const std::function<Result<T>(Transaction&)>& job) {
    return For<T>(&Database::Write, job);
  }
  template <typename T>
  Result<T> ReadFor(const std::function<Result<T>(Transaction&)>& job) {
    return For<T>(&Database::Read, job);
  }

  const std::filesystem::path& folder() const { return folder_; }
  int64_t Now() const { return options_.clock(); }
  DatabaseStatistics Statistics();

 private:
  struct Waiting;  // a job, and whoever waits for it

  Database(std::filesystem::path folder, DatabaseOptions options);

  template <typename T>
  Result<T> For(Status (Database::*run)(const Job&),
                const std::function<Result<T>(Transaction&)>& job) {
    std::optional<T> value;
    RETURN_IF_ERROR((this->*run)([&](Transaction& transaction) -> Status {
      Result<T> result = job(transaction);
      if (!result.ok()) return result.failure();
      value = TakeValue(&result);
      return {};
    }));
    return std::move(*value);
  }

  Result<std::unique_ptr<SqlConnection>> TakeReader();

  // On the writer's thread:
  void WriteJobs();
  Waiting* NextJob();
  void Commit();
  std::optional<Error> BeginCommit();
  std::optional<Error> RunJob(Waiting* waiting);
  std::optional<Error> EndCommit();
  void UndoCommit();
  bool EmptyLog();

  const std::filesystem::path folder_;
  const DatabaseOptions options_;
  FolderLock lock_;
  std::unique_ptr<SqlConnection> writer_;  // null: could not be opened anew after a fault

  std::mutex readers_mutex_;  // guards readers_: those that no thread uses now
  std::vector<std::unique_ptr<SqlConnection>> readers_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable queued_;
  std::deque<Waiting*> queue_;
  bool stopping_ = false;
  DatabaseStatistics statistics_;

  std::thread thread_;
};

// Where a data folder has what.
std::filesystem::path DatabaseFile(const std::filesystem::path& folder);
std::filesystem::path LockFile(const std::filesystem::path& folder);

}  // namespace insitu
