// The steps of signing in that several routes share: checking a proof, starting a session, asking
// for the second factor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/account_json.h"
#include "backend/accounts.h"

namespace insitu {

// Who tries to prove something about that account (the normalised name), for the throttle.
Attempt AttemptOn(const Accounts& accounts, const Request& request, std::string_view account);

// Checks a proof behind the hash gate. Where there is no such user, or none with such a proof, a
// dummy is checked for the same time. The reply if there is none: 503 "busy".
struct ProofCheck {
  bool right = false;
  std::optional<std::string> rehashed;  // if it was right and its hash is outdated
};
OrReply<ProofCheck> CheckProof(Accounts& accounts, const std::optional<User>& user,
                               const Proof& proof);

// Charges an attempt on the caller's own account and checks the proof. The replies if it is not
// right: `wrong_status` "invalid_credentials", 429, 503.
OrReply<ProofCheck> CheckOwnProof(Accounts& accounts, const Request& request, const Caller& caller,
                                  const Proof& proof, int wrong_status);

// Hashes a new proof behind the gate, after the password's rules: 422 if it breaks one. The pointer
// is the password's place in the body.
OrReply<std::string> HashNewProof(Accounts& accounts, const Proof& proof, std::string_view username,
                                  bool has_second_factor, std::string_view pointer);

// With a second factor a password may be shorter. One that is, is marked so, since it must be
// changed before the second factor goes.
void MarkShortPassword(NewCredential* made, std::string_view username);
bool IsShortPassword(const Credential& credential);

// 401 or 403, with the same body whoever the user is, after a row in the audit log.
Response InvalidCredentials(Accounts& accounts, const Request& request, int status,
                            std::string_view event, std::string_view user_id);

inline constexpr size_t kMaxCodeBytes = 64;  // of a code or ticket, typed with blanks and dashes

// --- Inside a job of the database
// -------------------------------------------------------------------

// A session that is not in the database yet, with its token.
struct NewSession {
  Session session;
  std::string token;
};
NewSession MakeSession(const Accounts& accounts, const Request& request, std::string_view user_id,
                       std::string_view amr);

// How far a sign-in came: to a session, or to a ticket for the second factor; to neither if the
// credential was changed meanwhile.
struct SignInStep {
  std::optional<Caller> caller;
  std::string ticket;
};

// Goes on after a first factor was right: `user` is as it was when that was checked. Ends the
// session that the request's cookie has, since each sign-in has a token of its own.
Result<SignInStep> GoOnSigningIn(Transaction& transaction, const Accounts& accounts,
                                 const Request& request, const User& user,
                                 const NewSession& session);

// Starts the session and reads the user as it is then.
Result<std::optional<Caller>> StartCallersSession(Transaction& transaction,
                                                  const Accounts& accounts, const Request& request,
                                                  const Session& session,
                                                  int64_t credential_version);

// Another token for the caller's session, and the user as it is then. `auth_at` is when the person
// last proved who they are.
Result<std::optional<Caller>> RotateCallersSession(Transaction& transaction,
                                                   const Accounts& accounts, const Caller& caller,
                                                   std::string_view new_token, int64_t auth_at);

// What a ticket for the second factor stands for.
struct Ticket {
  std::string user_id;
  int64_t credential_version = 0;
  std::string amr;
};
inline constexpr char kSecondFactorTicket[] = "second_factor";
inline constexpr char kRecoveryTicket[] = "recovery";
Result<std::string> AddTicket(Transaction& transaction, const Accounts& accounts,
                              std::string_view kind, const Ticket& ticket);
Ticket ReadTicket(const Challenge& challenge);

// --- Replies
// ----------------------------------------------------------------------------------------

// SIGNED_IN with the session's cookie; after a sign-in also the known device's.
Response SignedInReply(const Accounts& accounts, int status, const Caller& caller,
                       std::string_view token);
Response SignInReply(const Accounts& accounts, const Request& request, int status,
                     const Caller& caller, std::string_view token);
Response SecondFactorReply(std::string_view ticket);
Response TicketExpired();  // 410
Response CodeInvalid();    // 401

}  // namespace insitu
