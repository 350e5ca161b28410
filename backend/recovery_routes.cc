// Getting back in without the password: by the recovery key, or by an administrator's code.
#include "backend/account_json.h"
#include "backend/account_routes.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/one_time_code.h"
#include "backend/sessions.h"
#include "backend/sign_in.h"
#include "backend/store_objects.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kRecoveryAuthKeyBytes = 32;

// --- Recovery by the recovery key ---

Response Recover(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Username name = ReadUsername(&fields);
  const Secret key(
      ReadBytes(&fields, "recovery_auth_key", kRecoveryAuthKeyBytes, kRecoveryAuthKeyBytes));
  if (!fields.Complete()) return fields.Refusal();

  Attempt attempt = AttemptOn(accounts, request, name.normalized);
  attempt.account = StrCat("recovery:", name.normalized);
  if (const auto wait = accounts.throttle.Charge(attempt)) return TooManyAttempts(*wait);
  auto found = ReadFor<std::optional<User>>(accounts, [&](Transaction& transaction) {
    return FindUserByName(transaction, name.normalized);
  });
  if (!found.ok()) {
    accounts.throttle.Refund(attempt);
    return found.reply();
  }
  const std::optional<User>& user = found.value();
  const bool can_be_right = user && user->status == "active" && user->recovery;
  const std::string expected =
      can_be_right ? user->recovery->auth_hash : std::string(kSha256Bytes, '\0');
  const bool equal = EqualInConstantTime(Sha256Bytes(key.bytes()), expected);
  if (!can_be_right || !equal) {
    return InvalidCredentials(accounts, request, 401, "recovery", user ? user->id : "");
  }
  auto ticket =
      WriteFor<std::string>(accounts, [&](Transaction& transaction) -> Result<std::string> {
        RETURN_IF_ERROR(Audit(transaction, accounts, request, user->id, "recovery", user->id));
        return AddTicket(transaction, accounts, kRecoveryTicket,
                         {user->id, user->credential_version, "rec"});
      });
  if (!ticket.ok()) return ticket.reply();
  accounts.throttle.Forgive(attempt);
  return JsonReply(200, {{"ticket", ticket.value()},
                         {"wrapped_user_key", ToBase64Url(user->recovery->wrapped_user_key)},
                         {"user_key_version", user->user_key_version}});
}

// A new credential for the user of a ticket, who keeps the user key; then the sign-in goes on.
Result<SignInStep> FinishRecoveryIn(Transaction& transaction, const Accounts& accounts,
                                    const Request& request, std::string_view ticket_hash,
                                    const Credential& credential, const NewSession& session) {
  const int64_t now = accounts.database.Now();
  ASSIGN_OR_RETURN(const auto challenge,
                   TakeChallenge(transaction, ticket_hash, kRecoveryTicket, now));
  if (!challenge) return SignInStep{};
  const Ticket ticket = ReadTicket(*challenge);
  ASSIGN_OR_RETURN(const auto before, FindUser(transaction, ticket.user_id));
  if (!before) return SignInStep{};
  ASSIGN_OR_RETURN(const bool changed,
                   ChangeCredential(transaction, ticket.user_id, ticket.credential_version,
                                    before->user_key_version, credential, now));
  if (!changed) return SignInStep{};
  RETURN_IF_ERROR(EndOtherSessions(transaction, ticket.user_id, ""));
  RETURN_IF_ERROR(
      Audit(transaction, accounts, request, ticket.user_id, "recovered", ticket.user_id));
  ASSIGN_OR_RETURN(const auto user, FindUser(transaction, ticket.user_id));
  if (!user) return SignInStep{};
  return GoOnSigningIn(transaction, accounts, request, *user, session);
}

Response SignInStepReply(const Accounts& accounts, const Request& request, const SignInStep& step,
                         const NewSession& session) {
  if (!step.ticket.empty()) return SecondFactorReply(step.ticket);
  return SignInReply(accounts, request, 200, *step.caller, session.token);
}

Response FinishRecovery(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const std::string ticket_hash = HashToken(fields.Text("ticket", 1, kMaxCodeBytes));
  JsonFields new_fields(fields.Object("new"), fields.PointerTo("new"));
  NewCredential made = ReadCredential("e2e", &new_fields, /*with_recovery=*/false);
  fields.Take(std::move(new_fields));
  if (!fields.Complete()) return fields.Refusal();

  // Who has no ticket makes the server hash nothing.
  auto challenge = WriteFor<std::optional<Challenge>>(accounts, [&](Transaction& transaction) {
    return AttemptChallenge(transaction, ticket_hash, kRecoveryTicket, kMaxTicketAttempts,
                            accounts.database.Now());
  });
  if (!challenge.ok()) return challenge.reply();
  if (!challenge.value()) return TicketExpired();
  OrReply<std::string> hash =
      HashNewProof(accounts, made.proof, "", /*has_second_factor=*/false, "/new/password");
  if (!hash.ok()) return hash.reply();
  made.credential.password_hash = hash.value();
  const NewSession session = MakeSession(accounts, request, challenge.value()->user_id, "rec");
  auto done = WriteFor<SignInStep>(accounts, [&](Transaction& transaction) {
    return FinishRecoveryIn(transaction, accounts, request, ticket_hash, made.credential, session);
  });
  if (!done.ok()) return done.reply();
  if (!done.value().caller && done.value().ticket.empty()) return TicketExpired();
  return SignInStepReply(accounts, request, done.value(), session);
}

