#include "tests/made_data.h"

#include <catch_amalgamated.hpp>
#include <cstdio>

#include "backend/crypto.h"
#include "shared/str_cat.h"

namespace insitu {

std::string MadeHash(std::string_view text) {
  std::string hash(text);
  hash.resize(32, '.');
  return hash;
}

std::string MadeId(int number) {
  std::string digits = std::to_string(number);
  return StrCat("00000000-0000-7000-8000-", std::string(12 - digits.size(), '0'), digits);
}

NewUser MadeUser(int number, std::string_view name) {
  NewUser user;
  user.id = MadeId(number);
  user.username = StrCat("The ", name);
  user.username_norm = name;
  user.credential = Credential{.scheme = "password",
                               .password_hash = "$argon2id$of-" + std::string(name),
                               .kdf = {},
                               .salt = {},
                               .wrapped_user_key = {}};
  user.quota_bytes = kMadeQuota;
  user.now = kMadeTime;
  return user;
}

Session MadeSession(std::string_view token, int user, int64_t now) {
  return {.token_hash = MadeHash(token),
          .id = StrCat("session-", token),
          .user_id = MadeId(user),
          .created_at = now,
          .last_seen_at = now,
          .expires_at = now + 1'000,
          .auth_at = now,
          .amr = "pwd",
          .address = "192.0.2.0",
          .browser = "Firefox on Linux"};
}

Object MadeObject(int number, int user, std::string_view body) {
  Object object;
  object.id = MadeId(number);
  object.user_id = MadeId(user);
  object.mode = "e2e";
  object.body_bytes = static_cast<int64_t>(body.size());
  object.body_sha256 = Sha256Bytes(body);
  return object;
}

MadeData::MadeData(const DatabaseOptions& options) : options_(options) {
  options_.clock = [this] { return now; };
  Reopen();
}

void MadeData::Reopen() {
  database_.reset();
  database_ = Must(Database::Open(folder(), options_));
}

void MadeData::Do(const Database::Job& job) {
  const Status status = database().Write(job);
  if (!status.ok()) Report(status.error());
}

void MadeData::AddUser(int number, std::string_view name) {
  REQUIRE(Write<bool>(
      [&](Transaction& transaction) { return CreateUser(transaction, MadeUser(number, name)); }));
}

User MadeData::FindUser(int number) {
  const auto user = Read<std::optional<User>>(
      [&](Transaction& transaction) { return insitu::FindUser(transaction, MadeId(number)); });
  REQUIRE(user);
  return *user;
}

void MadeData::Report(const Error& error) { FAIL(error.message); }

}  // namespace insitu
