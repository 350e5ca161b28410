#include "backend/object_files.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <thread>
#include <vector>

#include "backend/sql.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

// Gives a text in pieces.
ReadMore From(std::string text, size_t piece = 3) {
  auto left = std::make_shared<std::string>(std::move(text));
  return [left, piece](std::span<char> into) -> Result<size_t> {
    const size_t count = std::min({piece, left->size(), into.size()});
    std::copy_n(left->begin(), count, into.begin());
    left->erase(0, count);
    return count;
  };
}

struct Kept : MadeData {
  Kept() {
    AddUser(1, "ada");
    AddUser(2, "bob");
    Open();
  }
  void Open() {
    auto opened = ObjectFiles::Open(&database());
    REQUIRE(opened.ok());
    files = TakeValue(&opened);
  }
  void Restart() {
    files.reset();
    Reopen();
    Open();
  }
  PutBodyOutcome Put(int number, int user, const std::string& body) {
    return Put(MadeObject(number, user, body), From(body));
  }
  PutBodyOutcome Put(const Object& object, const ReadMore& read) {
    const auto put = files->Put(object, read);
    if (!put.ok()) FAIL(put.error().message);
    return put.value().outcome;
  }
  void MakeReady(int number, int user) {
    CHECK(Write<RecordOutcome>([&](Transaction& t) {
            return PutRecord(t, MadeId(user), MadeId(number), "key", std::nullopt, "record", 1,
                             now);
          }) == RecordOutcome::kCreated);
  }
  // What the body of a ready object says, "none" without one.
  std::string Body(int number, int user) {
    const auto object = Read<std::optional<Object>>(
        [&](Transaction& t) { return FindObject(t, MadeId(user), MadeId(number)); });
    if (!object) return "none";
    auto body = files->Open(*object);
    if (!body.ok()) return "fault: " + body.error().message;
    if (body.value() == nullptr) return "none";
    return ReadAll(*body.value());
  }
  static std::string ReadAll(BodyFile& body) {
    std::string text;
    std::string buffer(5, '\0');
    while (true) {
      const auto count = body.Read(buffer);
      REQUIRE(count.ok());
      if (count.value() == 0) return text;
      text += buffer.substr(0, count.value());
    }
  }
  // All files below objects/.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "objects")) {
      if (entry.is_regular_file()) {
        files.push_back(fs::relative(entry.path(), folder() / "objects").string());
      }
    }
    return files;
  }
  bool Delete(int number, int user) {
    const auto deleted = files->Delete(MadeId(user), MadeId(number));
    REQUIRE(deleted.ok());
    return deleted.value();
  }
  int64_t Sweep() {
    const auto swept = files->Sweep();
    if (!swept.ok()) FAIL(swept.error().message);
    return swept.value();
  }

  std::unique_ptr<ObjectFiles> files;
};

