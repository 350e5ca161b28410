#include "backend/store_accounts.h"

#include "backend/sql.h"

namespace insitu {
namespace {

constexpr int64_t kKeptAfterUse = int64_t{30} * 24 * 3'600 * 1'000;

Result<int64_t> Count(Statement& statement) {
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Integer(0) : int64_t{0};
}

Result<std::optional<User>> ReadOneUser(Statement& statement) {
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return std::optional<User>();
  return std::optional<User>(ReadUser(statement, 0));
}

Result<std::optional<Challenge>> ReadChallenge(Statement& statement, std::string_view hash,
                                               std::string_view kind) {
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return std::optional<Challenge>();
  Challenge challenge{.hash = std::string(hash),
                      .kind = std::string(kind),
                      .user_id = statement.Text(0),
                      .data = statement.Blob(1),
                      .expires_at = statement.Integer(2)};
  // Only when it has come to its end is a statement that changes rows whole.
  RETURN_IF_ERROR(statement.RunToStatus());
  return std::optional<Challenge>(std::move(challenge));
}

}  // namespace

User ReadUser(const Statement& row, int first) {
  int column = first;
  User user;
  user.id = row.Text(column++);
  user.username = row.Text(column++);
  user.username_norm = row.Text(column++);
  user.role = row.Text(column++);
  user.status = row.Text(column++);
  Credential credential;
  credential.scheme = row.Text(column++);
  credential.password_hash = row.Text(column++);
  credential.kdf = row.OptionalText(column++);
  credential.salt = row.OptionalBlob(column++);
  credential.wrapped_user_key = row.OptionalBlob(column++);
  if (!credential.scheme.empty()) user.credential = std::move(credential);
  user.credential_version = row.Integer(column++);
  user.user_key_version = row.Integer(column++);
  const bool has_recovery = !row.IsNull(column);
  Recovery recovery;
  recovery.auth_hash = row.Blob(column++);
  recovery.wrapped_user_key = row.Blob(column++);
  if (has_recovery) user.recovery = std::move(recovery);
  user.recovery_confirmed_at = row.OptionalInteger(column++);
  user.keep = row.Text(column++);
  user.reset_code_hash = row.OptionalBlob(column++);
  user.reset_expires_at = row.OptionalInteger(column++);
  user.failed_count = row.Integer(column++);
  user.failed_at = row.OptionalInteger(column++);
  user.locked_until = row.OptionalInteger(column++);
  user.quota_bytes = row.Integer(column++);
  user.used_bytes = row.Integer(column++);
  user.password_changed_at = row.Integer(column++);
  user.created_at = row.Integer(column++);
  user.updated_at = row.Integer(column++);
  user.totp = row.Integer(column++) > 0;
  user.recovery_codes_left = row.Integer(column);
  return user;
}

Result<std::optional<User>> FindUserByName(Transaction& transaction, std::string_view norm) {
  return ReadOneUser(transaction.Prepare(sql::kFindUserByName).Bind(1, norm));
}

Result<std::optional<User>> FindUser(Transaction& transaction, std::string_view user_id) {
  return ReadOneUser(transaction.Prepare(sql::kFindUser).Bind(1, user_id));
}

Result<std::vector<User>> ListUsers(Transaction& transaction, std::string_view after,
                                    int64_t limit) {
  Statement& list = transaction.Prepare(sql::kListUsers).Bind(1, after).Bind(2, limit);
  std::vector<User> users;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return users;
    users.push_back(ReadUser(list, 0));
  }
}

Result<int64_t> CountUsers(Transaction& transaction) {
  return Count(transaction.Prepare(sql::kCountUsers));
}

Result<bool> CreateUser(Transaction& transaction, const NewUser& user) {
  const Credential none;
  const Credential& credential = user.credential ? *user.credential : none;
  Statement& create = transaction.Prepare(sql::kCreateUser);
  create.Bind(1, user.id)
      .Bind(2, user.username_norm)
      .Bind(3, user.username)
      .Bind(4, user.role)
      .Bind(5, user.credential ? "active" : "pending")
      .BindNull(6)
      .BindNull(7)
      .Bind(8, user.now)
      .Bind(9, credential.kdf)
      .BindBlob(10, credential.salt)
      .BindBlob(11, credential.wrapped_user_key)
      .BindNull(12)
      .BindNull(13)
      .Bind(14, user.quota_bytes);
  if (user.credential) create.Bind(6, credential.scheme).Bind(7, credential.password_hash);
  if (user.recovery) {
    create.BindBlob(12, user.recovery->auth_hash).BindBlob(13, user.recovery->wrapped_user_key);
  }
  return create.RunToOne();
}

Result<bool> ChangeCredential(Transaction& transaction, std::string_view user_id,
                              int64_t expected_credential_version,
                              int64_t expected_user_key_version, const Credential& credential,
                              int64_t now) {
  return transaction.Prepare(sql::kChangeCredential)
      .Bind(1, user_id)
      .Bind(2, expected_credential_version)
      .Bind(3, expected_user_key_version)
      .Bind(4, credential.scheme)
      .Bind(5, credential.password_hash)
      .Bind(6, credential.kdf)
      .BindBlob(7, credential.salt)
      .BindBlob(8, credential.wrapped_user_key)
      .Bind(9, now)
      .RunToOne();
}

