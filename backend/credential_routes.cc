// Changing how one proves who one is: password and second factor.
#include "backend/account_json.h"
#include "backend/account_routes.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/one_time_code.h"
#include "backend/sessions.h"
#include "backend/sign_in.h"
#include "backend/totp.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// --- Password ---

enum class Change { kDone, kUserKeyChanged, kSecondFactorGone };

struct Changing {
  Change outcome = Change::kDone;
  std::optional<Caller> caller;
};

Result<Changing> ChangeIn(Transaction& transaction, const Accounts& accounts,
                          const Request& request, const Caller& caller,
                          const Credential& credential, int64_t user_key_version,
                          std::string_view new_token) {
  const int64_t now = accounts.database.Now();
  ASSIGN_OR_RETURN(const auto user, FindUser(transaction, caller.user.id));
  if (!user) return Changing{Change::kUserKeyChanged, {}};
  if (!user->totp && IsShortPassword(credential)) {
    return Changing{Change::kSecondFactorGone, {}};
  }
  ASSIGN_OR_RETURN(const bool changed,
                   ChangeCredential(transaction, user->id, caller.user.credential_version,
                                    user_key_version, credential, now));
  if (!changed) return Changing{Change::kUserKeyChanged, {}};
  RETURN_IF_ERROR(EndOtherSessions(transaction, user->id, caller.session.id));
  RETURN_IF_ERROR(Audit(transaction, accounts, request, user->id, "password_changed", user->id));
  Changing done;
  ASSIGN_OR_RETURN(done.caller,
                   RotateCallersSession(transaction, accounts, caller, new_token, now));
  return done;
}

Response PasswordTooShort() {
  const std::string detail =
      StrCat("Without the second factor the password needs ", kMinPasswordCharacters,
             " characters. Change the password first.");
  return Problem(409, "password_too_short", detail);
}

Response ChangePassword(Accounts& accounts, const Request& request, const PathParameters&,
                        const Caller& caller) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  JsonFields current_fields(fields.Object("current"), fields.PointerTo("current"));
  const Proof current = ReadProof(&current_fields);
  fields.Take(std::move(current_fields));
  JsonFields new_fields(fields.Object("new"), fields.PointerTo("new"));
  const std::string scheme = caller.user.credential ? caller.user.credential->scheme : "";
  NewCredential made = ReadCredential(scheme, &new_fields, /*with_recovery=*/false);
  fields.Take(std::move(new_fields));
  const int64_t user_key_version = fields.Integer("user_key_version", 0, INT64_MAX);
  if (!fields.Complete()) return fields.Refusal();

  OrReply<ProofCheck> check = CheckOwnProof(accounts, request, caller, current, 403);
  if (!check.ok()) return check.reply();
  OrReply<std::string> hash = HashNewProof(accounts, made.proof, caller.user.username_norm,
                                           caller.user.totp, "/new/password");
  if (!hash.ok()) return hash.reply();
  made.credential.password_hash = hash.value();
  MarkShortPassword(&made, caller.user.username_norm);
  const std::string token = MakeToken();
  auto done = WriteAs<Changing>(accounts, caller, [&](Transaction& transaction) {
    return ChangeIn(transaction, accounts, request, caller, made.credential, user_key_version,
                    token);
  });
  if (!done.ok()) return done.reply();
  if (done.value().outcome == Change::kSecondFactorGone) {
    const std::string detail =
        StrCat("The password needs at least ", kMinPasswordCharacters, " characters.");
    return Problem(422, "invalid_fields", detail,
                   {{"/new/password", "password_too_short", detail}});
  }
  if (!done.value().caller) {
    return Problem(409, "user_key_changed",
                   "The account was changed in another window meanwhile. Reload the page.");
  }
  return SignedInReply(accounts, 200, *done.value().caller, token);
}

// --- Second factor ---

Response BeginSecondFactor(Accounts& accounts, const Request& request, const PathParameters&,
                           const Caller& caller) {
  const std::string secret = MakeTotpSecret();
  const SealedTotpSecret sealed = SealTotpSecret(accounts.keys, caller.user.id, secret);
  auto done = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, caller.user.id, "totp_begun", caller.user.id));
    return BeginTotp(transaction, caller.user.id, sealed.bytes, sealed.key_id,
                     accounts.database.Now());
  });
  if (!done.ok()) return done.reply();
  if (!done.value()) {
    return Problem(409, "totp_on", "The second factor is on already. Turn it off first.");
  }
  return JsonReply(200,
                   {{"secret", ToBase32(secret)}, {"uri", TotpUri(secret, caller.user.username)}});
}