TEST_CASE("A body comes back as it went in, also after a restart", "[objects][files]") {
  Kept data;
  const std::string body =
      GENERATE(std::string(), std::string("a body of bytes"), std::string(200'000, '\0'));
  data.now = kMadeTime;
  data.Write<bool>([](Transaction& t) { return SetQuota(t, MadeId(1), 1'000'000, kMadeTime); });
  CHECK(data.Put(MadeObject(7, 1, body), From(body, 50'000)) == PutBodyOutcome::kCreated);
  data.MakeReady(7, 1);
  CHECK(data.Body(7, 1) == body);
  CHECK(data.Files() == std::vector<std::string>{"07/" + MadeId(7)});
  data.Restart();
  CHECK(data.Body(7, 1) == body);
}

TEST_CASE("Bytes that are not those announced are not kept", "[objects][files]") {
  Kept data;
  const Object object = MadeObject(7, 1, "announced");
  CHECK(data.Put(object, From("ann0unced")) == PutBodyOutcome::kDigestMismatch);
  CHECK(data.Put(object, From("announce")) == PutBodyOutcome::kLengthMismatch);
  CHECK(data.Put(object, From("announced!")) == PutBodyOutcome::kLengthMismatch);
  CHECK(data.Files().empty());
  CHECK(data.Put(object, From("announced")) == PutBodyOutcome::kCreated);
}

TEST_CASE("A client that goes away leaves no file", "[objects][files]") {
  Kept data;
  int reads = 0;
  const auto put =
      data.files->Put(MadeObject(7, 1, "abcdef"), [&](std::span<char> into) -> Result<size_t> {
        if (++reads == 2) {
          return Fail(ErrorCode::kInvalidArgument, "The client left.");
        }
        into[0] = 'a';
        return size_t{1};
      });
  REQUIRE(put.ok());
  CHECK(put.value().outcome == PutBodyOutcome::kSourceFailed);
  CHECK(put.value().source_message == "The client left.");
  CHECK(data.Files().empty());
}

TEST_CASE("The same body again is there already and is not read", "[objects][files]") {
  Kept data;
  CHECK(data.Put(7, 1, "body") == PutBodyOutcome::kCreated);
  const ReadMore never = [](std::span<char>) -> Result<size_t> {
    FAIL("was read");
    return size_t{0};
  };
  CHECK(data.Put(MadeObject(7, 1, "body"), never) == PutBodyOutcome::kThere);
  CHECK(data.Put(MadeObject(7, 1, "bodz"), never) == PutBodyOutcome::kDiffers);
  CHECK(data.Put(MadeObject(7, 2, "body"), never) == PutBodyOutcome::kNotFound);
  Object large = MadeObject(8, 1, "");
  large.body_bytes = kMadeQuota + 1;
  CHECK(data.Put(large, never) == PutBodyOutcome::kQuotaExceeded);
}

TEST_CASE("Only a UUID becomes a path", "[objects][files]") {
  Kept data;
  for (const char* id : {"", "../../etc/passwd", "00000000-0000-7000-8000-00000000000/",
                         "00000000-0000-7000-8000-00000000000A", "/etc/passwd"}) {
    CAPTURE(id);
    Object object = MadeObject(7, 1, "body");
    object.id = id;
    CHECK(data.Put(object, From("body")) == PutBodyOutcome::kNotFound);
    CHECK_FALSE(data.files->PathOf(id));
    const auto deleted = data.files->Delete(MadeId(1), id);
    REQUIRE(deleted.ok());
    CHECK_FALSE(deleted.value());
  }
  CHECK(data.files->PathOf(MadeId(42)) == data.folder() / "objects" / "42" / MadeId(42));
}

TEST_CASE("A deleted object leaves neither row nor file", "[objects][files]") {
  Kept data;
  data.Put(7, 1, "body");
  data.MakeReady(7, 1);
  CHECK_FALSE(data.Delete(7, 2));
  CHECK(data.Body(7, 1) == "body");
  CHECK(data.Delete(7, 1));
  CHECK_FALSE(data.Delete(7, 1));
  CHECK(data.Files().empty());
  CHECK(data.Body(7, 1) == "none");
  CHECK(data.Sweep() == 0);
  CHECK(data.Put(7, 2, "another") == PutBodyOutcome::kCreated);
}

TEST_CASE("A body that is being read can be read to its end after it was deleted",
          "[objects][files]") {
  Kept data;
  data.Put(7, 1, "a body");
  data.MakeReady(7, 1);
  const auto object = data.Read<std::optional<Object>>(
      [](Transaction& t) { return FindObject(t, MadeId(1), MadeId(7)); });
  auto body = data.files->Open(*object);
  REQUIRE(body.ok());
  data.Delete(7, 1);
  CHECK(Kept::ReadAll(*body.value()) == "a body");
  const auto again = data.files->Open(*object);
  REQUIRE(again.ok());
  CHECK(again.value() == nullptr);
}

TEST_CASE("A body that is missing or short is a fault, not an empty answer", "[objects][files]") {
  Kept data;
  data.Put(7, 1, "a body");
  data.MakeReady(7, 1);
  const fs::path path = *data.files->PathOf(MadeId(7));
  WriteFile(path, "a bod");
  CHECK_THAT(data.Body(7, 1), ContainsSubstring("5 bytes where 6"));
  fs::remove(path);
  CHECK_THAT(data.Body(7, 1), ContainsSubstring("Cannot open"));
}

TEST_CASE("The bodies of a deleted user are gone after the sweep, others stay",
          "[objects][files]") {
  Kept data;
  for (const int number : {1, 2, 3}) data.Put(number, 1, "body");
  data.MakeReady(1, 1);
  data.Put(4, 2, "body");
  CHECK(data.Write<bool>([](Transaction& t) { return DeleteUser(t, MadeId(1), kMadeTime); }));
  CHECK(data.Sweep() == 3);
  CHECK(data.Files() == std::vector<std::string>{"04/" + MadeId(4)});
  CHECK(data.Sweep() == 0);
}

TEST_CASE("More than a sweep takes at once are all removed", "[objects][files]") {
  Kept data;
  for (int number = 1; number <= 120; ++number) data.Put(number, 1, "b");
  data.now += kPendingObjectTime + 1;
  CHECK(data.Sweep() == 120);
  CHECK(data.Files().empty());
  CHECK(data.FindUser(1).used_bytes == 0);
}

TEST_CASE("What nobody finished in an hour is swept, not a millisecond sooner",
          "[objects][files][limits]") {
  Kept data;
  data.Put(7, 1, "body");
  data.Put(8, 1, "body");
  data.MakeReady(8, 1);
  data.now += kPendingObjectTime;
  CHECK(data.Sweep() == 0);
  data.now += 1;
  CHECK(data.Sweep() == 1);
  CHECK(data.Files() == std::vector<std::string>{"08/" + MadeId(8)});
}

// Each of these is the state that a crash between two steps leaves.
TEST_CASE("A crash while a body comes in leaves nothing after the restart", "[objects][files]") {
  Kept data;
  WriteFile(data.folder() / "objects" / "incoming" / "left", "half a body");
  data.Restart();
  CHECK(data.Files().empty());
}

TEST_CASE("A crash after the move and before the row is swept, or the upload repeated",
          "[objects][files]") {
  Kept data;
  const Object object = MadeObject(7, 1, "body");
  CHECK(data.Write<ReserveOutcome>([&](Transaction& t) {
    return ReserveObject(t, object, kMadeTime);
  }) == ReserveOutcome::kReserved);
  const fs::path path = *data.files->PathOf(MadeId(7));
  fs::create_directories(path.parent_path());
  WriteFile(path, "body");
  data.Restart();
  SECTION("repeated") {
    CHECK(data.Put(7, 1, "body") == PutBodyOutcome::kCreated);
    data.MakeReady(7, 1);
    CHECK(data.Body(7, 1) == "body");
  }
  SECTION("swept") {
    data.now += kPendingObjectTime + 1;
    CHECK(data.Sweep() == 1);
    CHECK(data.Files().empty());
  }
}

TEST_CASE("A crash in the middle of a deletion is finished by the sweep", "[objects][files]") {
  Kept data;
  data.Put(7, 1, "body");
  data.Write<bool>(
      [](Transaction& t) { return MarkObjectDeleting(t, MadeId(1), MadeId(7), kMadeTime); });
  const bool file_is_gone = GENERATE(false, true);
  if (file_is_gone) fs::remove(*data.files->PathOf(MadeId(7)));
  data.Restart();
  CHECK(data.Sweep() == 1);
  CHECK(data.Files().empty());
  CHECK(data.Sweep() == 0);
}

TEST_CASE("An upload whose object is deleted meanwhile keeps nothing", "[objects][files]") {
  Kept data;
  bool deleted = false;
  const auto read = From("body");
  const auto put = data.Put(MadeObject(7, 1, "body"), [&](std::span<char> into) {
    if (!deleted) deleted = data.Delete(7, 1);
    return read(into);
  });
  CHECK(put == PutBodyOutcome::kNotFound);
  CHECK(data.Files().empty());
  CHECK(data.FindUser(1).used_bytes == 0);
}

TEST_CASE("The same body from many at once is kept once", "[objects][files]") {
  Kept data;
  std::vector<std::thread> threads;
  std::atomic<int> created = 0;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto put = data.files->Put(MadeObject(7, 1, "body"), From("body", 1));
      if (!put.ok()) {
        ++failed;
      } else if (put.value().outcome == PutBodyOutcome::kCreated) {
        ++created;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(created == 1);
  CHECK(data.Files() == std::vector<std::string>{"07/" + MadeId(7)});
  CHECK(data.FindUser(1).used_bytes == 4);
}

TEST_CASE("Uploads, deletions and sweeps at once leave each object whole or gone",
          "[objects][files]") {
  Kept data;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&data, thread] {
      for (int round = 0; round < 25; ++round) {
        const int number = 1 + (thread + round) % 3;
        if (thread == 3) {
          (void)data.files->Sweep();
        } else if (round % 3 == 2) {
          (void)data.files->Delete(MadeId(1), MadeId(number));
        } else {
          (void)data.files->Put(MadeObject(number, 1, "body"), From("body"));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  data.Sweep();
  size_t bodies = 0;
  for (int number = 1; number <= 3; ++number) {
    const auto object = data.Read<std::optional<Object>>(
        [&](Transaction& t) { return FindReservedObject(t, MadeId(1), MadeId(number)); });
    const bool has_file = fs::exists(*data.files->PathOf(MadeId(number)));
    CHECK(has_file == (object && object->has_body));
    if (has_file) ++bodies;
  }
  CHECK(data.Files().size() == bodies);
}

}  // namespace
}  // namespace insitu