Response NewRecoveryKey(Accounts& accounts, const Request& request, const PathParameters&,
                        const Caller& caller) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Recovery recovery =
      ReadRecovery(JsonFields(fields.Object("recovery"), fields.PointerTo("recovery")), &fields);
  if (!fields.Complete()) return fields.Refusal();
  if (!caller.user.credential || caller.user.credential->scheme != "e2e") {
    return Problem(409, "not_end_to_end",
                   "A recovery key is for accounts whose images only their owner can open. Ask "
                   "whoever runs this server for a new password.");
  }
  auto done = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, caller.user.id, "recovery_key_made", caller.user.id));
    return SetRecovery(transaction, caller.user.id, recovery, accounts.database.Now());
  });
  if (!done.ok()) return done.reply();
  return done.value() ? NoContent() : SessionEnded();
}

// --- Reset by an administrator's code ---

bool IsResetCodeOf(const std::optional<User>& user, std::string_view code, int64_t now) {
  const std::string hash = HashOneTimeCode(code).value_or(std::string(kSha256Bytes, '\0'));
  const bool can_be_right = user && user->status != "disabled" && user->reset_code_hash &&
                            user->reset_expires_at.value_or(0) > now;
  const std::string expected =
      can_be_right ? *user->reset_code_hash : std::string(kSha256Bytes, '\1');
  return EqualInConstantTime(hash, expected) && can_be_right;
}

// With a new user key nothing that the old one opens is of use.
Result<SignInStep> ResetIn(Transaction& transaction, const Accounts& accounts,
                           const Request& request, const User& user, const NewCredential& made,
                           const NewSession& session) {
  const int64_t now = accounts.database.Now();
  ASSIGN_OR_RETURN(const bool replaced,
                   ReplaceCredential(transaction, user.id, user.credential_version, made.credential,
                                     made.recovery, now));
  if (!replaced) return SignInStep{};
  if (user.credential && user.credential->scheme == "e2e") {
    RETURN_IF_ERROR(MarkAllObjectsDeleting(transaction, user.id, now));
  }
  RETURN_IF_ERROR(EndOtherSessions(transaction, user.id, ""));
  RETURN_IF_ERROR(Audit(transaction, accounts, request, user.id, "reset", user.id));
  ASSIGN_OR_RETURN(const auto now_user, FindUser(transaction, user.id));
  if (!now_user) return SignInStep{};
  return GoOnSigningIn(transaction, accounts, request, *now_user, session);
}

Response Reset(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Username name = ReadUsername(&fields);
  const std::string code = fields.Text("code", 1, kMaxCodeBytes);
  JsonFields new_fields(fields.Object("new"), fields.PointerTo("new"));
  NewCredential made = ReadCredential(SchemeOf(accounts), &new_fields, /*with_recovery=*/true);
  fields.Take(std::move(new_fields));
  if (!fields.Complete()) return fields.Refusal();

  Attempt attempt = AttemptOn(accounts, request, name.normalized);
  attempt.account = StrCat("reset:", name.normalized);
  if (const auto wait = accounts.throttle.Charge(attempt)) return TooManyAttempts(*wait);
  auto found = ReadFor<std::optional<User>>(accounts, [&](Transaction& transaction) {
    return FindUserByName(transaction, name.normalized);
  });
  if (!found.ok()) return found.reply();
  const std::optional<User>& user = found.value();
  if (!IsResetCodeOf(user, code, accounts.database.Now())) {
    auto written = WriteFor<bool>(accounts, [&](Transaction& transaction) -> Result<bool> {
      RETURN_IF_ERROR(
          Audit(transaction, accounts, request, "", "reset", user ? user->id : "", "code_invalid"));
      return true;
    });
    return written.ok() ? CodeInvalid() : written.reply();
  }
  accounts.throttle.Forgive(attempt);
  OrReply<std::string> hash =
      HashNewProof(accounts, made.proof, name.normalized, user->totp, "/new/password");
  if (!hash.ok()) return hash.reply();
  made.credential.password_hash = hash.value();
  MarkShortPassword(&made, name.normalized);
  const NewSession session = MakeSession(accounts, request, user->id, "rst");
  auto done = WriteFor<SignInStep>(accounts, [&](Transaction& transaction) {
    return ResetIn(transaction, accounts, request, *user, made, session);
  });
  if (!done.ok()) return done.reply();
  if (!done.value().caller && done.value().ticket.empty()) return CodeInvalid();
  SweepFiles(accounts);
  return SignInStepReply(accounts, request, done.value(), session);
}

}  // namespace

std::vector<Route> RecoveryRoutes(Accounts* accounts) {
  return {
      OpenRoute("POST", "/api/recover", accounts, Recover),
      OpenRoute("POST", "/api/recover/finish", accounts, FinishRecovery),
      {"POST", "/api/recovery-key", kMaxJsonBytes, false, ForFreshCaller(accounts, NewRecoveryKey)},
      OpenRoute("POST", "/api/reset", accounts, Reset),
  };
}

}  // namespace insitu
