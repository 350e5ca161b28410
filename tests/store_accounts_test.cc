#include "backend/store_accounts.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "backend/sql.h"
#include "backend/store_sessions.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr int64_t kLater = kMadeTime + 60'000;

Credential MadeCredential(const std::string& name) {
  return {.scheme = "e2e",
          .password_hash = "$argon2id$of-" + name,
          .kdf = "{\"passes\":3}",
          .salt = "salt of " + name,
          .wrapped_user_key = "key of " + name};
}

// What a step answers, as one job.
template <typename Step>
bool Does(MadeData& data, Step step) {
  return data.Write<bool>([&](Transaction& transaction) { return step(transaction); });
}

TEST_CASE("A user is found by name and by id, as made", "[store][accounts]") {
  MadeData data;
  NewUser made = MadeUser(1, "ada");
  made.credential = MadeCredential("ada");
  made.recovery = Recovery{.auth_hash = MadeHash("recovery"), .wrapped_user_key = "wrapped"};
  made.role = "admin";
  CHECK(Does(data, [&](Transaction& t) { return CreateUser(t, made); }));

  const auto found = data.Read<std::optional<User>>(
      [](Transaction& transaction) { return FindUserByName(transaction, "ada"); });
  REQUIRE(found);
  for (const User& user : {*found, data.FindUser(1)}) {
    CHECK(user.id == MadeId(1));
    CHECK(user.username == "The ada");
    CHECK(user.username_norm == "ada");
    CHECK(user.role == "admin");
    CHECK(user.status == "active");
    REQUIRE(user.credential);
    CHECK(user.credential->scheme == "e2e");
    CHECK(user.credential->password_hash == "$argon2id$of-ada");
    CHECK(user.credential->kdf == "{\"passes\":3}");
    CHECK(user.credential->salt == "salt of ada");
    CHECK(user.credential->wrapped_user_key == "key of ada");
    REQUIRE(user.recovery);
    CHECK(user.recovery->auth_hash == MadeHash("recovery"));
    CHECK(user.recovery->wrapped_user_key == "wrapped");
    CHECK_FALSE(user.recovery_confirmed_at);
    CHECK(user.keep == "never");
    CHECK(user.credential_version == 1);
    CHECK(user.user_key_version == 1);
    CHECK(user.quota_bytes == kMadeQuota);
    CHECK(user.used_bytes == 0);
    CHECK(user.created_at == kMadeTime);
    CHECK_FALSE(user.totp);
    CHECK(user.recovery_codes_left == 0);
  }
  CHECK_FALSE(data.Read<std::optional<User>>(
      [](Transaction& transaction) { return FindUserByName(transaction, "bob"); }));
}

TEST_CASE("A name is given once", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  CHECK_FALSE(Does(data, [](Transaction& t) { return CreateUser(t, MadeUser(2, "ada")); }));
  CHECK(data.FindUser(1).username_norm == "ada");
  CHECK(data.Read<int64_t>([](Transaction& t) { return CountUsers(t); }) == 1);
}

TEST_CASE("A user without a credential waits, and a new credential makes it active",
          "[store][accounts]") {
  MadeData data;
  NewUser made = MadeUser(1, "ada");
  made.credential.reset();
  CHECK(Does(data, [&](Transaction& t) { return CreateUser(t, made); }));
  CHECK(data.FindUser(1).status == "pending");
  CHECK_FALSE(data.FindUser(1).credential);
  CHECK(Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "active", kLater); }));
  CHECK(data.FindUser(1).status == "pending");

  CHECK(Does(data, [](Transaction& t) {
    return SetResetCode(t, MadeId(1), MadeHash("code"), kLater, kMadeTime);
  }));
  CHECK(data.FindUser(1).reset_code_hash == MadeHash("code"));
  CHECK(Does(data, [](Transaction& t) {
    return ReplaceCredential(t, MadeId(1), 2, MadeCredential("ada"), {}, kLater);
  }));
  const User user = data.FindUser(1);
  CHECK(user.status == "active");
  CHECK(user.credential->password_hash == "$argon2id$of-ada");
  CHECK_FALSE(user.reset_code_hash);
  CHECK_FALSE(user.reset_expires_at);
}