struct NewCodes {
  std::vector<std::string> codes;
  std::vector<std::string> hashes;
};

NewCodes MakeCodes() {
  NewCodes made;
  for (size_t i = 0; i < kRecoveryCodes; ++i) {
    made.codes.push_back(MakeOneTimeCode());
    made.hashes.push_back(HashOneTimeCode(made.codes.back()).value());
  }
  return made;
}

Response ConfirmSecondFactor(Accounts& accounts, const Request& request, const PathParameters&,
                             const Caller& caller) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const std::string code = fields.Text("code", 1, kMaxCodeBytes);
  if (!fields.Complete()) return fields.Refusal();
  Response nothing_begun = Problem(409, "totp_not_begun",
                                   "There is nothing to confirm. Turn the second factor on anew.");

  auto found = ReadFor<std::optional<Totp>>(
      accounts, [&](Transaction& transaction) { return FindTotp(transaction, caller.user.id); });
  if (!found.ok()) return found.reply();
  if (!found.value() || found.value()->confirmed_at) return nothing_begun;
  const Totp& totp = *found.value();
  const auto secret =
      OpenTotpSecret(accounts.keys, caller.user.id, {totp.sealed_secret, totp.key_id});
  const int64_t now = accounts.database.Now();
  const auto step = secret ? MatchTotp(*secret, code, now, /*last_step=*/0) : std::nullopt;
  if (!step) return CodeInvalid();
  const NewCodes made = MakeCodes();
  auto done = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const bool confirmed,
                     ConfirmTotp(transaction, caller.user.id, totp.sealed_secret, *step, now));
    if (!confirmed) return false;
    RETURN_IF_ERROR(ReplaceRecoveryCodes(transaction, caller.user.id, made.hashes));
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, caller.user.id, "totp_on", caller.user.id));
    return true;
  });
  if (!done.ok()) return done.reply();
  if (!done.value()) return nothing_begun;
  return JsonReply(200, {{"recovery_codes", made.codes}});
}

enum class Removal { kDone, kNone, kPasswordTooShort };

Response RemoveSecondFactor(Accounts& accounts, const Request& request, const PathParameters&,
                            const Caller& caller) {
  auto done = WriteAs<Removal>(accounts, caller, [&](Transaction& transaction) -> Result<Removal> {
    ASSIGN_OR_RETURN(const auto user, FindUser(transaction, caller.user.id));
    if (user && user->totp && user->credential && IsShortPassword(*user->credential)) {
      return Removal::kPasswordTooShort;
    }
    ASSIGN_OR_RETURN(const bool removed, RemoveTotp(transaction, caller.user.id));
    if (!removed) return Removal::kNone;
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, caller.user.id, "totp_off", caller.user.id));
    return Removal::kDone;
  });
  if (!done.ok()) return done.reply();
  if (done.value() == Removal::kPasswordTooShort) return PasswordTooShort();
  if (done.value() == Removal::kNone) return ProblemOf(404);
  return NoContent();
}

Response NewRecoveryCodes(Accounts& accounts, const Request& request, const PathParameters&,
                          const Caller& caller) {
  const NewCodes made = MakeCodes();
  auto done = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto user, FindUser(transaction, caller.user.id));
    if (!user || !user->totp) return false;
    RETURN_IF_ERROR(ReplaceRecoveryCodes(transaction, caller.user.id, made.hashes));
    RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "recovery_codes_made",
                          caller.user.id));
    return true;
  });
  if (!done.ok()) return done.reply();
  if (!done.value()) {
    return Problem(409, "totp_off",
                   "Recovery codes are for the second factor. Turn that on first.");
  }
  return JsonReply(200, {{"recovery_codes", made.codes}});
}

}  // namespace

std::vector<Route> CredentialRoutes(Accounts* accounts) {
  const auto fresh = [&](std::string_view method, std::string_view pattern, CallerHandler handler) {
    return Route{method, pattern, kMaxJsonBytes, false, ForFreshCaller(accounts, handler)};
  };
  return {
      fresh("POST", "/api/password", ChangePassword),
      fresh("POST", "/api/totp", BeginSecondFactor),
      {"POST", "/api/totp/confirm", kMaxJsonBytes, false, ForCaller(accounts, ConfirmSecondFactor)},
      fresh("DELETE", "/api/totp", RemoveSecondFactor),
      fresh("POST", "/api/recovery-codes", NewRecoveryCodes),
  };
}

}  // namespace insitu
