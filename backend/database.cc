#include "backend/database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <exception>
#include <string>

#include "backend/folders.h"
#include "backend/migrations.h"
#include "backend/sql.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// The log is copied into the file when it has this many pages of 4 KiB.
constexpr int64_t kPagesBeforeCheckpoint = 1'000;

// A job that throws (out of memory) fails; what it wrote is undone like any failure's.
Status RunGuarded(const Database::Job& job, Transaction& transaction) {
  try {
    return job(transaction);
  } catch (const std::exception& thrown) {
    return Fail(ErrorCode::kInvalidArgument,
                "A job of the database could not go on: ", thrown.what());
  }
}

}  // namespace

int64_t SystemTime() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::filesystem::path DatabaseFile(const std::filesystem::path& folder) {
  return folder / "insitu.db";
}

std::filesystem::path LockFile(const std::filesystem::path& folder) {
  return folder / "insitu.lock";
}

struct Database::Waiting {
  const Job* job;
  std::optional<Error> error;
  bool done = false;
  std::condition_variable finished;
};

Result<FolderLock> FolderLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path file = LockFile(folder);
  const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) return FileFault("open", file);
  FolderLock lock(opened);
  if (::flock(opened, LOCK_EX | LOCK_NB) != 0) {
    std::string holder(16, '\0');
    const ssize_t read = ::pread(opened, holder.data(), holder.size(), 0);
    holder.resize(read > 0 ? static_cast<size_t>(read) : 0);
    while (!holder.empty() && (holder.back() < '0' || holder.back() > '9')) holder.pop_back();
    return Fail(ErrorCode::kInvalidArgument, "The data folder ", folder.string(),
                " is in use by process ", holder.empty() ? "unknown" : holder,
                ": one server at a time, so stop that one first.");
  }
  const std::string holder = StrCat(int64_t{::getpid()}, "\n");
  if (::ftruncate(opened, 0) != 0 ||
      ::pwrite(opened, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return FileFault("write", file);
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

Database::Database(std::filesystem::path folder, DatabaseOptions options)
    : folder_(std::move(folder)), options_(std::move(options)) {}

Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& folder,
                                                 DatabaseOptions options) {
  std::unique_ptr<Database> database(new Database(folder, std::move(options)));
  RETURN_IF_ERROR(MakePrivateFolder(folder));
  ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(folder));
  database->lock_ = std::move(lock);
  ASSIGN_OR_RETURN(database->writer_, SqlConnection::Open(DatabaseFile(folder), SqlAccess::kWrite,
                                                          database->options_.vfs));
  RETURN_IF_ERROR(
      Migrate(database->writer_.get(), Migrations(), folder / "backups", database->Now()));
  RETURN_IF_ERROR(SyncFolder(folder));
  database->thread_ = std::thread([&database = *database] { database.WriteJobs(); });
  return database;
}

Database::~Database() {
  if (!thread_.joinable()) return;  // was never whole
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  thread_.join();
  readers_.clear();
  if (writer_ != nullptr) (void)writer_->Checkpoint(true);
}

Status Database::Write(const Job& job) {
  Waiting waiting{.job = &job, .error = {}, .done = false, .finished = {}};
  std::unique_lock lock(mutex_);
  queue_.push_back(&waiting);
  queued_.notify_one();
  waiting.finished.wait(lock, [&] { return waiting.done; });
  if (waiting.error) return *waiting.error;
  return {};
}

Status Database::Read(const Job& job) {
  ASSIGN_OR_RETURN(std::unique_ptr<SqlConnection> reader, TakeReader());
  RETURN_IF_ERROR(reader->RunScript(sql::kBeginRead));
  Transaction transaction(reader.get());
  const Status status = RunGuarded(job, transaction);
  if (!status.ok()) return status;  // with its reader, whatever state that is in
  reader->ResetStatements();
  RETURN_IF_ERROR(reader->RunScript(sql::kCommit));
  const std::lock_guard lock(readers_mutex_);
  readers_.push_back(std::move(reader));
  return {};
}

