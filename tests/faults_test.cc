// Disks that are full or fail, under the database and under the bodies of objects.
#include <sqlite3.h>
#include <sys/resource.h>

#include <atomic>
#include <catch_amalgamated.hpp>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "backend/audit.h"
#include "backend/object_files.h"
#include "backend/sql.h"
#include "tests/fault_vfs.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

struct Faulty : MadeData {
  Faulty() : MadeData(Options()) { AddUser(1, "ada"); }
  ~Faulty() { FaultVfs::Heal(); }

  static DatabaseOptions Options() {
    FaultVfs::Register();
    FaultVfs::Heal();
    return {.vfs = FaultVfs::kName, .idle_before_truncate = std::chrono::seconds(60)};
  }
  // Two rows that are there together or not at all.
  Status WritePair(int number) {
    return database().Write([number](Transaction& t) -> Status {
      const std::string name = std::to_string(number);
      ASSIGN_OR_RETURN(const bool first, CreateUser(t, MadeUser(1'000 + number, "first" + name)));
      ASSIGN_OR_RETURN(const bool second, CreateUser(t, MadeUser(2'000 + number, "second" + name)));
      CHECK((first && second));
      return {};
    });
  }
  bool Has(int number) {
    return Read<std::optional<User>>(
               [&](Transaction& t) { return insitu::FindUser(t, MadeId(number)); })
        .has_value();
  }
  std::string Integrity() {
    return Read<std::string>([](Transaction& t) -> Result<std::string> {
      Statement& check = t.Prepare(sql::kIntegrityCheck);
      ASSIGN_OR_RETURN(const bool row, check.Step());
      return row ? check.Text(0) : std::string("no answer");
    });
  }
};

TEST_CASE("While the disk fails nothing is acknowledged or seen, and then all goes on",
          "[faults]") {
  Faulty data;
  const int code = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC);
  CAPTURE(code);
  FaultVfs::FailAlways(code);
  for (int number = 1; number <= 3; ++number) {
    CHECK_FALSE(data.WritePair(number).ok());
    CHECK_FALSE(data.Has(1'000 + number));
  }
  CHECK(data.Has(1));
  CHECK(FaultVfs::failed() >= 3);
  CHECK(data.database().Statistics().faults == 3);
  FaultVfs::Heal();
  CHECK(data.WritePair(9).ok());
  data.Reopen();
  CHECK(data.Has(1'009));
  CHECK(data.Has(2'009));
  for (int number = 1; number <= 3; ++number) CHECK_FALSE(data.Has(1'000 + number));
  CHECK(data.Integrity() == "ok");
}

TEST_CASE("Whichever write or sync fails, a pair is there whole or not at all", "[faults]") {
  const int code = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC);
  const bool once = GENERATE(true, false);
  Faulty data;
  int refused = 0;
  for (int number = 0; number < 25; ++number) {
    CAPTURE(code, once, number);
    FaultVfs::FailAfter(number, once ? 1 : INT64_MAX, code);
    const bool acknowledged = data.WritePair(number).ok();
    if (!acknowledged) ++refused;
    FaultVfs::Heal();
    CHECK(data.Has(1'000 + number) == acknowledged);
    CHECK(data.Has(2'000 + number) == acknowledged);
    const bool again = data.WritePair(500 + number).ok();
    CHECK(again);
  }
  CHECK(refused >= 3);
  data.Reopen();
  for (int number = 0; number < 25; ++number) {
    CHECK(data.Has(1'000 + number) == data.Has(2'000 + number));
    CHECK(data.Has(1'500 + number));
  }
  CHECK(data.Integrity() == "ok");
}

TEST_CASE("A checkpoint that fails loses nothing", "[faults]") {
  Faulty data;
  const int number = GENERATE(0, 1, 2, 5, 10);
  for (int i = 0; i < 20; ++i) CHECK(data.WritePair(i).ok());
  FaultVfs::FailAfter(number, INT64_MAX, SQLITE_IOERR_WRITE);
  data.Close();  // empties the log, or tries to
  FaultVfs::Heal();
  data.Reopen();
  for (int i = 0; i < 20; ++i) CHECK((data.Has(1'000 + i) && data.Has(2'000 + i)));
  CHECK(data.Integrity() == "ok");
}

TEST_CASE("While the disk fails and heals under many writers, what was acknowledged is there",
          "[faults]") {
  Faulty data;
  std::atomic<bool> acknowledged[4][50] = {};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 50; ++i) {
        acknowledged[writer][i] = data.database()
                                      .Write([&](Transaction& t) -> Status {
                                        const int number = 10'000 + writer * 100 + i;
                                        const auto made =
                                            CreateUser(t, MadeUser(number, std::to_string(number)));
                                        return made.ok() ? Status() : made.failure();
                                      })
                                      .ok();
      }
    });
  }
  for (int round = 0; round < 30; ++round) {
    FaultVfs::FailAfter(round % 7, 2, round % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_FSYNC);
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  FaultVfs::Heal();
  for (std::thread& writer : writers) writer.join();
  data.Reopen();
  for (int writer = 0; writer < 4; ++writer) {
    for (int i = 0; i < 50; ++i) {
      CHECK(data.Has(10'000 + writer * 100 + i) == acknowledged[writer][i]);
    }
  }
  CHECK(data.Integrity() == "ok");
}

TEST_CASE("A migration whose disk fails leaves no half schema", "[faults]") {
  FaultVfs::Register();
  const TemporaryFolder folder;
  const int64_t good = GENERATE(0, 1, 2, 3, 5, 8, 13);
  FaultVfs::FailAfter(good, INT64_MAX, SQLITE_FULL);
  const bool opened = Database::Open(folder.path(), {.vfs = FaultVfs::kName}).ok();
  FaultVfs::Heal();
  CAPTURE(good, opened);
  const auto again = Database::Open(folder.path());
  REQUIRE(again.ok());
  const auto users = again.value()->ReadFor<int64_t>([](Transaction& t) { return CountUsers(t); });
  CHECK(users.ok());
}

// No file may grow beyond some bytes: as near to a full disk as a process can bring itself.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : before_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit limit_{};
  void (*const before_)(int);
};

TEST_CASE("A body that does not fit on the disk is a fault, leaves nothing, and can be repeated",
          "[faults][files]") {
  constexpr int64_t kBody = 4'000'000;
  MadeData data;
  data.AddUser(1, "ada");
  data.Write<bool>([](Transaction& t) { return SetQuota(t, MadeId(1), 2 * kBody, kMadeTime); });
  auto files = ObjectFiles::Open(&data.database());
  REQUIRE(files.ok());
  const std::string body(kBody, 'b');
  const auto put = [&] {
    size_t given = 0;
    return files.value()->Put(MadeObject(7, 1, body), [&](std::span<char> into) -> Result<size_t> {
      const size_t count = std::min(into.size(), body.size() - given);
      std::copy_n(body.begin(), count, into.begin());
      given += count;
      return count;
    });
  };
  {
    const SmallFiles small(3'000'000);
    const auto refused = put();
    CHECK_FALSE(refused.ok());
  }
  for (const auto& entry : fs::recursive_directory_iterator(data.folder() / "objects")) {
    CHECK_FALSE(entry.is_regular_file());
  }
  CHECK(data.FindUser(1).used_bytes == kBody);  // the reservation, which the sweep ends
  const auto kept = put();
  REQUIRE(kept.ok());
  CHECK(kept.value().outcome == PutBodyOutcome::kCreated);
  CHECK(data.FindUser(1).used_bytes == kBody);
}

TEST_CASE("A body whose place cannot be made is a fault and no file is left", "[faults][files]") {
  MadeData data;
  data.AddUser(1, "ada");
  auto files = ObjectFiles::Open(&data.database());
  REQUIRE(files.ok());
  const fs::path place = files.value()->PathOf(MadeId(7))->parent_path();
  WriteFile(place, "in the way");
  const auto put = files.value()->Put(MadeObject(7, 1, ""),
                                      [](std::span<char>) -> Result<size_t> { return size_t{0}; });
  CHECK_FALSE(put.ok());
  CHECK(fs::is_empty(data.folder() / "objects" / "incoming"));
}

}  // namespace
}  // namespace insitu
