#include "backend/store_sessions.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "tests/made_data.h"

namespace insitu {
namespace {

template <typename Step>
bool Does(MadeData& data, Step step) {
  return data.Write<bool>([&](Transaction& transaction) { return step(transaction); });
}

bool Start(MadeData& data, const Session& session, int64_t version = 1, int64_t max = 20) {
  return Does(data, [&](Transaction& t) { return StartSession(t, session, version, max); });
}

// The id of the session of a token, "" if there is none.
std::string Find(MadeData& data, std::string_view token, int64_t seen_after = 0,
                 int64_t now = kMadeTime) {
  const auto found = data.Read<std::optional<SignedIn>>(
      [&](Transaction& t) { return FindSession(t, MadeHash(token), seen_after, now); });
  return found ? found->session.id : "";
}

TEST_CASE("A session is found by its token's hash, with its user", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  CHECK(Start(data, MadeSession("a", 1)));
  CHECK(Start(data, MadeSession("b", 2)));
  const auto found = data.Read<std::optional<SignedIn>>(
      [](Transaction& t) { return FindSession(t, MadeHash("b"), 0, kMadeTime); });
  REQUIRE(found);
  CHECK(found->user.username_norm == "bob");
  CHECK(found->user.credential->password_hash == "$argon2id$of-bob");
  const Session& session = found->session;
  CHECK(session.token_hash == MadeHash("b"));
  CHECK(session.id == "session-b");
  CHECK(session.user_id == MadeId(2));
  CHECK(session.created_at == kMadeTime);
  CHECK(session.last_seen_at == kMadeTime);
  CHECK(session.expires_at == kMadeTime + 1'000);
  CHECK(session.auth_at == kMadeTime);
  CHECK(session.amr == "pwd");
  CHECK(session.address == "192.0.2.0");
  CHECK(session.browser == "Firefox on Linux");
  CHECK(Find(data, "c").empty());
}

TEST_CASE("A session ends at its two limits", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  Start(data, MadeSession("a", 1));
  CHECK(Find(data, "a", kMadeTime - 1, kMadeTime + 999) == "session-a");
  CHECK(Find(data, "a", kMadeTime, kMadeTime).empty());              // idle
  CHECK(Find(data, "a", kMadeTime - 1, kMadeTime + 1'000).empty());  // absolute
}

TEST_CASE("No session starts for who is disabled, gone, or has another credential by now",
          "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  CHECK_FALSE(Start(data, MadeSession("a", 1), 2));
  CHECK_FALSE(Start(data, MadeSession("a", 2)));
  Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "disabled", kMadeTime); });
  CHECK_FALSE(Start(data, MadeSession("a", 1), 2));
  CHECK(data.Read<int64_t>([](Transaction& t) { return CountSessions(t); }) == 0);
}

TEST_CASE("A disabled user's session is not found", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  Start(data, MadeSession("a", 1));
  Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "disabled", kMadeTime); });
  CHECK(Find(data, "a").empty());
}

TEST_CASE("Beyond a user's number of sessions the oldest end", "[store][sessions][limits]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  Start(data, MadeSession("other", 2));
  for (int i = 0; i < 4; ++i) {
    CHECK(Start(data, MadeSession(std::to_string(i), 1, kMadeTime + i), 1, 3));
  }
  CHECK(Find(data, "0").empty());
  CHECK(Find(data, "1") == "session-1");
  CHECK(Find(data, "3") == "session-3");
  CHECK(Find(data, "other") == "session-other");
}

