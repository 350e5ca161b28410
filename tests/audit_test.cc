#include "backend/audit.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "tests/made_data.h"

namespace insitu {
namespace {

constexpr Sql kChangeOutcome = "UPDATE audit SET outcome = 'denied' WHERE seq = $1";
constexpr Sql kShiftText = "UPDATE audit SET event = event || target, target = '' WHERE seq = $1";
constexpr Sql kTakeOut = "DELETE FROM audit WHERE seq = $1";
constexpr Sql kMoveLater = "UPDATE audit SET seq = seq + 1000 WHERE seq = $1";
constexpr Sql kOtherHash = "UPDATE audit SET hash = zeroblob(32) WHERE seq = $1";

AuditEvent MadeEvent(const std::string& event, const std::string& actor = "ada") {
  return {.actor = actor,
          .address = "192.0.2.0",
          .event = event,
          .target = "a target",
          .outcome = "ok",
          .detail = "{\"n\":1}"};
}

void Append(MadeData& data, const AuditEvent& event) {
  data.Do([&](Transaction& t) { return AppendAudit(t, event, data.now); });
}

AuditVerdict Verify(MadeData& data) {
  return data.Read<AuditVerdict>([](Transaction& t) { return VerifyAudit(t); });
}

struct Audited : MadeData {
  Audited() {
    for (const char* event : {"one", "two", "three", "four"}) Append(*this, MadeEvent(event));
  }
  void Change(Sql sql, int64_t sequence) {
    Do([&](Transaction& t) { return t.Prepare(sql).Bind(1, sequence).RunToStatus(); });
  }
};

TEST_CASE("A chain that nobody touched is whole, and so is an empty one", "[audit]") {
  MadeData data;
  CHECK_FALSE(Verify(data).broken_at);
  CHECK(Verify(data).head.rows == 0);
  CHECK(Verify(data).head.hash == std::string(32, '\0'));
  const Audited audited;
  Append(data, MadeEvent("one"));
  const AuditVerdict verdict = Verify(data);
  CHECK_FALSE(verdict.broken_at);
  CHECK(verdict.head.rows == 1);
  const auto head = data.Read<AuditHead>([](Transaction& t) { return FindAuditHead(t); });
  CHECK(head.hash == verdict.head.hash);
  CHECK(head.rows == 1);
}

TEST_CASE("A row that was changed, taken out or moved shows", "[audit]") {
  Audited data;
  SECTION("a word") { data.Change(kChangeOutcome, 3); }
  SECTION("text moved from one column to the next") { data.Change(kShiftText, 3); }
  SECTION("taken out") { data.Change(kTakeOut, 3); }
  SECTION("moved") { data.Change(kMoveLater, 3); }
  SECTION("another hash") { data.Change(kOtherHash, 3); }
  CHECK(Verify(data).broken_at == 3);
}

TEST_CASE("A first row that was taken out shows, and rows cut off show by the head", "[audit]") {
  Audited data;
  const AuditHead before = Verify(data).head;
  SECTION("the first") {
    data.Change(kTakeOut, 1);
    CHECK(Verify(data).broken_at == 1);
  }
  SECTION("the last") {
    data.Change(kTakeOut, 4);
    CHECK_FALSE(Verify(data).broken_at);
    CHECK(Verify(data).head.hash != before.hash);
    CHECK(Verify(data).head.rows == 3);
  }
}

TEST_CASE("An event is written with the job that it records, or not at all", "[audit]") {
  MadeData data;
  const Status status = data.database().Write([](Transaction& t) -> Status {
    RETURN_IF_ERROR(AppendAudit(t, MadeEvent("sign_in"), kMadeTime));
    return Fail(ErrorCode::kInvalidArgument, "no");
  });
  CHECK_FALSE(status.ok());
  CHECK(Verify(data).head.rows == 0);
  data.Do([](Transaction& t) -> Status {
    RETURN_IF_ERROR(AppendAudit(t, MadeEvent("one"), kMadeTime));
    return AppendAudit(t, MadeEvent("two"), kMadeTime);
  });
  CHECK_FALSE(Verify(data).broken_at);
  CHECK(Verify(data).head.rows == 2);
}

TEST_CASE("A user's events are those by and about the user, oldest first", "[audit]") {
  MadeData data;
  Append(data, MadeEvent("one", "ada"));
  Append(data, MadeEvent("two", "bob"));
  AuditEvent about = MadeEvent("three", "admin");
  about.target = "ada";
  Append(data, about);
  const auto list = [&](int64_t limit) {
    std::string events;
    for (const AuditRow& row : data.Read<std::vector<AuditRow>>(
             [&](Transaction& t) { return ListAuditOfUser(t, "ada", limit); })) {
      events += row.event + " ";
    }
    return events;
  };
  CHECK(list(10) == "one three ");
  CHECK(list(1) == "three ");
  const auto row = data.Read<std::vector<AuditRow>>(
      [](Transaction& t) { return ListAuditOfUser(t, "bob", 10); });
  REQUIRE(row.size() == 1);
  CHECK(row[0].sequence == 2);
  CHECK(row[0].at == kMadeTime);
  CHECK(row[0].address == "192.0.2.0");
  CHECK(row[0].target == "a target");
  CHECK(row[0].outcome == "ok");
  CHECK(row[0].detail == "{\"n\":1}");
}

}  // namespace
}  // namespace insitu
