#include "backend/sign_in.h"

#include <charconv>

#include "backend/address.h"
#include "backend/known_device.h"
#include "backend/limits.h"
#include "backend/password_rules.h"
#include "backend/session_cookies.h"
#include "backend/sessions.h"
#include "backend/uuid.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr char kShortPassword[] = R"({"short":true})";  // as the kdf, which passwords do not have

Response NoMemoryToHash(const Accounts& accounts) {
  accounts.log("There is not enough memory to check a password. Give the server more.");
  return Busy();
}

std::string InvalidCredentialsSentence() {
  return "The user name or the password is wrong. Check both and try again.";
}

}  // namespace

Attempt AttemptOn(const Accounts& accounts, const Request& request, std::string_view account) {
  const std::optional<std::string> device =
      FindKnownDevice(accounts.keys, FindDeviceCookie(request), account, accounts.database.Now());
  return {StrCat("user:", account), device.value_or(std::string()), request.remote_address};
}

OrReply<ProofCheck> CheckProof(Accounts& accounts, const std::optional<User>& user,
                               const Proof& proof) {
  const bool can_be_right = user && user->status == "active" && user->credential &&
                            user->credential->scheme == proof.scheme;
  const std::string& hash =
      can_be_right ? user->credential->password_hash : accounts.hasher.dummy();
  const auto pass = accounts.gate.Enter();
  if (!pass) return Busy();
  const auto verdict = accounts.hasher.Verify(proof.secret.bytes(), hash);
  if (verdict == PasswordHasher::Verdict::kNoMemory) return NoMemoryToHash(accounts);
  ProofCheck check;
  check.right = can_be_right && verdict == PasswordHasher::Verdict::kRight;
  if (check.right && accounts.hasher.IsOutdated(hash)) {
    check.rehashed = accounts.hasher.Hash(proof.secret.bytes());
  }
  return check;
}

OrReply<ProofCheck> CheckOwnProof(Accounts& accounts, const Request& request, const Caller& caller,
                                  const Proof& proof, int wrong_status) {
  const Attempt attempt = AttemptOn(accounts, request, caller.user.username_norm);
  if (const auto wait = accounts.throttle.Charge(attempt)) return TooManyAttempts(*wait);
  OrReply<ProofCheck> check = CheckProof(accounts, caller.user, proof);
  if (!check.ok()) {
    accounts.throttle.Refund(attempt);
    return check.reply();
  }
  if (!check.value().right) {
    return InvalidCredentials(accounts, request, wrong_status, "reauthentication", caller.user.id);
  }
  accounts.throttle.Forgive(attempt);
  return check;
}

OrReply<std::string> HashNewProof(Accounts& accounts, const Proof& proof, std::string_view username,
                                  bool has_second_factor, std::string_view pointer) {
  // Of a key that the browser made, only the browser can judge the password.
  if (proof.scheme == "password") {
    const auto fault = CheckPassword(proof.secret.bytes(), username, has_second_factor);
    if (fault) {
      return Problem(422, "invalid_fields", fault->detail,
                     {{std::string(pointer), fault->code, fault->detail}});
    }
  }
  const auto pass = accounts.gate.Enter();
  if (!pass) return Busy();
  std::optional<std::string> hash = accounts.hasher.Hash(proof.secret.bytes());
  if (!hash) return NoMemoryToHash(accounts);
  return std::move(*hash);
}

void MarkShortPassword(NewCredential* made, std::string_view username) {
  if (made->proof.scheme != "password") return;
  if (CheckPassword(made->proof.secret.bytes(), username, /*has_second_factor=*/false)) {
    made->credential.kdf = kShortPassword;
  }
}

bool IsShortPassword(const Credential& credential) {
  return credential.scheme == "password" && credential.kdf.has_value();
}

Response InvalidCredentials(Accounts& accounts, const Request& request, int status,
                            std::string_view event, std::string_view user_id) {
  const Status written = accounts.database.Write([&](Transaction& transaction) {
    return Audit(transaction, accounts, request, "", event, user_id, "invalid_credentials");
  });
  if (!written.ok()) return StorageFault(accounts, written.error());
  return Problem(status, "invalid_credentials", InvalidCredentialsSentence());
}

NewSession MakeSession(const Accounts& accounts, const Request& request, std::string_view user_id,
                       std::string_view amr) {
  const int64_t now = accounts.database.Now();
  NewSession made;
  made.token = MakeToken();
  made.session.token_hash = HashToken(made.token);
  made.session.id = NewUuid(now);
  made.session.user_id = user_id;
  made.session.created_at = now;
  made.session.last_seen_at = now;
  made.session.expires_at = now + accounts.settings.session_absolute_ms;
  made.session.auth_at = now;
  made.session.amr = amr;
  made.session.address = TruncatedAddress(request.remote_address);
  made.session.browser = ShortBrowser(request.Find("User-Agent").value_or(std::string()));
  return made;
}

