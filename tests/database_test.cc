#include "backend/database.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch_amalgamated.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/migrations.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr Sql kPut =
    "INSERT INTO settings (key, value) VALUES ($2, $1) ON CONFLICT (key) DO UPDATE SET value = $1";
constexpr Sql kGet = "SELECT value FROM settings WHERE key = $1";
constexpr Sql kCount = "SELECT count(*) FROM settings";
constexpr Sql kNonsense = "SELECT a FROM nowhere WHERE b = $1";
constexpr Sql kSetting = "PRAGMA synchronous";
constexpr Sql kForeignKeys = "PRAGMA foreign_keys";
constexpr Sql kQueryOnly = "PRAGMA query_only";
constexpr Sql kJournal = "PRAGMA journal_mode";
constexpr Sql kSecureDelete = "PRAGMA secure_delete";

Status Put(Transaction& transaction, std::string_view key, std::string_view value) {
  return transaction.Prepare(kPut).BindBlob(1, value).Bind(2, key).RunToStatus();
}

Result<std::string> Get(Transaction& transaction, std::string_view key) {
  Statement& get = transaction.Prepare(kGet).Bind(1, key);
  ASSIGN_OR_RETURN(const bool row, get.Step());
  return row ? get.Blob(0) : std::string("nothing");
}

std::string Get(MadeData& data, std::string_view key) {
  return data.Read<std::string>([&](Transaction& transaction) { return Get(transaction, key); });
}

Result<int64_t> Ask(Transaction& transaction, Sql sql) {
  Statement& ask = transaction.Prepare(sql);
  ASSIGN_OR_RETURN(const bool row, ask.Step());
  return row ? ask.Integer(0) : -1;
}

unsigned ModeOf(const std::filesystem::path& path) {
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

TEST_CASE("What was written is read, by any thread and after a restart", "[database]") {
  MadeData data;
  data.Do([](Transaction& transaction) { return Put(transaction, "a", "1"); });
  CHECK(Get(data, "a") == "1");
  std::string elsewhere;
  std::thread([&] { elsewhere = Get(data, "a"); }).join();
  CHECK(elsewhere == "1");
  data.Reopen();
  CHECK(Get(data, "a") == "1");
}

TEST_CASE("Bytes and texts come back as they were, zero bytes and empty ones too", "[database]") {
  MadeData data;
  const std::string bytes = GENERATE(std::string(), std::string("\0a\xff\0", 4));
  data.Do([&](Transaction& transaction) { return Put(transaction, bytes, bytes); });
  CHECK(Get(data, bytes) == bytes);
}

TEST_CASE("A job that fails is undone, and its failure is what Write returns", "[database]") {
  MadeData data;
  const Status status = data.database().Write([](Transaction& transaction) -> Status {
    RETURN_IF_ERROR(Put(transaction, "a", "1"));
    return Fail(ErrorCode::kInvalidArgument, "The disk is made of cheese.");
  });
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message == "The disk is made of cheese.");
  CHECK(Get(data, "a") == "nothing");
}

TEST_CASE("A job that throws is undone, and the writer goes on", "[database]") {
  MadeData data;
  const Status status = data.database().Write([](Transaction& transaction) -> Status {
    RETURN_IF_ERROR(Put(transaction, "a", "1"));
    throw std::runtime_error("thrown");
  });
  REQUIRE_FALSE(status.ok());
  CHECK_THAT(status.error().message, ContainsSubstring("thrown"));
  data.Do([](Transaction& transaction) { return Put(transaction, "b", "2"); });
  CHECK(Get(data, "a") == "nothing");
  CHECK(Get(data, "b") == "2");
}

TEST_CASE("A job that discards what it wrote still says what it found", "[database]") {
  MadeData data;
  const auto found = data.Write<int64_t>([](Transaction& transaction) -> Result<int64_t> {
    RETURN_IF_ERROR(Put(transaction, "a", "1"));
    transaction.Discard();
    return Ask(transaction, kCount);
  });
  CHECK(found == 1);
  CHECK(Get(data, "a") == "nothing");
}

TEST_CASE("A statement that cannot be prepared is a failure when it is stepped", "[database]") {
  MadeData data;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Status status = data.database().Read([](Transaction& transaction) -> Status {
      return transaction.Prepare(kNonsense).Bind(1, int64_t{1}).RunToStatus();
    });
    REQUIRE_FALSE(status.ok());
    CHECK_THAT(status.error().message, ContainsSubstring("nowhere"));
  }
  CHECK(Get(data, "a") == "nothing");
}

