#include "backend/store_objects.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "backend/limits.h"
#include "backend/sql.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

constexpr int64_t kLater = kMadeTime + 60'000;

ReserveOutcome Reserve(MadeData& data, const Object& object) {
  return data.Write<ReserveOutcome>(
      [&](Transaction& t) { return ReserveObject(t, object, data.now); });
}

bool MarkWritten(MadeData& data, const Object& object) {
  return data.Write<bool>([&](Transaction& t) {
    return MarkBodyWritten(t, object.user_id, object.id, object.body_sha256, MadeHash("file"),
                           data.now);
  });
}

RecordOutcome Record(MadeData& data, int number, int user, std::string_view record,
                     int64_t version) {
  return data.Write<RecordOutcome>([&](Transaction& t) {
    return PutRecord(t, MadeId(user), MadeId(number), "wrapped", std::nullopt, record, version,
                     data.now);
  });
}

std::optional<Object> Find(MadeData& data, int number, int user) {
  return data.Read<std::optional<Object>>(
      [&](Transaction& t) { return FindObject(t, MadeId(user), MadeId(number)); });
}

bool Delete(MadeData& data, int number, int user) {
  return data.Write<bool>([&](Transaction& t) {
    return MarkObjectDeleting(t, MadeId(user), MadeId(number), data.now);
  });
}

std::vector<std::string> Deleting(MadeData& data) {
  return data.Read<std::vector<std::string>>(
      [](Transaction& t) { return ListDeletingObjects(t, 100); });
}

void Keep(MadeData& data, int number, int user, std::string_view body, std::string_view record) {
  REQUIRE(Reserve(data, MadeObject(number, user, body)) == ReserveOutcome::kReserved);
  REQUIRE(MarkWritten(data, MadeObject(number, user, body)));
  REQUIRE(Record(data, number, user, record, 1) == RecordOutcome::kCreated);
}

struct Two : MadeData {
  Two() {
    AddUser(1, "ada");
    AddUser(2, "bob");
  }
};

TEST_CASE("An object is there once its body and its record are", "[store][objects]") {
  Two data;
  const Object object = MadeObject(7, 1, "body");
  CHECK(Reserve(data, object) == ReserveOutcome::kReserved);
  CHECK_FALSE(Find(data, 7, 1));
  CHECK(Record(data, 7, 1, "record", 1) == RecordOutcome::kNotFound);
  CHECK(MarkWritten(data, object));
  CHECK_FALSE(Find(data, 7, 1));
  data.now = kLater;
  CHECK(Record(data, 7, 1, "record", 1) == RecordOutcome::kCreated);
  const auto found = Find(data, 7, 1);
  REQUIRE(found);
  CHECK(found->state == ObjectState::kReady);
  CHECK(found->mode == "e2e");
  CHECK(found->body_bytes == 4);
  CHECK(found->body_sha256 == object.body_sha256);
  CHECK(found->wrapped_key == "wrapped");
  CHECK_FALSE(found->key_id);
  CHECK(found->record == "record");
  CHECK(found->record_version == 1);
  CHECK(found->created_at == kMadeTime);
  CHECK(found->updated_at == kLater);
}

TEST_CASE("The same body may be sent again, another may not", "[store][objects]") {
  Two data;
  const Object object = MadeObject(7, 1, "body");
  CHECK(Reserve(data, object) == ReserveOutcome::kReserved);
  CHECK(Reserve(data, object) == ReserveOutcome::kReserved);
  CHECK(Reserve(data, MadeObject(7, 1, "bodz")) == ReserveOutcome::kDiffers);
  MarkWritten(data, object);
  CHECK(Reserve(data, object) == ReserveOutcome::kThere);
  CHECK(Reserve(data, MadeObject(7, 1, "bodz")) == ReserveOutcome::kDiffers);
  CHECK(data.FindUser(1).used_bytes == 4);
}

TEST_CASE("Another's object does not exist, whatever is done to it", "[store][objects]") {
  Two data;
  Keep(data, 7, 1, "body", "record");
  CHECK(Reserve(data, MadeObject(7, 2, "body")) == ReserveOutcome::kNotFound);
  CHECK_FALSE(MarkWritten(data, MadeObject(7, 2, "body")));
  CHECK(Record(data, 7, 2, "record", 2) == RecordOutcome::kNotFound);
  CHECK_FALSE(Find(data, 7, 2));
  CHECK_FALSE(Delete(data, 7, 2));
  CHECK(data.FindUser(2).used_bytes == 0);
  CHECK(Find(data, 7, 1));
}