TEST_CASE("A credential changes only if nobody changed it meanwhile", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  const auto change = [&](int64_t credential_version, int64_t user_key_version) {
    return Does(data, [&](Transaction& t) {
      return ChangeCredential(t, MadeId(1), credential_version, user_key_version,
                              MadeCredential("new"), kLater);
    });
  };
  CHECK_FALSE(change(2, 1));
  CHECK_FALSE(change(1, 2));
  CHECK(data.FindUser(1).credential->password_hash == "$argon2id$of-ada");
  CHECK(change(1, 1));
  CHECK_FALSE(change(1, 1));
  const User user = data.FindUser(1);
  CHECK(user.credential->password_hash == "$argon2id$of-new");
  CHECK(user.credential->wrapped_user_key == "key of new");
  CHECK(user.credential_version == 2);
  CHECK(user.user_key_version == 1);
  CHECK(user.password_changed_at == kLater);
}

TEST_CASE("A credential with a new user key takes the recovery's place too", "[store][accounts]") {
  MadeData data;
  NewUser made = MadeUser(1, "ada");
  made.credential = MadeCredential("ada");
  made.recovery = Recovery{.auth_hash = MadeHash("old"), .wrapped_user_key = "old"};
  Does(data, [&](Transaction& t) { return CreateUser(t, made); });
  CHECK(Does(data, [](Transaction& t) { return ConfirmRecovery(t, MadeId(1), kMadeTime); }));
  CHECK(data.FindUser(1).recovery_confirmed_at == kMadeTime);

  const bool with_recovery = GENERATE(false, true);
  std::optional<Recovery> recovery;
  if (with_recovery) recovery = Recovery{.auth_hash = MadeHash("new"), .wrapped_user_key = "new"};
  CHECK(Does(data, [&](Transaction& t) {
    return ReplaceCredential(t, MadeId(1), 1, MadeCredential("new"), recovery, kLater);
  }));
  const User user = data.FindUser(1);
  CHECK(user.user_key_version == 2);
  CHECK(user.credential_version == 2);
  CHECK(user.recovery.has_value() == with_recovery);
  if (with_recovery) CHECK(user.recovery->auth_hash == MadeHash("new"));
  CHECK_FALSE(user.recovery_confirmed_at);
}

TEST_CASE("A rehash changes the hash and no version, and not after a new password",
          "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  const auto rehash = [&](int64_t version) {
    return Does(data, [&](Transaction& t) {
      return RehashPassword(t, MadeId(1), version, "$argon2id$stronger", kLater);
    });
  };
  CHECK_FALSE(rehash(2));
  CHECK(rehash(1));
  CHECK(data.FindUser(1).credential->password_hash == "$argon2id$stronger");
  CHECK(data.FindUser(1).credential_version == 1);
}

TEST_CASE("A disabled user keeps the credential but has another version of it",
          "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  CHECK(Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "disabled", kLater); }));
  CHECK(data.FindUser(1).status == "disabled");
  CHECK(data.FindUser(1).credential_version == 2);
  CHECK(Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "active", kLater); }));
  CHECK(data.FindUser(1).status == "active");
  CHECK(data.FindUser(1).credential);
  CHECK_FALSE(Does(data, [](Transaction& t) { return SetStatus(t, MadeId(2), "active", 0); }));
}

TEST_CASE("A disabled user stays disabled with a new credential", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  Does(data, [](Transaction& t) { return SetStatus(t, MadeId(1), "disabled", kLater); });
  CHECK(Does(data, [](Transaction& t) {
    return ReplaceCredential(t, MadeId(1), 2, MadeCredential("new"), {}, kLater);
  }));
  CHECK(data.FindUser(1).status == "disabled");
}

TEST_CASE("Failed sign-ins are counted until a session starts", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  for (int64_t expected = 1; expected <= 3; ++expected) {
    CHECK(data.Write<int64_t>([](Transaction& t) {
      return RecordFailedSignIn(t, MadeId(1), kLater, kMadeTime);
    }) == expected);
  }
  CHECK(data.FindUser(1).failed_count == 3);
  CHECK(data.FindUser(1).locked_until == kLater);
  CHECK(data.Write<int64_t>([](Transaction& t) {
    return RecordFailedSignIn(t, MadeId(9), std::nullopt, kMadeTime);
  }) == 0);
  CHECK(Does(data, [](Transaction& t) { return StartSession(t, MadeSession("a", 1), 1, 20); }));
  CHECK(data.FindUser(1).failed_count == 0);
  CHECK_FALSE(data.FindUser(1).locked_until);
}