Result<std::unique_ptr<SqlConnection>> Database::TakeReader() {
  {
    const std::lock_guard lock(readers_mutex_);
    if (!readers_.empty()) {
      std::unique_ptr<SqlConnection> reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return SqlConnection::Open(DatabaseFile(folder_), SqlAccess::kRead, options_.vfs);
}

void Database::WriteJobs() {
  bool log_is_empty = true;
  std::unique_lock lock(mutex_);
  while (!stopping_ || !queue_.empty()) {
    if (!queue_.empty()) {
      lock.unlock();
      Commit();
      lock.lock();
      log_is_empty = false;
    } else if (log_is_empty) {
      queued_.wait(lock);
    } else if (queued_.wait_for(lock, options_.idle_before_truncate) == std::cv_status::timeout &&
               queue_.empty()) {
      lock.unlock();
      log_is_empty = EmptyLog();
      lock.lock();
    }
  }
}

Database::Waiting* Database::NextJob() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return nullptr;
  Waiting* next = queue_.front();
  queue_.pop_front();
  return next;
}

// Jobs that come while it runs share the commit, up to a number and a time; it does not wait for
// any, since those that come during a commit's sync make the next group by themselves.
void Database::Commit() {
  const auto started = std::chrono::steady_clock::now();
  std::vector<Waiting*> jobs;
  std::optional<Error> fault = BeginCommit();
  while (jobs.size() < options_.max_jobs_per_commit &&
         (jobs.empty() || std::chrono::steady_clock::now() - started < options_.max_commit_delay)) {
    Waiting* const next = NextJob();
    if (next == nullptr) break;
    jobs.push_back(next);
    if (!fault) fault = RunJob(next);
  }
  if (!fault) fault = EndCommit();
  if (fault) UndoCommit();

  const std::lock_guard lock(mutex_);
  ++statistics_.commits;
  statistics_.jobs += jobs.size();
  if (fault) ++statistics_.faults;
  for (Waiting* waiting : jobs) {
    if (fault) waiting->error = fault;
    waiting->done = true;
    waiting->finished.notify_one();
  }
}

std::optional<Error> Database::BeginCommit() {
  if (writer_ == nullptr) {
    Result<std::unique_ptr<SqlConnection>> opened =
        SqlConnection::Open(DatabaseFile(folder_), SqlAccess::kWrite, options_.vfs);
    if (!opened.ok()) return opened.error();
    writer_ = TakeValue(&opened);
  }
  const Status begun = writer_->RunScript(sql::kBeginWrite);
  if (!begun.ok()) return begun.error();
  return std::nullopt;
}

// What it returns is the fault of the whole commit; a fault of the job alone is the job's.
std::optional<Error> Database::RunJob(Waiting* waiting) {
  const Status saved = writer_->RunScript(sql::kSavepoint);
  if (!saved.ok()) return saved.error();
  Transaction transaction(writer_.get());
  const Status status = RunGuarded(*waiting->job, transaction);
  if (!status.ok()) waiting->error = status.error();
  writer_->ResetStatements();
  if (!writer_->InTransaction()) {  // SQLite gave up on all of it: disk full, I/O error
    return waiting->error.value_or(
        Error{ErrorCode::kInvalidArgument, "The database gave up a transaction."});
  }
  if (waiting->error || transaction.discarded()) {
    const Status undone = writer_->RunScript(sql::kRollbackTo);
    if (!undone.ok()) return undone.error();
  }
  const Status released = writer_->RunScript(sql::kRelease);
  if (!released.ok()) return released.error();
  return std::nullopt;
}

std::optional<Error> Database::EndCommit() {
  const Status committed = writer_->RunScript(sql::kCommit);
  if (!committed.ok()) return committed.error();
  if (writer_->log_pages() >= kPagesBeforeCheckpoint) {
    (void)writer_->Checkpoint(false);  // what fails here is tried again after the next commit
  }
  return std::nullopt;
}

void Database::UndoCommit() {
  if (writer_ == nullptr) return;
  writer_->ResetStatements();
  if (!writer_->InTransaction()) return;
  if (!writer_->RunScript(sql::kRollback).ok() || writer_->InTransaction()) writer_.reset();
}

bool Database::EmptyLog() {
  if (writer_ == nullptr) return true;
  const Result<int64_t> pages = writer_->Checkpoint(true);
  return pages.ok() && pages.value() == 0;
}

DatabaseStatistics Database::Statistics() {
  const std::lock_guard lock(mutex_);
  DatabaseStatistics statistics = statistics_;
  statistics.queued_writes = queue_.size();
  std::error_code error;
  const auto log = std::filesystem::file_size(DatabaseFile(folder_).string() + "-wal", error);
  statistics.log_bytes = error ? 0 : static_cast<int64_t>(log);
  return statistics;
}

}  // namespace insitu
