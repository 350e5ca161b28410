// Signing up, in and out.
#include "backend/account_json.h"
#include "backend/account_routes.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/one_time_code.h"
#include "backend/session_cookies.h"
#include "backend/sessions.h"
#include "backend/sign_in.h"
#include "backend/totp.h"
#include "backend/uuid.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kFakeSaltBytes = 16;

const char* NameOf(Registration registration) {
  switch (registration) {
    case Registration::kClosed:
      return "closed";
    case Registration::kInvitation:
      return "invitation";
    case Registration::kOpen:
      return "open";
  }
  return "closed";
}

const char* NameOf(StorageMode storage) {
  switch (storage) {
    case StorageMode::kOff:
      return "off";
    case StorageMode::kEndToEnd:
      return "e2e";
    case StorageMode::kServer:
      return "server";
  }
  return "off";
}

Response GetConfig(Accounts& accounts, const Request&) {
  const AccountSettings& settings = accounts.settings;
  return JsonReply(200, {{"registration", NameOf(settings.registration)},
                         {"storage", NameOf(settings.storage)},
                         {"scheme", SchemeOf(accounts)},
                         {"kdf", KdfJson()},
                         {"password",
                          {{"min", kMinPasswordCharacters},
                           {"min_with_second_factor", kMinPasswordWithSecondFactor},
                           {"max_bytes", kMaxPasswordBytes}}},
                         {"limits",
                          {{"object_bytes", settings.max_object_bytes},
                           {"quota_bytes", settings.quota_bytes},
                           {"json_bytes", kMaxJsonBytes}}},
                         {"session",
                          {{"idle_seconds", settings.session_idle_ms / 1'000},
                           {"absolute_seconds", settings.session_absolute_ms / 1'000}}}});
}

// What to derive the key with. For a user that does not exist the salt is made of the name, always
// the same one, so that asking tells nothing.
Response Prelogin(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Username name = ReadUsername(&fields);
  if (!fields.Complete()) return fields.Refusal();

  const std::string fake_salt =
      HmacSha256(accounts.fake_salt_key, name.normalized).substr(0, kFakeSaltBytes);
  const auto found = ReadFor<std::optional<User>>(accounts, [&](Transaction& transaction) {
    return FindUserByName(transaction, name.normalized);
  });
  if (!found.ok()) return OrReply(found).reply();
  Json reply = {{"scheme", SchemeOf(accounts)}, {"kdf", KdfJson()}, {"salt", ""}};
  std::string salt = fake_salt;
  if (found.value() && found.value()->credential) {
    const Credential& credential = *found.value()->credential;
    reply["scheme"] = credential.scheme;
    if (credential.salt) salt = *credential.salt;
  }
  reply["salt"] = ToBase64Url(salt);
  return JsonReply(200, reply);
}

enum class Registered { kYes, kTaken, kInvitationInvalid };

struct Registering {
  Registered outcome = Registered::kYes;
  std::optional<Caller> caller;
};

Result<Registering> CreateIn(Transaction& transaction, const Accounts& accounts,
                             const Request& request, const NewUser& user,
                             const std::optional<std::string>& invitation_hash,
                             const Session& session) {
  Registering done;
  if (accounts.settings.registration == Registration::kInvitation) {
    ASSIGN_OR_RETURN(const bool used,
                     UseInvitation(transaction, invitation_hash.value_or(std::string()),
                                   user.username_norm, user.now));
    if (!used) return Registering{Registered::kInvitationInvalid, {}};
  }
  ASSIGN_OR_RETURN(const bool created, CreateUser(transaction, user));
  if (!created) {
    transaction.Discard();  // the invitation is not used up
    return Registering{Registered::kTaken, {}};
  }
  RETURN_IF_ERROR(Audit(transaction, accounts, request, user.id, "registered", user.id));
  ASSIGN_OR_RETURN(done.caller, StartCallersSession(transaction, accounts, request, session,
                                                    /*credential_version=*/1));
  return done;
}

Response UsernameTaken() {
  return Problem(409, "username_taken", "Somebody has this user name already. Choose another one.",
                 {{"/username", "taken", "Choose another one."}});
}

Response InvitationInvalid() {
  return Problem(403, "invitation_invalid",
                 "This invitation is not known, was used already, or has expired. Ask whoever runs "
                 "this server for a new one.");
}

Response Register(Accounts& accounts, const Request& request) {
  if (accounts.settings.registration == Registration::kClosed) {
    return Problem(403, "registration_closed",
                   "This server takes no new accounts. Ask whoever runs it for one.");
  }
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Username name = ReadNewUsername(&fields);
  const auto invitation = fields.OptionalText("invitation", 0, kMaxCodeBytes);
  NewCredential made = ReadCredential(SchemeOf(accounts), &fields, /*with_recovery=*/true);
  if (!fields.Complete()) return fields.Refusal();
  if (const auto wait = accounts.throttle.ChargeAddress(request.remote_address)) {
    return TooManyAttempts(*wait);
  }
  const auto invitation_hash = HashOneTimeCode(invitation.value_or(std::string()));
  if (accounts.settings.registration == Registration::kInvitation && !invitation_hash) {
    return InvitationInvalid();
  }
  OrReply<std::string> hash =
      HashNewProof(accounts, made.proof, name.normalized, /*has_second_factor=*/false, "/password");
  if (!hash.ok()) return hash.reply();
  made.credential.password_hash = hash.value();

  NewUser user;
  user.now = accounts.database.Now();
  user.id = NewUuid(user.now);
  user.username = name.shown;
  user.username_norm = name.normalized;
  user.credential = std::move(made.credential);
  user.recovery = std::move(made.recovery);
  user.quota_bytes = accounts.settings.quota_bytes;
  const NewSession session = MakeSession(accounts, request, user.id, "pwd");
  auto done = WriteFor<Registering>(accounts, [&](Transaction& transaction) {
    return CreateIn(transaction, accounts, request, user, invitation_hash, session.session);
  });
  if (!done.ok()) return done.reply();
  if (done.value().outcome == Registered::kTaken) return UsernameTaken();
  if (!done.value().caller) return InvitationInvalid();
  return SignInReply(accounts, request, 201, *done.value().caller, session.token);
}

Response Login(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Username name = ReadUsername(&fields);
  const Proof proof = ReadProof(&fields);
  if (!fields.Complete()) return fields.Refusal();

  const Attempt attempt = AttemptOn(accounts, request, name.normalized);
  if (const auto wait = accounts.throttle.Charge(attempt)) return TooManyAttempts(*wait);
  auto found = ReadFor<std::optional<User>>(accounts, [&](Transaction& transaction) {
    return FindUserByName(transaction, name.normalized);
  });
  OrReply<ProofCheck> check =
      found.ok() ? CheckProof(accounts, found.value(), proof) : std::move(found.reply());
  if (!check.ok()) {
    accounts.throttle.Refund(attempt);
    return check.reply();
  }
  if (!check.value().right) {
    const std::string user_id = found.value() ? found.value()->id : "";
    return InvalidCredentials(accounts, request, 401, "sign_in", user_id);
  }
  const User& user = *found.value();
  const NewSession session = MakeSession(accounts, request, user.id, "pwd");
  auto done = WriteFor<SignInStep>(accounts, [&](Transaction& transaction) -> Result<SignInStep> {
    if (check.value().rehashed) {
      RETURN_IF_ERROR(RehashPassword(transaction, user.id, user.credential_version,
                                     *check.value().rehashed, accounts.database.Now()));
    }
    return GoOnSigningIn(transaction, accounts, request, user, session);
  });
  if (!done.ok() || !done.value().ticket.empty()) {
    accounts.throttle.Refund(attempt);
    return done.ok() ? SecondFactorReply(done.value().ticket) : done.reply();
  }
  if (!done.value().caller) return InvalidCredentials(accounts, request, 401, "sign_in", user.id);
  accounts.throttle.Forgive(attempt);
  return SignInReply(accounts, request, 200, *done.value().caller, session.token);
}

// --- The second factor ---

enum class CodeOutcome { kRight, kWrong, kExpired, kThrottled };

struct CodeCheck {
  CodeOutcome outcome = CodeOutcome::kWrong;
  std::optional<Caller> caller;
  std::chrono::seconds wait{0};
};

// A code of the app, or a recovery code; either is used up.
Result<bool> UseCode(Transaction& transaction, const Accounts& accounts, std::string_view user_id,
                     const std::string& code) {
  const int64_t now = accounts.database.Now();
  if (const auto hash = HashOneTimeCode(code)) {
    return UseRecoveryCode(transaction, user_id, *hash, now);
  }
  ASSIGN_OR_RETURN(const std::optional<Totp> totp, FindTotp(transaction, user_id));
  if (!totp || !totp->confirmed_at) return false;
  const auto secret = OpenTotpSecret(accounts.keys, user_id, {totp->sealed_secret, totp->key_id});
  if (!secret) {
    return Fail(ErrorCode::kInvalidArgument,
                "The TOTP secret of user % does not open: its key is not in the key file, or it "
                "was changed.",
                user_id);
  }
  const auto step = MatchTotp(*secret, code, now, totp->last_step);
  if (!step) return false;
  return UseTotpStep(transaction, user_id, *step);
}

// What a second factor is tried with.
struct CodeAttempt {
  std::string ticket_hash;
  std::string code;
  std::string device_cookie;
};

Result<CodeCheck> CheckCodeIn(Transaction& transaction, Accounts& accounts, const Request& request,
                              const CodeAttempt& tried, NewSession* session) {
  const int64_t now = accounts.database.Now();
  CodeCheck check;
  ASSIGN_OR_RETURN(const auto challenge,
                   AttemptChallenge(transaction, tried.ticket_hash, kSecondFactorTicket,
                                    kMaxTicketAttempts, now));
  if (!challenge) return CodeCheck{CodeOutcome::kExpired, {}, {}};
  const Ticket ticket = ReadTicket(*challenge);
  ASSIGN_OR_RETURN(const std::optional<User> user, FindUser(transaction, ticket.user_id));
  if (!user) return CodeCheck{CodeOutcome::kExpired, {}, {}};
  // Apart from the password's: a right password must not make guessing codes free.
  Attempt attempt = AttemptOn(accounts, request, user->username_norm);
  attempt.account = StrCat("code:", user->id);
  if (const auto wait = accounts.throttle.Charge(attempt)) {
    transaction.Discard();
    return CodeCheck{CodeOutcome::kThrottled, {}, *wait};
  }
  ASSIGN_OR_RETURN(const bool right, UseCode(transaction, accounts, user->id, tried.code));
  if (!right) {
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, "", "second_factor", user->id, "code_invalid"));
    return check;
  }
  session->session.user_id = user->id;
  session->session.amr = StrCat(ticket.amr, HashOneTimeCode(tried.code) ? " rec" : " otp");
  ASSIGN_OR_RETURN(check.caller, StartCallersSession(transaction, accounts, request,
                                                     session->session, ticket.credential_version));
  RETURN_IF_ERROR(TakeChallenge(transaction, tried.ticket_hash, kSecondFactorTicket, now));
  check.outcome = check.caller ? CodeOutcome::kRight : CodeOutcome::kExpired;
  accounts.throttle.Forgive(attempt);
  return check;
}

Response SecondFactor(Accounts& accounts, const Request& request) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const std::string ticket = fields.Text("ticket", 1, kMaxCodeBytes);
  const std::string code = fields.Text("code", 1, kMaxCodeBytes);
  if (!fields.Complete()) return fields.Refusal();

  NewSession session = MakeSession(accounts, request, "", "");
  const CodeAttempt tried{HashToken(ticket), code, FindDeviceCookie(request)};
  auto done = WriteFor<CodeCheck>(accounts, [&](Transaction& transaction) {
    return CheckCodeIn(transaction, accounts, request, tried, &session);
  });
  if (!done.ok()) return done.reply();
  switch (done.value().outcome) {
    case CodeOutcome::kRight:
      return SignInReply(accounts, request, 200, *done.value().caller, session.token);
    case CodeOutcome::kWrong:
      return CodeInvalid();
    case CodeOutcome::kThrottled:
      return TooManyAttempts(done.value().wait);
    case CodeOutcome::kExpired:
      break;
  }
  return TicketExpired();
}

// --- The session ---

Response GetSession(Accounts& accounts, const Request& request) {
  OrReply<std::optional<Caller>> caller = FindCaller(accounts, request);
  if (!caller.ok()) return caller.reply();
  if (!caller.value()) return JsonReply(200, NobodyJson());
  Response reply = JsonReply(200, SignedInJson(accounts, *caller.value()));
  reply.user_id = caller.value()->user.id;
  return reply;
}

Response Logout(Accounts& accounts, const Request& request) {
  Response reply = NoContent();
  if (const auto token = FindSessionToken(request)) {
    const std::string token_hash = HashToken(*token);
    const int64_t now = accounts.database.Now();
    auto done =
        WriteFor<std::string>(accounts, [&](Transaction& transaction) -> Result<std::string> {
          ASSIGN_OR_RETURN(
              const auto found,
              FindSession(transaction, token_hash, now - accounts.settings.session_idle_ms, now));
          RETURN_IF_ERROR(EndSession(transaction, token_hash));
          if (!found) return std::string();
          RETURN_IF_ERROR(
              Audit(transaction, accounts, request, found->user.id, "sign_out", found->session.id));
          return found->user.id;
        });
    if (!done.ok()) return done.reply();
    reply.user_id = done.value();
  }
  reply.headers.push_back(ExpireSessionCookie());
  // Not cookies or storage: the page's theme is no secret.
  reply.headers.push_back({"Clear-Site-Data", "\"cache\""});
  return reply;
}

Response Reauthenticate(Accounts& accounts, const Request& request, const PathParameters&,
                        const Caller& caller) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const Proof proof = ReadProof(&fields);
  if (!fields.Complete()) return fields.Refusal();
  OrReply<ProofCheck> check = CheckOwnProof(accounts, request, caller, proof, 401);
  if (!check.ok()) return check.reply();
  const std::string token = MakeToken();
  const int64_t now = accounts.database.Now();
  auto done = WriteAs<std::optional<Caller>>(
      accounts, caller, [&](Transaction& transaction) -> Result<std::optional<Caller>> {
        RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "reauthentication",
                              caller.session.id));
        return RotateCallersSession(transaction, accounts, caller, token, now);
      });
  if (!done.ok()) return done.reply();
  if (!done.value()) return SessionEnded();
  return SignedInReply(accounts, 200, *done.value(), token);
}

}  // namespace

std::vector<Route> SignInRoutes(Accounts* accounts) {
  return {
      OpenRoute("GET", "/api/config", accounts, GetConfig),
      OpenRoute("POST", "/api/prelogin", accounts, Prelogin),
      OpenRoute("POST", "/api/register", accounts, Register),
      OpenRoute("POST", "/api/login", accounts, Login),
      OpenRoute("POST", "/api/login/second-factor", accounts, SecondFactor),
      OpenRoute("GET", "/api/session", accounts, GetSession),
      OpenRoute("POST", "/api/logout", accounts, Logout),
      {"POST", "/api/reauthenticate", kMaxJsonBytes, false, ForCaller(accounts, Reauthenticate)},
  };
}

}  // namespace insitu