TEST_CASE("Readers cannot write", "[database]") {
  MadeData data;
  const Status status =
      data.database().Read([](Transaction& transaction) { return Put(transaction, "a", "1"); });
  CHECK_FALSE(status.ok());
  CHECK(Get(data, "a") == "nothing");
}

TEST_CASE("A reader sees one state from its beginning to its end", "[database]") {
  MadeData data;
  data.Do([](Transaction& transaction) { return Put(transaction, "a", "old"); });
  const Status status = data.database().Read([&](Transaction& transaction) -> Status {
    ASSIGN_OR_RETURN(const std::string before, Get(transaction, "a"));
    std::thread([&] {
      data.Do([](Transaction& writing) { return Put(writing, "a", "new"); });
    }).join();
    ASSIGN_OR_RETURN(const std::string after, Get(transaction, "a"));
    CHECK(before == "old");
    CHECK(after == "old");
    return {};
  });
  CHECK(status.ok());
  CHECK(Get(data, "a") == "new");
}

TEST_CASE("Nobody sees what a job has written before it is committed", "[database]") {
  MadeData data;
  data.Do([&](Transaction& transaction) -> Status {
    RETURN_IF_ERROR(Put(transaction, "a", "1"));
    std::string seen;
    std::thread([&] { seen = Get(data, "a"); }).join();
    CHECK(seen == "nothing");
    return {};
  });
  CHECK(Get(data, "a") == "1");
}

TEST_CASE("A job sees what it wrote itself", "[database]") {
  MadeData data;
  const auto seen = data.Write<std::string>([](Transaction& transaction) -> Result<std::string> {
    RETURN_IF_ERROR(Put(transaction, "a", "1"));
    return Get(transaction, "a");
  });
  CHECK(seen == "1");
}

// Holds the writer, so that what comes meanwhile shares one commit.
class HeldWriter {
 public:
  explicit HeldWriter(Database& database)
      : thread_([&] {
          (void)database.Write([&](Transaction&) -> Status {
            held_ = true;
            while (!released_) std::this_thread::yield();
            return {};
          });
        }) {
    while (!held_) std::this_thread::yield();
  }
  ~HeldWriter() {
    released_ = true;
    thread_.join();
  }
  HeldWriter(const HeldWriter&) = delete;
  HeldWriter& operator=(const HeldWriter&) = delete;

 private:
  std::atomic<bool> held_ = false;
  std::atomic<bool> released_ = false;
  std::thread thread_;
};

TEST_CASE("Jobs that wait together share commits, and one that fails takes no other down",
          "[database]") {
  MadeData data({.max_commit_delay = std::chrono::seconds(10)});
  const uint64_t commits_before = data.database().Statistics().commits;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  {
    const HeldWriter held(data.database());
    for (int i = 0; i < 40; ++i) {
      threads.emplace_back([&data, &failed, i] {
        const Status status = data.database().Write([i](Transaction& transaction) -> Status {
          RETURN_IF_ERROR(Put(transaction, std::to_string(i), "there"));
          if (i % 4 == 0) return Fail(ErrorCode::kInvalidArgument, "No.");
          return {};
        });
        if (!status.ok()) ++failed;
      });
    }
    while (data.database().Statistics().queued_writes < 40) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 10);
  const auto count =
      data.Read<int64_t>([](Transaction& transaction) { return Ask(transaction, kCount); });
  CHECK(count == 30);
  CHECK(Get(data, "4") == "nothing");
  CHECK(Get(data, "5") == "there");
  CHECK(data.database().Statistics().commits - commits_before <= 2);
}