TEST_CASE("Settings of a user are only of that user", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  CHECK(Does(data, [](Transaction& t) { return SetKeep(t, MadeId(1), "always", kLater); }));
  CHECK(Does(data, [](Transaction& t) { return SetQuota(t, MadeId(1), 7, kLater); }));
  CHECK(data.FindUser(1).keep == "always");
  CHECK(data.FindUser(1).quota_bytes == 7);
  CHECK(data.FindUser(2).keep == "never");
  CHECK(data.FindUser(2).quota_bytes == kMadeQuota);
  CHECK_FALSE(Does(data, [](Transaction& t) { return SetKeep(t, MadeId(3), "always", kLater); }));
  CHECK_FALSE(Does(data, [](Transaction& t) { return ConfirmRecovery(t, MadeId(1), kLater); }));
}

TEST_CASE("What the schema forbids is a failure and changes nothing", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  const Status status = data.database().Write([](Transaction& transaction) -> Status {
    return SetKeep(transaction, MadeId(1), "sometimes", kLater).ok()
               ? Status()
               : Fail(ErrorCode::kInvalidArgument, "refused");
  });
  CHECK_FALSE(status.ok());
  CHECK(data.FindUser(1).keep == "never");
}

TEST_CASE("Users are listed by name, page by page", "[store][accounts]") {
  MadeData data;
  int number = 0;
  for (const char* name : {"cy", "ada", "bob"}) data.AddUser(++number, name);
  const auto page = [&](const std::string& after) {
    const auto users = data.Read<std::vector<User>>(
        [&](Transaction& transaction) { return ListUsers(transaction, after, 2); });
    std::string names;
    for (const User& user : users) names += user.username_norm + " ";
    return names;
  };
  CHECK(page("") == "ada bob ");
  CHECK(page("bob") == "cy ");
  CHECK(page("cy").empty());
}

TEST_CASE("A deleted user is gone with all that hangs on it", "[store][accounts]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  for (const int user : {1, 2}) {
    data.Do([&](Transaction& t) -> Status {
      ASSIGN_OR_RETURN(const bool started,
                       StartSession(t, MadeSession("of" + std::to_string(user), user), 1, 20));
      ASSIGN_OR_RETURN(const bool begun, BeginTotp(t, MadeId(user), "secret", "k1", kMadeTime));
      CHECK((started && begun));
      RETURN_IF_ERROR(ReplaceRecoveryCodes(t, MadeId(user), {MadeHash("code")}));
      return AddChallenge(t, {.hash = MadeHash("challenge" + std::to_string(user)),
                              .kind = "second_factor",
                              .user_id = MadeId(user),
                              .data = "",
                              .expires_at = kLater})
                     .ok()
                 ? Status()
                 : Fail(ErrorCode::kInvalidArgument, "no challenge");
    });
  }
  CHECK(Does(data, [](Transaction& t) { return DeleteUser(t, MadeId(1), kLater); }));
  CHECK_FALSE(Does(data, [](Transaction& t) { return DeleteUser(t, MadeId(1), kLater); }));
  CHECK(data.Read<int64_t>([](Transaction& t) { return CountUsers(t); }) == 1);
  CHECK(data.Read<int64_t>([](Transaction& t) { return CountSessions(t); }) == 1);
  CHECK(data.FindUser(2).recovery_codes_left == 1);
  CHECK_FALSE(
      data.Read<std::optional<Totp>>([](Transaction& t) { return FindTotp(t, MadeId(1)); }));
  CHECK(data.Read<std::optional<Totp>>([](Transaction& t) { return FindTotp(t, MadeId(2)); }));
  CHECK_FALSE(data.Write<std::optional<Challenge>>([](Transaction& t) {
    return TakeChallenge(t, MadeHash("challenge1"), "second_factor", kMadeTime);
  }));
}

// --- Second factor -------------------------------------------------------------------------------