Result<SignInStep> GoOnSigningIn(Transaction& transaction, const Accounts& accounts,
                                 const Request& request, const User& user,
                                 const NewSession& session) {
  SignInStep step;
  if (user.totp) {
    const Ticket ticket{user.id, user.credential_version, session.session.amr};
    ASSIGN_OR_RETURN(step.ticket, AddTicket(transaction, accounts, kSecondFactorTicket, ticket));
    return step;
  }
  ASSIGN_OR_RETURN(step.caller, StartCallersSession(transaction, accounts, request, session.session,
                                                    user.credential_version));
  return step;
}

Result<std::optional<Caller>> StartCallersSession(Transaction& transaction,
                                                  const Accounts& accounts, const Request& request,
                                                  const Session& session,
                                                  int64_t credential_version) {
  ASSIGN_OR_RETURN(const bool started,
                   StartSession(transaction, session, credential_version, kMaxSessionsPerUser));
  if (!started) return std::optional<Caller>();
  if (const auto old_token = FindSessionToken(request)) {
    RETURN_IF_ERROR(EndSession(transaction, HashToken(*old_token)));
  }
  RETURN_IF_ERROR(Audit(transaction, accounts, request, session.user_id, "sign_in", session.id));
  ASSIGN_OR_RETURN(std::optional<User> user, FindUser(transaction, session.user_id));
  if (!user) return std::optional<Caller>();
  return std::optional<Caller>({std::move(*user), session});
}

Result<std::optional<Caller>> RotateCallersSession(Transaction& transaction,
                                                   const Accounts& accounts, const Caller& caller,
                                                   std::string_view new_token, int64_t auth_at) {
  const int64_t now = accounts.database.Now();
  Session session = caller.session;
  session.token_hash = HashToken(new_token);
  session.auth_at = auth_at;
  session.last_seen_at = now;
  ASSIGN_OR_RETURN(const bool rotated,
                   RotateSession(transaction, caller.session.token_hash, session.token_hash,
                                 auth_at, session.amr, now));
  if (!rotated) return std::optional<Caller>();
  ASSIGN_OR_RETURN(std::optional<User> user, FindUser(transaction, session.user_id));
  if (!user) return std::optional<Caller>();
  return std::optional<Caller>({std::move(*user), std::move(session)});
}

Result<std::string> AddTicket(Transaction& transaction, const Accounts& accounts,
                              std::string_view kind, const Ticket& ticket) {
  const std::string token = MakeToken();
  Challenge challenge;
  challenge.hash = HashToken(token);
  challenge.kind = kind;
  challenge.user_id = ticket.user_id;
  challenge.data = StrCat(ticket.credential_version, " ", ticket.amr);
  challenge.expires_at = accounts.database.Now() + kTicketMs;
  RETURN_IF_ERROR(AddChallenge(transaction, challenge));
  return token;
}

Ticket ReadTicket(const Challenge& challenge) {
  Ticket ticket;
  ticket.user_id = challenge.user_id;
  const std::string& data = challenge.data;
  const size_t blank = std::min(data.find(' '), data.size());
  std::from_chars(data.data(), data.data() + blank, ticket.credential_version);
  if (blank < data.size()) ticket.amr = data.substr(blank + 1);
  return ticket;
}

Response SignedInReply(const Accounts& accounts, int status, const Caller& caller,
                       std::string_view token) {
  Response reply = JsonReply(status, SignedInJson(accounts, caller));
  reply.headers.push_back(SetSessionCookie(token));
  reply.user_id = caller.user.id;
  return reply;
}

Response SignInReply(const Accounts& accounts, const Request& request, int status,
                     const Caller& caller, std::string_view token) {
  Response reply = SignedInReply(accounts, status, caller, token);
  reply.headers.push_back(
      SetDeviceCookie(MarkKnownDevice(accounts.keys, FindDeviceCookie(request),
                                      caller.user.username_norm, accounts.database.Now())));
  return reply;
}

Response SecondFactorReply(std::string_view ticket) {
  return JsonReply(200, {{"second_factor", {"totp", "recovery_code"}}, {"ticket", ticket}});
}

Response TicketExpired() {
  return Problem(410, "ticket_expired",
                 "This took too long or was tried too often. Begin again with your password.");
}

Response CodeInvalid() {
  return Problem(401, "code_invalid",
                 "This code is wrong, was used already, or has expired. Check it, or take a new "
                 "one.");
}

}  // namespace insitu
