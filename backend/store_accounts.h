// People: users and their credentials, second factors, recovery codes, invitations and challenges.
//
// Every function is a step of one job of Database::Write (or Read, for those named Find, Count and
// List): compose a use case of them in one job and it happens wholly or not at all. A step that
// finds an outcome half way may leave that to Transaction::Discard(). A failure is a fault of the
// storage. Byte strings are std::string; times are unix milliseconds; ids are UUIDv7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.h"
#include "shared/result.h"

namespace insitu {

// How a person proves to be a user, and what the server keeps for it: the password's hash, or with
// the scheme "e2e" the hash of the authentication key and the wrapped user key. All of it changes
// at once, and the user's credential_version with it.
struct Credential {
  std::string scheme;         // "password" or "e2e"
  std::string password_hash;  // a PHC string, with the pepper's key id
  // Only with e2e:
  std::optional<std::string> kdf;               // JSON
  std::optional<std::string> salt;              // bytes
  std::optional<std::string> wrapped_user_key;  // bytes
};

// What opens the user key if the password is lost; only with e2e.
struct Recovery {
  std::string auth_hash;         // of the recovery authentication key, bytes
  std::string wrapped_user_key;  // bytes
};

struct User {
  std::string id;
  std::string username;       // as it was typed
  std::string username_norm;  // as it is compared; unique
  std::string role;           // "user" or "admin"
  std::string status;         // "active", "disabled", or "pending": made, but no credential yet
  std::optional<Credential> credential;
  int64_t credential_version = 1;  // +1 at each change of credential or status, see StartSession
  int64_t user_key_version = 1;    // +1 whenever there is a new user key
  std::optional<Recovery> recovery;
  std::optional<int64_t> recovery_confirmed_at;
  std::string keep;  // "ask", "always" or "never"
  std::optional<std::string> reset_code_hash;
  std::optional<int64_t> reset_expires_at;
  int64_t failed_count = 0;  // sign-ins that failed since the last that did not
  std::optional<int64_t> failed_at;
  std::optional<int64_t> locked_until;
  int64_t quota_bytes = 0;
  int64_t used_bytes = 0;
  int64_t password_changed_at = 0;
  int64_t created_at = 0;
  int64_t updated_at = 0;
  bool totp = false;                // confirmed
  int64_t recovery_codes_left = 0;  // not used
};

// Reads the columns that sql.h calls INSITU_SQL_USER; for the store's own files.
User ReadUser(const Statement& row, int first);

struct NewUser {
  std::string id;
  std::string username;
  std::string username_norm;
  std::string role = "user";
  std::optional<Credential> credential;  // none: status "pending", waits for its reset code
  std::optional<Recovery> recovery;
  int64_t quota_bytes = 0;
  int64_t now = 0;
};

Result<std::optional<User>> FindUserByName(Transaction& transaction, std::string_view norm);
Result<std::optional<User>> FindUser(Transaction& transaction, std::string_view user_id);

// In the order of their names, from the one after `after` ("" for the first).
Result<std::vector<User>> ListUsers(Transaction& transaction, std::string_view after,
                                    int64_t limit);
Result<int64_t> CountUsers(Transaction& transaction);

// False if the name is taken.
Result<bool> CreateUser(Transaction& transaction, const NewUser& user);

// Each false if there is no such user (any more), or its credential_version is not `expected`.
//
// A new password: the user key stays and is wrapped anew, so user_key_version must be as expected
// too. Spends a reset code, forgets failed sign-ins. The sessions are the caller's to end.
Result<bool> ChangeCredential(Transaction& transaction, std::string_view user_id,
                              int64_t expected_credential_version,
                              int64_t expected_user_key_version, const Credential& credential,
                              int64_t now);

// A credential with another user key, which opens nothing that was kept before: takes the place of
// the credential and of the recovery, raises user_key_version, clears recovery_confirmed_at, makes
// a pending user active and spends the reset code. The objects and sessions are the caller's to
// end.
Result<bool> ReplaceCredential(Transaction& transaction, std::string_view user_id,
                               int64_t expected_credential_version, const Credential& credential,
                               const std::optional<Recovery>& recovery, int64_t now);

// The same credential, hashed anew (stronger settings, another pepper): no version changes.
Result<bool> RehashPassword(Transaction& transaction, std::string_view user_id,
                            int64_t expected_credential_version, std::string_view password_hash,
                            int64_t now);

// Each false if there is no such user.
Result<bool> SetRecovery(Transaction& transaction, std::string_view user_id,
                         const Recovery& recovery, int64_t now);  // to be confirmed again
Result<bool> ConfirmRecovery(Transaction& transaction, std::string_view user_id, int64_t now);
Result<bool> SetKeep(Transaction& transaction, std::string_view user_id, std::string_view keep,
                     int64_t now);
Result<bool> SetQuota(Transaction& transaction, std::string_view user_id, int64_t quota_bytes,
                      int64_t now);

// "active" or "disabled". Raises credential_version, so no sign-in under way ends in a session.
// The sessions are the caller's to end. A user without a credential becomes pending, not active.
Result<bool> SetStatus(Transaction& transaction, std::string_view user_id, std::string_view status,
                       int64_t now);

// An administrator's one-time code, with which the person makes a new credential (ReplaceCredential
// spends it). The old credential stays until then.
Result<bool> SetResetCode(Transaction& transaction, std::string_view user_id,
                          std::string_view code_hash, int64_t expires_at, int64_t now);

// A failed sign-in; returns how many there are since the last good one, or 0 for no such user.
Result<int64_t> RecordFailedSignIn(Transaction& transaction, std::string_view user_id,
                                   std::optional<int64_t> locked_until, int64_t now);

// Everything of a user goes: sessions, factors, challenges and, once the sweep of object_files.h
// has run, the bodies of the objects. False if there is no such user.
Result<bool> DeleteUser(Transaction& transaction, std::string_view user_id, int64_t now);

// --- Second factor -------------------------------------------------------------------------------

struct Totp {
  std::string sealed_secret;
  std::string key_id;  // of the key that it is sealed with
  std::optional<int64_t> confirmed_at;
  int64_t last_step = 0;  // the newest time step whose code was used
};

Result<std::optional<Totp>> FindTotp(Transaction& transaction, std::string_view user_id);

// A secret that does not count until a code of it was confirmed; takes the place of another such.
// False if a confirmed one is there, or there is no such user.
Result<bool> BeginTotp(Transaction& transaction, std::string_view user_id,
                       std::string_view sealed_secret, std::string_view key_id, int64_t now);

// The first code, of time step `step`, was right: from now on it counts. False if there is nothing
// to confirm, or the sealed secret is not the one that the code was checked against.
Result<bool> ConfirmTotp(Transaction& transaction, std::string_view user_id,
                         std::string_view sealed_secret, int64_t step, int64_t now);

// Uses up a code: true for the first that comes with a step beyond all used before; of any number
// at the same time one is first.
Result<bool> UseTotpStep(Transaction& transaction, std::string_view user_id, int64_t step);

// Removes the second factor and its recovery codes. False if there was none.
Result<bool> RemoveTotp(Transaction& transaction, std::string_view user_id);

// The codes that are good from now on; those before are not.
Status ReplaceRecoveryCodes(Transaction& transaction, std::string_view user_id,
                            const std::vector<std::string>& code_hashes);

// True once for each code.
Result<bool> UseRecoveryCode(Transaction& transaction, std::string_view user_id,
                             std::string_view code_hash, int64_t now);

// --- Invitations ---------------------------------------------------------------------------------

struct Invitation {
  std::string code_hash;
  std::optional<std::string> username_norm;  // only good for that name
  int64_t expires_at = 0;
};

Status AddInvitation(Transaction& transaction, const Invitation& invitation, int64_t now);

// True once for each invitation, before it expires and for the name it was made for.
Result<bool> UseInvitation(Transaction& transaction, std::string_view code_hash,
                           std::string_view username_norm, int64_t now);

// --- Challenges: what a client was given to come back with, such as the ticket between password
// and second factor
// -----------------------------------------------------------------------------------

struct Challenge {
  std::string hash;  // of what the client holds
  std::string kind;  // "second_factor", "recovery", …
  std::string user_id;
  std::string data;  // the caller's own
  int64_t expires_at = 0;
};

// False if there is no such user (any more).
Result<bool> AddChallenge(Transaction& transaction, const Challenge& challenge);

// Counts an attempt; nothing if the challenge is unknown, of another kind, expired, or was
// attempted `max_attempts` times already.
Result<std::optional<Challenge>> AttemptChallenge(Transaction& transaction, std::string_view hash,
                                                  std::string_view kind, int64_t max_attempts,
                                                  int64_t now);

// Hands it out once; the others get nothing.
Result<std::optional<Challenge>> TakeChallenge(Transaction& transaction, std::string_view hash,
                                               std::string_view kind, int64_t now);

// Removes expired challenges and invitations that expired or were used 30 days ago; how many.
Result<int64_t> SweepChallenges(Transaction& transaction, int64_t now);

// --- Settings: what the server itself keeps, such as the key behind the salts of unknown users ---

Result<std::optional<std::string>> FindSetting(Transaction& transaction, std::string_view key);

// Keeps the value that is there, if there is one; returns the one that holds.
Result<std::string> SetSettingOnce(Transaction& transaction, std::string_view key,
                                   std::string_view value);

}  // namespace insitu