TEST_CASE("A rotated session has another token and is the same session", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  Start(data, MadeSession("a", 1));
  const auto rotate = [&](const char* from, const char* to) {
    return Does(data, [&](Transaction& t) {
      return RotateSession(t, MadeHash(from), MadeHash(to), kMadeTime + 5, "pwd otp",
                           kMadeTime + 6);
    });
  };
  CHECK(rotate("a", "b"));
  CHECK_FALSE(rotate("a", "c"));
  CHECK(Find(data, "a").empty());
  const auto found = data.Read<std::optional<SignedIn>>(
      [](Transaction& t) { return FindSession(t, MadeHash("b"), 0, kMadeTime); });
  REQUIRE(found);
  CHECK(found->session.id == "session-a");
  CHECK(found->session.auth_at == kMadeTime + 5);
  CHECK(found->session.last_seen_at == kMadeTime + 6);
  CHECK(found->session.amr == "pwd otp");
  CHECK(found->session.expires_at == kMadeTime + 1'000);
}

TEST_CASE("A session that is used is seen then, and never earlier than before",
          "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  Start(data, MadeSession("a", 1));
  const auto touch = [&](const char* token, int64_t now) {
    return Does(data, [&](Transaction& t) { return TouchSession(t, MadeHash(token), "new", now); });
  };
  CHECK(touch("a", kMadeTime + 50));
  CHECK_FALSE(touch("a", kMadeTime + 49));
  CHECK_FALSE(touch("b", kMadeTime + 50));
  CHECK(Find(data, "a", kMadeTime + 49) == "session-a");
  CHECK(Find(data, "a", kMadeTime + 50).empty());
}

TEST_CASE("A session ends by its token, or by its id for its user", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  Start(data, MadeSession("a", 1));
  Start(data, MadeSession("b", 1));
  CHECK(Does(data, [](Transaction& t) { return EndSession(t, MadeHash("a")); }));
  CHECK_FALSE(Does(data, [](Transaction& t) { return EndSession(t, MadeHash("a")); }));
  CHECK_FALSE(Does(data, [](Transaction& t) { return EndSessionById(t, MadeId(2), "session-b"); }));
  CHECK(Find(data, "b") == "session-b");
  CHECK(Does(data, [](Transaction& t) { return EndSessionById(t, MadeId(1), "session-b"); }));
  CHECK(Find(data, "b").empty());
}

TEST_CASE("All others of a user end, or all of everybody", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  for (const char* token : {"a", "b", "c"}) Start(data, MadeSession(token, 1));
  Start(data, MadeSession("other", 2));
  const auto end_others = [&](const char* kept) {
    return data.Write<int64_t>(
        [&](Transaction& t) { return EndOtherSessions(t, MadeId(1), kept); });
  };
  CHECK(end_others("session-b") == 2);
  CHECK(Find(data, "b") == "session-b");
  CHECK(end_others("") == 1);
  CHECK(Find(data, "other") == "session-other");
  CHECK(data.Write<int64_t>([](Transaction& t) { return EndAllSessions(t); }) == 1);
}

TEST_CASE("A user's sessions are listed, newest first, without those that are over",
          "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  for (int i = 0; i < 3; ++i) Start(data, MadeSession(std::to_string(i), 1, kMadeTime + i));
  Start(data, MadeSession("other", 2));
  const auto list = [&](int64_t seen_after, int64_t now) {
    std::string ids;
    for (const Session& session : data.Read<std::vector<Session>>(
             [&](Transaction& t) { return ListSessions(t, MadeId(1), seen_after, now); })) {
      ids += session.id + " ";
    }
    return ids;
  };
  CHECK(list(0, kMadeTime) == "session-2 session-1 session-0 ");
  CHECK(list(kMadeTime, kMadeTime) == "session-2 session-1 ");
  CHECK(list(0, kMadeTime + 1'001) == "session-2 ");
}

TEST_CASE("The sweep removes sessions that are over, and no other", "[store][sessions]") {
  MadeData data;
  data.AddUser(1, "ada");
  for (int i = 0; i < 3; ++i) Start(data, MadeSession(std::to_string(i), 1, kMadeTime + i));
  const auto sweep = [&](int64_t seen_after, int64_t now) {
    return data.Write<int64_t>([&](Transaction& t) { return SweepSessions(t, seen_after, now); });
  };
  CHECK(sweep(kMadeTime - 1, kMadeTime + 999) == 0);
  CHECK(sweep(kMadeTime, kMadeTime) == 1);
  CHECK(sweep(0, kMadeTime + 1'001) == 1);
  CHECK(Find(data, "2") == "session-2");
}

}  // namespace
}  // namespace insitu