TEST_CASE("A second factor counts once a code of it was confirmed", "[store][totp]") {
  MadeData data;
  data.AddUser(1, "ada");
  const auto begin = [&](const char* secret) {
    return Does(data,
                [&](Transaction& t) { return BeginTotp(t, MadeId(1), secret, "k1", kMadeTime); });
  };
  const auto confirm = [&](const char* secret) {
    return Does(data,
                [&](Transaction& t) { return ConfirmTotp(t, MadeId(1), secret, 100, kMadeTime); });
  };
  CHECK(begin("first"));
  CHECK_FALSE(data.FindUser(1).totp);
  CHECK_FALSE(Does(data, [](Transaction& t) { return UseTotpStep(t, MadeId(1), 100); }));
  CHECK(begin("second"));
  CHECK_FALSE(confirm("first"));
  CHECK(confirm("second"));
  CHECK(data.FindUser(1).totp);
  CHECK_FALSE(confirm("second"));
  CHECK_FALSE(begin("third"));
  const auto totp =
      data.Read<std::optional<Totp>>([](Transaction& t) { return FindTotp(t, MadeId(1)); });
  REQUIRE(totp);
  CHECK(totp->sealed_secret == "second");
  CHECK(totp->key_id == "k1");
  CHECK(totp->last_step == 100);
  CHECK_FALSE(Does(data, [](Transaction& t) { return BeginTotp(t, MadeId(2), "x", "k1", 0); }));
}

TEST_CASE("A time step's code is good once, and so are all before it", "[store][totp]") {
  MadeData data;
  data.AddUser(1, "ada");
  Does(data, [](Transaction& t) { return BeginTotp(t, MadeId(1), "secret", "k1", kMadeTime); });
  Does(data, [](Transaction& t) { return ConfirmTotp(t, MadeId(1), "secret", 100, kMadeTime); });
  const auto use = [&](int64_t step) {
    return Does(data, [&](Transaction& t) { return UseTotpStep(t, MadeId(1), step); });
  };
  CHECK_FALSE(use(100));
  CHECK(use(102));
  CHECK_FALSE(use(102));
  CHECK_FALSE(use(101));
  CHECK(use(103));
}

TEST_CASE("A recovery code is good once, until there are new ones", "[store][totp]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  data.Do([](Transaction& t) {
    return ReplaceRecoveryCodes(t, MadeId(1), {MadeHash("a"), MadeHash("b"), MadeHash("c")});
  });
  const auto use = [&](int user, const char* code) {
    return Does(data, [&](Transaction& t) {
      return UseRecoveryCode(t, MadeId(user), MadeHash(code), kMadeTime);
    });
  };
  CHECK(data.FindUser(1).recovery_codes_left == 3);
  CHECK_FALSE(use(2, "a"));
  CHECK(use(1, "a"));
  CHECK_FALSE(use(1, "a"));
  CHECK(data.FindUser(1).recovery_codes_left == 2);
  data.Do([](Transaction& t) { return ReplaceRecoveryCodes(t, MadeId(1), {MadeHash("d")}); });
  CHECK_FALSE(use(1, "b"));
  CHECK(use(1, "d"));
  CHECK(data.FindUser(1).recovery_codes_left == 0);
}

TEST_CASE("Removing the second factor removes its codes", "[store][totp]") {
  MadeData data;
  data.AddUser(1, "ada");
  CHECK_FALSE(Does(data, [](Transaction& t) { return RemoveTotp(t, MadeId(1)); }));
  Does(data, [](Transaction& t) { return BeginTotp(t, MadeId(1), "secret", "k1", kMadeTime); });
  data.Do([](Transaction& t) { return ReplaceRecoveryCodes(t, MadeId(1), {MadeHash("d")}); });
  CHECK(Does(data, [](Transaction& t) { return RemoveTotp(t, MadeId(1)); }));
  CHECK(data.FindUser(1).recovery_codes_left == 0);
  CHECK_FALSE(data.FindUser(1).totp);
}

// --- Invitations and challenges ------------------------------------------------------------------

TEST_CASE("An invitation is good once, in its time, for its name", "[store][invitations]") {
  MadeData data;
  data.Do([](Transaction& t) {
    return AddInvitation(
        t, {.code_hash = MadeHash("any"), .username_norm = {}, .expires_at = kLater}, kMadeTime);
  });
  data.Do([](Transaction& t) {
    return AddInvitation(
        t, {.code_hash = MadeHash("ada's"), .username_norm = "ada", .expires_at = kLater},
        kMadeTime);
  });
  const auto use = [&](const char* code, const char* name, int64_t now) {
    return Does(data, [&](Transaction& t) { return UseInvitation(t, MadeHash(code), name, now); });
  };
  CHECK_FALSE(use("none", "ada", kMadeTime));
  CHECK_FALSE(use("ada's", "bob", kMadeTime));
  CHECK_FALSE(use("any", "bob", kLater));
  CHECK(use("any", "bob", kLater - 1));
  CHECK_FALSE(use("any", "bob", kMadeTime));
  CHECK(use("ada's", "ada", kMadeTime));
}

