// What the routes for people and for what they keep work with: the pieces of the account system,
// and the steps that several routes have in common. Any number of threads may use it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backend/config.h"
#include "backend/database.h"
#include "backend/hash_gate.h"
#include "backend/http.h"
#include "backend/key_file.h"
#include "backend/object_files.h"
#include "backend/password_hash.h"
#include "backend/problem.h"
#include "backend/router.h"
#include "backend/store_accounts.h"
#include "backend/store_sessions.h"
#include "backend/throttle.h"
#include "shared/result.h"

namespace insitu {

struct AccountSettings {
  Registration registration = Registration::kClosed;
  StorageMode storage = StorageMode::kOff;
  int64_t max_object_bytes = 0;
  int64_t quota_bytes = 0;
  int64_t session_idle_ms = 0;
  int64_t session_absolute_ms = 0;
  Argon2Parameters hash;
  ThrottleLimits throttle;
};
AccountSettings AccountSettingsOf(const Config& config);

struct Accounts {
  // Whether the data was begun with a key file already.
  static Result<bool> HaveKeys(Database* database);

  // The database, the files and the log must outlive it. Fails with what to do if the key file
  // lacks the key that the data was begun with.
  static Result<std::unique_ptr<Accounts>> Open(
      Database* database, ObjectFiles* files, KeyFile keys, const AccountSettings& settings,
      ErrorLog log, Throttle::SteadyClock steady_clock = std::chrono::steady_clock::now);

  Accounts(Database* database, ObjectFiles* files, KeyFile keys, const AccountSettings& settings,
           ErrorLog log, Throttle::SteadyClock steady_clock);

  Database& database;
  ObjectFiles& files;
  const KeyFile keys;
  const AccountSettings settings;
  const PasswordHasher hasher;
  const ErrorLog log;
  HashGate gate;
  Throttle throttle;
  std::string fake_salt_key;  // for the salts of users that do not exist
};

// A value, or the reply to send because there is none.
template <typename T>
class OrReply {
 public:
  OrReply(T value) : value_(std::move(value)) {}         // NOLINT: implicit
  OrReply(Response reply) : reply_(std::move(reply)) {}  // NOLINT: implicit

  bool ok() const { return value_.has_value(); }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  Response& reply() { return reply_; }

 private:
  std::optional<T> value_;
  Response reply_;
};

// --- Replies
// ---------------------------------------------------------------------------------------

Response JsonReply(int status, const nlohmann::ordered_json& body);
Response NoContent();

// 503 "storage_unavailable"; what failed goes to the log. 503 "busy". 429 "too_many_attempts".
Response StorageFault(const Accounts& accounts, const Error& error);
Response Busy();
Response TooManyAttempts(std::chrono::seconds wait);
Response SessionEnded();  // 401

// --- Who asks
// --------------------------------------------------------------------------------------

struct Caller {
  User user;
  Session session;
};

using CallerHandler = Response (*)(Accounts&, const Request&, const PathParameters&, const Caller&);

// Handlers for callers with a session, others get 401 "session_ended"; and for callers who proved
// in the last ten minutes who they are, others get 403 "reauthentication_required".
RouteHandler ForCaller(Accounts* accounts, CallerHandler handler);
RouteHandler ForFreshCaller(Accounts* accounts, CallerHandler handler);

// The session that the request's cookie proves, if there is one. Notes that it was seen, at most
// once a minute.
OrReply<std::optional<Caller>> FindCaller(Accounts& accounts, const Request& request);

// Runs a job, as Database::WriteFor does, if the caller's session has not ended meanwhile: of a
// logout and a change at the same time, whichever is first holds.
template <typename T>
OrReply<T> WriteAs(Accounts& accounts, const Caller& caller,
                   const std::function<Result<T>(Transaction&)>& job);
template <typename T>
OrReply<T> WriteFor(Accounts& accounts, const std::function<Result<T>(Transaction&)>& job);
template <typename T>
OrReply<T> ReadFor(Accounts& accounts, const std::function<Result<T>(Transaction&)>& job);

// Is it still there, in the state that a job of the database sees?
Result<bool> SessionHolds(const Accounts& accounts, Transaction& transaction,
                          const Session& session);

// Removes from the disk what is deleted; a fault goes to the log, and a later sweep tries again.
void SweepFiles(Accounts& accounts);

// One row of the audit log about this request.
Status Audit(Transaction& transaction, const Accounts& accounts, const Request& request,
             std::string_view actor, std::string_view event, std::string_view target,
             std::string_view outcome = "ok");

// --- Implementation
// --------------------------------------------------------------------------------

template <typename T>
OrReply<T> WriteFor(Accounts& accounts, const std::function<Result<T>(Transaction&)>& job) {
  Result<T> result = accounts.database.WriteFor<T>(job);
  if (!result.ok()) return StorageFault(accounts, result.error());
  return TakeValue(&result);
}

template <typename T>
OrReply<T> ReadFor(Accounts& accounts, const std::function<Result<T>(Transaction&)>& job) {
  Result<T> result = accounts.database.ReadFor<T>(job);
  if (!result.ok()) return StorageFault(accounts, result.error());
  return TakeValue(&result);
}

template <typename T>
OrReply<T> WriteAs(Accounts& accounts, const Caller& caller,
                   const std::function<Result<T>(Transaction&)>& job) {
  using Maybe = std::optional<T>;
  OrReply<Maybe> done = WriteFor<Maybe>(accounts, [&](Transaction& transaction) -> Result<Maybe> {
    ASSIGN_OR_RETURN(const bool holds, SessionHolds(accounts, transaction, caller.session));
    if (!holds) return Maybe();
    ASSIGN_OR_RETURN(T value, job(transaction));
    return Maybe(std::move(value));
  });
  if (!done.ok()) return done.reply();
  if (!done.value()) return SessionEnded();
  return std::move(*done.value());
}

}  // namespace insitu