TEST_CASE("Nothing is reserved for who is not there", "[store][objects]") {
  Two data;
  CHECK(Reserve(data, MadeObject(7, 3, "body")) == ReserveOutcome::kNotFound);
}

TEST_CASE("Each version of a record follows the one before it", "[store][objects]") {
  Two data;
  Keep(data, 7, 1, "body", "one");
  CHECK(Record(data, 7, 1, "two", 1) == RecordOutcome::kChanged);
  CHECK(Record(data, 7, 1, "two", 3) == RecordOutcome::kChanged);
  CHECK(Record(data, 7, 1, "two", 2) == RecordOutcome::kUpdated);
  CHECK(Record(data, 7, 1, "two", 2) == RecordOutcome::kUpdated);  // the answer was lost
  CHECK(Record(data, 7, 1, "other", 2) == RecordOutcome::kChanged);
  CHECK(Find(data, 7, 1)->record == "two");
  CHECK(Find(data, 7, 1)->record_version == 2);
  CHECK(data.FindUser(1).used_bytes == 4 + 3);
}

TEST_CASE("What is kept counts against the quota up to its last byte", "[store][objects][limits]") {
  Two data;
  const auto quota = [&](int64_t bytes) {
    data.Write<bool>([&](Transaction& t) { return SetQuota(t, MadeId(1), bytes, kLater); });
  };
  quota(9);
  CHECK(Reserve(data, MadeObject(7, 1, "0123456789")) == ReserveOutcome::kQuotaExceeded);
  CHECK(data.FindUser(1).used_bytes == 0);
  Keep(data, 7, 1, "012345", "678");
  CHECK(data.FindUser(1).used_bytes == 9);
  CHECK(Reserve(data, MadeObject(8, 1, "x")) == ReserveOutcome::kQuotaExceeded);
  CHECK(Record(data, 7, 1, "6789", 2) == RecordOutcome::kQuotaExceeded);
  CHECK(Record(data, 7, 1, "abc", 2) == RecordOutcome::kUpdated);
  quota(1);
  CHECK(Record(data, 7, 1, "a", 3) == RecordOutcome::kUpdated);  // giving back is always possible
  CHECK(data.FindUser(1).used_bytes == 7);
  CHECK(Delete(data, 7, 1));
  CHECK(data.FindUser(1).used_bytes == 0);
}