Result<bool> ReplaceCredential(Transaction& transaction, std::string_view user_id,
                               int64_t expected_credential_version, const Credential& credential,
                               const std::optional<Recovery>& recovery, int64_t now) {
  Statement& replace = transaction.Prepare(sql::kReplaceCredential);
  replace.Bind(1, user_id)
      .Bind(2, expected_credential_version)
      .Bind(3, credential.scheme)
      .Bind(4, credential.password_hash)
      .Bind(5, credential.kdf)
      .BindBlob(6, credential.salt)
      .BindBlob(7, credential.wrapped_user_key)
      .BindNull(8)
      .BindNull(9)
      .Bind(10, now);
  if (recovery) replace.BindBlob(8, recovery->auth_hash).BindBlob(9, recovery->wrapped_user_key);
  return replace.RunToOne();
}

Result<bool> RehashPassword(Transaction& transaction, std::string_view user_id,
                            int64_t expected_credential_version, std::string_view password_hash,
                            int64_t now) {
  return transaction.Prepare(sql::kRehashPassword)
      .Bind(1, user_id)
      .Bind(2, expected_credential_version)
      .Bind(3, password_hash)
      .Bind(4, now)
      .RunToOne();
}

Result<bool> SetRecovery(Transaction& transaction, std::string_view user_id,
                         const Recovery& recovery, int64_t now) {
  return transaction.Prepare(sql::kSetRecovery)
      .Bind(1, user_id)
      .BindBlob(2, recovery.auth_hash)
      .BindBlob(3, recovery.wrapped_user_key)
      .Bind(4, now)
      .RunToOne();
}

Result<bool> ConfirmRecovery(Transaction& transaction, std::string_view user_id, int64_t now) {
  return transaction.Prepare(sql::kConfirmRecovery).Bind(1, user_id).Bind(2, now).RunToOne();
}

Result<bool> SetKeep(Transaction& transaction, std::string_view user_id, std::string_view keep,
                     int64_t now) {
  return transaction.Prepare(sql::kSetKeep).Bind(1, user_id).Bind(2, keep).Bind(3, now).RunToOne();
}

Result<bool> SetQuota(Transaction& transaction, std::string_view user_id, int64_t quota_bytes,
                      int64_t now) {
  return transaction.Prepare(sql::kSetQuota)
      .Bind(1, user_id)
      .Bind(2, quota_bytes)
      .Bind(3, now)
      .RunToOne();
}

Result<bool> SetStatus(Transaction& transaction, std::string_view user_id, std::string_view status,
                       int64_t now) {
  return transaction.Prepare(sql::kSetStatus)
      .Bind(1, user_id)
      .Bind(2, status)
      .Bind(3, now)
      .RunToOne();
}

Result<bool> SetResetCode(Transaction& transaction, std::string_view user_id,
                          std::string_view code_hash, int64_t expires_at, int64_t now) {
  return transaction.Prepare(sql::kSetResetCode)
      .Bind(1, user_id)
      .BindBlob(2, code_hash)
      .Bind(3, expires_at)
      .Bind(4, now)
      .RunToOne();
}

Result<int64_t> RecordFailedSignIn(Transaction& transaction, std::string_view user_id,
                                   std::optional<int64_t> locked_until, int64_t now) {
  Statement& record = transaction.Prepare(sql::kRecordFailedSignIn)
                          .Bind(1, user_id)
                          .Bind(2, locked_until)
                          .Bind(3, now);
  ASSIGN_OR_RETURN(const bool row, record.Step());
  if (!row) return int64_t{0};
  const int64_t count = record.Integer(0);
  RETURN_IF_ERROR(record.RunToStatus());
  return count;
}

Result<bool> DeleteUser(Transaction& transaction, std::string_view user_id, int64_t now) {
  RETURN_IF_ERROR(transaction.Prepare(sql::kMarkAllObjectsDeleting)
                      .Bind(1, user_id)
                      .BindBlob(2, std::string_view())
                      .Bind(3, now)
                      .RunToStatus());
  return transaction.Prepare(sql::kDeleteUser).Bind(1, user_id).RunToOne();
}

// --- Second factor -------------------------------------------------------------------------------

Result<std::optional<Totp>> FindTotp(Transaction& transaction, std::string_view user_id) {
  Statement& find = transaction.Prepare(sql::kFindTotp).Bind(1, user_id);
  ASSIGN_OR_RETURN(const bool row, find.Step());
  if (!row) return std::optional<Totp>();
  return std::optional<Totp>({.sealed_secret = find.Blob(0),
                              .key_id = find.Text(1),
                              .confirmed_at = find.OptionalInteger(2),
                              .last_step = find.Integer(3)});
}

Result<bool> BeginTotp(Transaction& transaction, std::string_view user_id,
                       std::string_view sealed_secret, std::string_view key_id, int64_t now) {
  return transaction.Prepare(sql::kBeginTotp)
      .Bind(1, user_id)
      .BindBlob(2, sealed_secret)
      .Bind(3, key_id)
      .Bind(4, now)
      .RunToOne();
}

