// Sessions, known by the SHA-256 of their token. Steps of a job, as in store_accounts.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.h"
#include "backend/store_accounts.h"
#include "shared/result.h"

namespace insitu {

struct Session {
  std::string token_hash;  // 32 bytes
  std::string id;          // what the person sees and ends it by
  std::string user_id;
  int64_t created_at = 0;
  int64_t last_seen_at = 0;
  int64_t expires_at = 0;  // absolute; the idle limit is the caller's, from last_seen_at
  int64_t auth_at = 0;     // when the person last proved who they are
  std::string amr;         // how: "pwd", "pwd otp", …
  std::string address;     // shortened
  std::string browser;     // short
};

// Starts a session of an active user whose credential is still the one that was checked, forgets
// failed sign-ins, and ends the user's oldest sessions beyond `max_sessions`. False, and nothing is
// done, if the user is gone or disabled, or the credential_version is not `expected`.
Result<bool> StartSession(Transaction& transaction, const Session& session,
                          int64_t expected_credential_version, int64_t max_sessions);

struct SignedIn {
  Session session;
  User user;
};

// A session that has not expired, was seen after `seen_after` (the idle limit), of an active user.
Result<std::optional<SignedIn>> FindSession(Transaction& transaction, std::string_view token_hash,
                                            int64_t seen_after, int64_t now);

// Seen now. Call it at most once a minute a session: it is a write. False if it has ended.
Result<bool> TouchSession(Transaction& transaction, std::string_view token_hash,
                          std::string_view address, int64_t now);

// Another token (and auth_at, amr) for the same session, which keeps id, created_at and expires_at.
// False if it has ended: of two at the same time one is first.
Result<bool> RotateSession(Transaction& transaction, std::string_view token_hash,
                           std::string_view new_token_hash, int64_t auth_at, std::string_view amr,
                           int64_t now);

// False if there is no such session (of that user).
Result<bool> EndSession(Transaction& transaction, std::string_view token_hash);
Result<bool> EndSessionById(Transaction& transaction, std::string_view user_id,
                            std::string_view session_id);

// All of a user but the one with that id ("": all); how many.
Result<int64_t> EndOtherSessions(Transaction& transaction, std::string_view user_id,
                                 std::string_view kept_session_id);

// Of everybody, as after a restore; how many.
Result<int64_t> EndAllSessions(Transaction& transaction);

// Those that FindSession would find, newest sign-in first.
Result<std::vector<Session>> ListSessions(Transaction& transaction, std::string_view user_id,
                                          int64_t seen_after, int64_t now);

Result<int64_t> CountSessions(Transaction& transaction);

// Removes those that FindSession would not find; how many.
Result<int64_t> SweepSessions(Transaction& transaction, int64_t seen_after, int64_t now);

}  // namespace insitu