TEST_CASE("A commit takes no more jobs than its limit", "[database][limits]") {
  MadeData data({.max_jobs_per_commit = 4, .max_commit_delay = std::chrono::seconds(10)});
  const uint64_t before = data.database().Statistics().commits;
  std::vector<std::thread> threads;
  {
    const HeldWriter held(data.database());
    for (int i = 0; i < 7; ++i) {
      threads.emplace_back([&data, i] {
        data.Do(
            [i](Transaction& transaction) { return Put(transaction, std::to_string(i), "there"); });
      });
    }
    while (data.database().Statistics().queued_writes < 7) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(data.database().Statistics().commits - before == 2);  // 1 + 3, 4
}

TEST_CASE("A thousand writes of eight threads are all there", "[database]") {
  MadeData data;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&data, t] {
      for (int i = 0; i < 125; ++i) {
        data.Do([&](Transaction& transaction) {
          return Put(transaction, std::to_string(t * 1000 + i), "there");
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(data.Read<int64_t>([](Transaction& transaction) { return Ask(transaction, kCount); }) ==
        1'000);
  CHECK(data.database().Statistics().jobs == 1'000);
  CHECK(data.database().Statistics().faults == 0);
}

TEST_CASE("Connections have the settings that keep what was acknowledged", "[database]") {
  MadeData data;
  data.Do([](Transaction& transaction) -> Status {
    ASSIGN_OR_RETURN(const int64_t full, Ask(transaction, kSetting));
    ASSIGN_OR_RETURN(const int64_t foreign_keys, Ask(transaction, kForeignKeys));
    ASSIGN_OR_RETURN(const int64_t secure_delete, Ask(transaction, kSecureDelete));
    CHECK(full == 2);
    CHECK(foreign_keys == 1);
    CHECK(secure_delete == 1);
    Statement& journal = transaction.Prepare(kJournal);
    ASSIGN_OR_RETURN(const bool row, journal.Step());
    CHECK(row);
    CHECK(journal.Text(0) == "wal");
    return {};
  });
  const auto query_only =
      data.Read<int64_t>([](Transaction& transaction) { return Ask(transaction, kQueryOnly); });
  CHECK(query_only == 1);
}

TEST_CASE("Only the owner may read what lies in the data folder", "[database]") {
  MadeData data;
  data.Do([](Transaction& transaction) { return Put(transaction, "a", "1"); });
  const std::filesystem::path nested = data.folder() / "a" / "b";
  const auto made = Database::Open(nested);
  REQUIRE(made.ok());
  CHECK(ModeOf(nested) == 0700);
  CHECK(ModeOf(data.folder() / "a") == 0700);
  for (const char* name : {"insitu.db", "insitu.db-wal", "insitu.db-shm", "insitu.lock"}) {
    CAPTURE(name);
    CHECK(ModeOf(data.folder() / name) == 0600);
  }
}

TEST_CASE("A data folder is one process's at a time", "[database]") {
  MadeData data;
  const auto second = Database::Open(data.folder());
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(second.error().message,
             ContainsSubstring(std::to_string(::getpid())) && ContainsSubstring("in use"));
  data.Close();
  CHECK(Database::Open(data.folder()).ok());
}

TEST_CASE("A process that was killed holds no data folder", "[database]") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FolderLock::Take(folder.path());
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(FolderLock::Take(folder.path()).ok());
}

TEST_CASE("A folder that cannot be made, or a file that is no database, is said", "[database]") {
  const TemporaryFolder folder;
  WriteFile(folder / "file", "not a folder");
  const auto in_file = Database::Open(folder / "file" / "data");
  REQUIRE_FALSE(in_file.ok());
  CHECK_THAT(in_file.error().message, ContainsSubstring("folder"));

  WriteFile(folder / "insitu.db", std::string(4'096, 'x'));
  const auto no_database = Database::Open(folder.path());
  REQUIRE_FALSE(no_database.ok());
  CHECK_THAT(no_database.error().message, ContainsSubstring("not a database"));
}

TEST_CASE("An idle writer empties the log, also while readers have been there", "[database]") {
  MadeData data({.idle_before_truncate = std::chrono::milliseconds(20)});
  data.Do([](Transaction& transaction) { return Put(transaction, "a", std::string(50'000, 'x')); });
  CHECK(Get(data, "a").size() == 50'000);
  while (data.database().Statistics().log_bytes > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(Get(data, "a").size() == 50'000);
}

TEST_CASE("The log does not grow with what is written, only with what is read meanwhile",
          "[database]") {
  MadeData data({.idle_before_truncate = std::chrono::seconds(60)});
  const std::string value(100'000, 'x');
  for (int i = 0; i < 200; ++i) {  // 20 MB
    data.Do([&](Transaction& transaction) { return Put(transaction, "a", value); });
  }
  CHECK(data.database().Statistics().log_bytes < 8'000'000);
}

TEST_CASE("What was deleted is overwritten on the disk", "[database]") {
  const std::string secret = "a secret of sixteen bytes and more";
  const TemporaryFolder folder;
  {
    auto database = Database::Open(folder.path());
    REQUIRE(database.ok());
    const auto write = [&](std::string_view value) {
      CHECK(database.value()
                ->Write([&](Transaction& transaction) { return Put(transaction, "a", value); })
                .ok());
    };
    write(secret);
    write("gone");
  }
  CHECK_THAT(ReadFile(folder / "insitu.db"), !ContainsSubstring(secret));
  CHECK(ReadFile(folder / "insitu.db-wal").empty());
}

}  // namespace
}  // namespace insitu