Result<bool> ConfirmTotp(Transaction& transaction, std::string_view user_id,
                         std::string_view sealed_secret, int64_t step, int64_t now) {
  return transaction.Prepare(sql::kConfirmTotp)
      .Bind(1, user_id)
      .BindBlob(2, sealed_secret)
      .Bind(3, step)
      .Bind(4, now)
      .RunToOne();
}

Result<bool> UseTotpStep(Transaction& transaction, std::string_view user_id, int64_t step) {
  return transaction.Prepare(sql::kUseTotpStep).Bind(1, user_id).Bind(2, step).RunToOne();
}

Result<bool> RemoveTotp(Transaction& transaction, std::string_view user_id) {
  RETURN_IF_ERROR(transaction.Prepare(sql::kRemoveRecoveryCodes).Bind(1, user_id).RunToStatus());
  return transaction.Prepare(sql::kRemoveTotp).Bind(1, user_id).RunToOne();
}

Status ReplaceRecoveryCodes(Transaction& transaction, std::string_view user_id,
                            const std::vector<std::string>& code_hashes) {
  RETURN_IF_ERROR(transaction.Prepare(sql::kRemoveRecoveryCodes).Bind(1, user_id).RunToStatus());
  for (const std::string& code_hash : code_hashes) {
    RETURN_IF_ERROR(transaction.Prepare(sql::kAddRecoveryCode)
                        .Bind(1, user_id)
                        .BindBlob(2, code_hash)
                        .RunToStatus());
  }
  return {};
}

Result<bool> UseRecoveryCode(Transaction& transaction, std::string_view user_id,
                             std::string_view code_hash, int64_t now) {
  return transaction.Prepare(sql::kUseRecoveryCode)
      .Bind(1, user_id)
      .BindBlob(2, code_hash)
      .Bind(3, now)
      .RunToOne();
}

// --- Invitations and challenges ------------------------------------------------------------------

Status AddInvitation(Transaction& transaction, const Invitation& invitation, int64_t now) {
  return transaction.Prepare(sql::kAddInvitation)
      .BindBlob(1, invitation.code_hash)
      .Bind(2, invitation.username_norm)
      .Bind(3, now)
      .Bind(4, invitation.expires_at)
      .RunToStatus();
}

Result<bool> UseInvitation(Transaction& transaction, std::string_view code_hash,
                           std::string_view username_norm, int64_t now) {
  return transaction.Prepare(sql::kUseInvitation)
      .BindBlob(1, code_hash)
      .Bind(2, username_norm)
      .Bind(3, now)
      .RunToOne();
}

Result<bool> AddChallenge(Transaction& transaction, const Challenge& challenge) {
  return transaction.Prepare(sql::kAddChallenge)
      .BindBlob(1, challenge.hash)
      .Bind(2, challenge.kind)
      .Bind(3, challenge.user_id)
      .BindBlob(4, challenge.data)
      .Bind(5, challenge.expires_at)
      .RunToOne();
}

Result<std::optional<Challenge>> AttemptChallenge(Transaction& transaction, std::string_view hash,
                                                  std::string_view kind, int64_t max_attempts,
                                                  int64_t now) {
  return ReadChallenge(transaction.Prepare(sql::kAttemptChallenge)
                           .BindBlob(1, hash)
                           .Bind(2, kind)
                           .Bind(3, now)
                           .Bind(4, max_attempts),
                       hash, kind);
}

Result<std::optional<Challenge>> TakeChallenge(Transaction& transaction, std::string_view hash,
                                               std::string_view kind, int64_t now) {
  return ReadChallenge(
      transaction.Prepare(sql::kTakeChallenge).BindBlob(1, hash).Bind(2, kind).Bind(3, now), hash,
      kind);
}

Result<int64_t> SweepChallenges(Transaction& transaction, int64_t now) {
  ASSIGN_OR_RETURN(const int64_t challenges,
                   transaction.Prepare(sql::kSweepChallenges).Bind(1, now).Run());
  ASSIGN_OR_RETURN(const int64_t invitations,
                   transaction.Prepare(sql::kSweepInvitations).Bind(1, now - kKeptAfterUse).Run());
  return challenges + invitations;
}

// --- Settings ------------------------------------------------------------------------------------

Result<std::optional<std::string>> FindSetting(Transaction& transaction, std::string_view key) {
  Statement& find = transaction.Prepare(sql::kFindSetting).Bind(1, key);
  ASSIGN_OR_RETURN(const bool row, find.Step());
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(find.Blob(0));
}

Result<std::string> SetSettingOnce(Transaction& transaction, std::string_view key,
                                   std::string_view value) {
  RETURN_IF_ERROR(
      transaction.Prepare(sql::kAddSetting).Bind(1, key).BindBlob(2, value).RunToStatus());
  ASSIGN_OR_RETURN(std::optional<std::string> kept, FindSetting(transaction, key));
  return kept.value_or(std::string(value));
}

}  // namespace insitu