TEST_CASE("A record that is refused takes nothing of the quota", "[store][objects]") {
  Two data;
  Keep(data, 7, 1, "body", "one");
  Record(data, 7, 1, std::string(1'000, 'x'), 5);
  CHECK(data.FindUser(1).used_bytes == 7);
}

TEST_CASE("A person keeps so many objects and no more", "[store][objects][limits]") {
  Two data;
  data.Do([](Transaction& t) -> Status {
    for (int64_t i = 1; i < kMaxObjectsPerUser; ++i) {
      RETURN_IF_ERROR(t.Prepare(sql::kReserveObject)
                          .Bind(1, MadeId(1'000 + static_cast<int>(i)))
                          .Bind(2, MadeId(1))
                          .Bind(3, "e2e")
                          .Bind(4, int64_t{0})
                          .BindBlob(5, MadeHash("x"))
                          .BindBlob(6, std::string_view())
                          .Bind(7, kMadeTime)
                          .RunToStatus());
    }
    return {};
  });
  CHECK(Reserve(data, MadeObject(1, 1, "")) == ReserveOutcome::kReserved);
  CHECK(Reserve(data, MadeObject(2, 1, "")) == ReserveOutcome::kQuotaExceeded);
  CHECK(Reserve(data, MadeObject(2, 2, "")) == ReserveOutcome::kReserved);
}

TEST_CASE("Objects are listed newest first, page by page, and only the ready ones of their owner",
          "[store][objects]") {
  Two data;
  for (int number = 1; number <= 5; ++number) {
    data.now = kMadeTime + number / 2;  // two share a time
    Keep(data, number, 1, "body", "record");
  }
  Keep(data, 6, 2, "body", "record");
  Reserve(data, MadeObject(7, 1, "body"));
  std::optional<ObjectCursor> cursor;
  std::string ids;
  for (int page = 0; page < 4; ++page) {
    const auto objects = data.Read<std::vector<Object>>(
        [&](Transaction& t) { return ListObjects(t, MadeId(1), cursor, 2); });
    for (const Object& object : objects) ids += object.id.back();
    ids += ' ';
    if (objects.empty()) break;
    cursor = ObjectCursor{.created_at = objects.back().created_at, .id = objects.back().id};
  }
  CHECK(ids == "54 32 1  ");
}

TEST_CASE("A deleted object is gone for its owner at once, its key and record too",
          "[store][objects]") {
  Two data;
  Keep(data, 7, 1, "body", "record");
  CHECK(Delete(data, 7, 1));
  CHECK_FALSE(Find(data, 7, 1));
  CHECK_FALSE(Delete(data, 7, 1));
  CHECK(Reserve(data, MadeObject(7, 1, "body")) == ReserveOutcome::kNotFound);
  CHECK(Deleting(data) == std::vector{MadeId(7)});
  data.Do([](Transaction& t) -> Status {
    Statement& row = t.Prepare(sql::kFindAnyObject).Bind(1, MadeId(7));
    ASSIGN_OR_RETURN(const bool there, row.Step());
    CHECK(there);
    CHECK(row.IsNull(1));
    CHECK(row.IsNull(7));
    CHECK(row.Blob(9).empty());
    return {};
  });
  data.Do([](Transaction& t) { return ForgetDeletedObject(t, MadeId(7)); });
  CHECK(Deleting(data).empty());
  CHECK(Reserve(data, MadeObject(7, 1, "body")) == ReserveOutcome::kReserved);
}

TEST_CASE("Only an object that is being deleted can be forgotten", "[store][objects]") {
  Two data;
  Keep(data, 7, 1, "body", "record");
  data.Do([](Transaction& t) { return ForgetDeletedObject(t, MadeId(7)); });
  CHECK(Find(data, 7, 1));
}

TEST_CASE("All objects of a user go, and no other's", "[store][objects]") {
  Two data;
  Keep(data, 1, 1, "body", "record");
  Reserve(data, MadeObject(2, 1, "body"));
  Keep(data, 3, 2, "body", "record");
  CHECK(data.Write<int64_t>(
            [](Transaction& t) { return MarkAllObjectsDeleting(t, MadeId(1), kLater); }) == 2);
  CHECK(data.FindUser(1).used_bytes == 0);
  CHECK(data.FindUser(2).used_bytes == 10);
  CHECK(Deleting(data).size() == 2);
  CHECK(Find(data, 3, 2));
}

TEST_CASE("The objects of a user who is deleted wait for the sweep", "[store][objects]") {
  Two data;
  Keep(data, 1, 1, "body", "record");
  CHECK(data.Write<bool>([](Transaction& t) { return DeleteUser(t, MadeId(1), kLater); }));
  CHECK(Deleting(data) == std::vector{MadeId(1)});
}

TEST_CASE("Pending objects that nobody touched for long are given up, ready ones never",
          "[store][objects]") {
  Two data;
  Keep(data, 1, 1, "body", "record");
  Reserve(data, MadeObject(2, 1, "body"));
  Reserve(data, MadeObject(3, 2, "body"));
  data.now = kMadeTime + 500;
  Reserve(data, MadeObject(3, 2, "body"));  // tried again: touched
  const auto stale = [&](int64_t before) {
    return data.Write<int64_t>(
        [&](Transaction& t) { return MarkStaleObjectsDeleting(t, before, kLater); });
  };
  CHECK(stale(kMadeTime) == 0);
  CHECK(stale(kMadeTime + 1) == 1);
  CHECK(Deleting(data) == std::vector{MadeId(2)});
  CHECK(data.FindUser(1).used_bytes == 10);
  CHECK(stale(kLater) == 1);
  CHECK(data.FindUser(2).used_bytes == 0);
  CHECK(Find(data, 1, 1));
}

}  // namespace
}  // namespace insitu