TEST_CASE("An invitation is not spent by a job that is discarded", "[store][invitations]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.Do([](Transaction& t) {
    return AddInvitation(
        t, {.code_hash = MadeHash("any"), .username_norm = {}, .expires_at = kLater}, kMadeTime);
  });
  CHECK_FALSE(Does(data, [](Transaction& t) -> Result<bool> {
    ASSIGN_OR_RETURN(const bool used, UseInvitation(t, MadeHash("any"), "ada", kMadeTime));
    CHECK(used);
    ASSIGN_OR_RETURN(const bool made, CreateUser(t, MadeUser(2, "ada")));
    if (!made) t.Discard();
    return made;
  }));
  CHECK(Does(data,
             [](Transaction& t) { return UseInvitation(t, MadeHash("any"), "bob", kMadeTime); }));
}

Challenge MadeChallenge(std::string_view name) {
  return {.hash = MadeHash(name),
          .kind = "second_factor",
          .user_id = MadeId(1),
          .data = std::string("\0data", 5),
          .expires_at = kLater};
}

TEST_CASE("A challenge is handed out once, in its time, for its kind", "[store][challenges]") {
  MadeData data;
  data.AddUser(1, "ada");
  CHECK(Does(data, [](Transaction& t) { return AddChallenge(t, MadeChallenge("a")); }));
  const auto take = [&](const char* kind, int64_t now) {
    return data.Write<std::optional<Challenge>>(
        [&](Transaction& t) { return TakeChallenge(t, MadeHash("a"), kind, now); });
  };
  CHECK_FALSE(take("recovery", kMadeTime));
  CHECK_FALSE(take("second_factor", kLater));
  const auto taken = take("second_factor", kLater - 1);
  REQUIRE(taken);
  CHECK(taken->user_id == MadeId(1));
  CHECK(taken->data == std::string("\0data", 5));
  CHECK(taken->expires_at == kLater);
  CHECK_FALSE(take("second_factor", kMadeTime));
}

TEST_CASE("A challenge may be attempted a number of times", "[store][challenges][limits]") {
  MadeData data;
  data.AddUser(1, "ada");
  Does(data, [](Transaction& t) { return AddChallenge(t, MadeChallenge("a")); });
  const auto attempt = [&] {
    return data.Write<std::optional<Challenge>>([](Transaction& t) {
      return AttemptChallenge(t, MadeHash("a"), "second_factor", 3, kMadeTime);
    });
  };
  for (int i = 0; i < 3; ++i) CHECK(attempt());
  CHECK_FALSE(attempt());
}

TEST_CASE("A challenge is for a user that is there", "[store][challenges]") {
  MadeData data;
  CHECK_FALSE(Does(data, [](Transaction& t) { return AddChallenge(t, MadeChallenge("a")); }));
}

TEST_CASE("The sweep removes what is over, and only that", "[store][challenges]") {
  constexpr int64_t kMonth = int64_t{30} * 24 * 3'600 * 1'000;
  MadeData data;
  data.AddUser(1, "ada");
  data.Do([](Transaction& t) -> Status {
    ASSIGN_OR_RETURN(const bool a, AddChallenge(t, MadeChallenge("a")));
    CHECK(a);
    return AddInvitation(t, {.code_hash = MadeHash("i"), .username_norm = {}, .expires_at = kLater},
                         kMadeTime);
  });
  const auto sweep = [&](int64_t now) {
    return data.Write<int64_t>([&](Transaction& t) { return SweepChallenges(t, now); });
  };
  CHECK(sweep(kLater - 1) == 0);
  CHECK(sweep(kLater) == 1);
  CHECK(sweep(kLater + kMonth - 1) == 0);
  CHECK(sweep(kLater + kMonth) == 1);
}

TEST_CASE("A setting is set once and then kept", "[store]") {
  MadeData data;
  const auto set = [&](const char* value) {
    return data.Write<std::string>(
        [&](Transaction& t) { return SetSettingOnce(t, "salt_key", value); });
  };
  const auto find = [&] {
    return data.Read<std::optional<std::string>>(
        [](Transaction& t) { return FindSetting(t, "salt_key"); });
  };
  CHECK_FALSE(find());
  CHECK(set("one") == "one");
  CHECK(set("two") == "one");
  CHECK(find() == "one");
}

}  // namespace
}  // namespace insitu
