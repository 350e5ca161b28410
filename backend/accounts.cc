#include "backend/accounts.h"

#include <nlohmann/json.hpp>

#include "backend/address.h"
#include "backend/audit.h"
#include "backend/crypto.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/session_cookies.h"
#include "backend/sessions.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr char kFirstKeySetting[] = "first_key_id";
constexpr char kFakeSaltSetting[] = "fake_salt_key";
constexpr size_t kFakeSaltKeyBytes = 32;

int64_t Milliseconds(std::chrono::seconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

Response Retry(int status, std::string_view code, std::string detail, int64_t seconds) {
  Response reply = Problem(status, code, std::move(detail));
  reply.headers.push_back({"Retry-After", std::to_string(seconds)});
  return reply;
}

RouteHandler ForCallerIf(Accounts* accounts, CallerHandler handler, bool fresh) {
  return [=](const Request& request, const PathParameters& parameters) {
    OrReply<std::optional<Caller>> found = FindCaller(*accounts, request);
    if (!found.ok()) return found.reply();
    if (!found.value()) return SessionEnded();
    const Caller& caller = *found.value();
    Response reply;
    if (fresh && !IsFresh(caller.session, accounts->database.Now())) {
      reply = Problem(403, "reauthentication_required",
                      "This needs your password again. Give it, then repeat what you did.");
    } else {
      reply = handler(*accounts, request, parameters, caller);
    }
    reply.user_id = caller.user.id;
    return reply;
  };
}

}  // namespace

AccountSettings AccountSettingsOf(const Config& config) {
  AccountSettings settings;
  settings.registration = config.registration;
  settings.storage = config.storage;
  settings.max_object_bytes = static_cast<int64_t>(config.max_object_bytes);
  settings.quota_bytes = static_cast<int64_t>(config.quota_bytes);
  settings.throttle.failures_per_address_and_minute = config.failures_per_address_and_minute;
  settings.session_idle_ms = Milliseconds(config.session_idle);
  settings.session_absolute_ms = Milliseconds(config.session_absolute);
  return settings;
}

Accounts::Accounts(Database* database, ObjectFiles* files, KeyFile keys,
                   const AccountSettings& settings, ErrorLog log,
                   Throttle::SteadyClock steady_clock)
    : database(*database),
      files(*files),
      keys(std::move(keys)),
      settings(settings),
      hasher(this->keys, settings.hash),
      log(std::move(log)),
      throttle(settings.throttle, std::move(steady_clock)) {}

Result<bool> Accounts::HaveKeys(Database* database) {
  ASSIGN_OR_RETURN(const std::optional<std::string> first,
                   database->ReadFor<std::optional<std::string>>([](Transaction& transaction) {
                     return FindSetting(transaction, kFirstKeySetting);
                   }));
  return first.has_value();
}

Result<std::unique_ptr<Accounts>> Accounts::Open(Database* database, ObjectFiles* files,
                                                 KeyFile keys, const AccountSettings& settings,
                                                 ErrorLog log, Throttle::SteadyClock steady_clock) {
  auto accounts = std::make_unique<Accounts>(database, files, std::move(keys), settings,
                                             std::move(log), std::move(steady_clock));
  std::string first_key;
  std::string salt_key;
  RETURN_IF_ERROR(database->Write([&](Transaction& transaction) -> Status {
    ASSIGN_OR_RETURN(first_key,
                     SetSettingOnce(transaction, kFirstKeySetting, accounts->keys.current_id()));
    ASSIGN_OR_RETURN(salt_key, SetSettingOnce(transaction, kFakeSaltSetting,
                                              ToBase64Url(RandomBytes(kFakeSaltKeyBytes))));
    return {};
  }));
  if (!accounts->keys.Has(first_key)) {
    return Fail(ErrorCode::kInvalidArgument,
                "The key file is not the one of this data folder: it lacks the key %, without "
                "which nobody could sign in. Restore it from its copy, or name the right one as "
                "key_file in the configuration.",
                first_key);
  }
  accounts->fake_salt_key = std::move(salt_key);
  return accounts;
}

Response JsonReply(int status, const nlohmann::ordered_json& body) {
  Response reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = std::make_shared<const std::string>(
      body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return reply;
}

Response NoContent() {
  Response reply;
  reply.status = 204;
  return reply;
}

Response StorageFault(const Accounts& accounts, const Error& error) {
  constexpr int64_t kRetrySeconds = 5;
  accounts.log(error.message);
  return Retry(503, "storage_unavailable",
               "The server cannot read or write its data now. Nothing was changed; try again soon.",
               kRetrySeconds);
}

Response Busy() {
  return Retry(503, "busy", "Too many people sign in just now. Try again in a second.", 1);
}

Response TooManyAttempts(std::chrono::seconds wait) {
  return Retry(429, "too_many_attempts",
               StrCat("There were too many attempts. Try again in ", wait.count(), " seconds."),
               wait.count());
}

Response SessionEnded() {
  return Problem(401, "session_ended", "You are not signed in, or no longer. Sign in again.");
}

RouteHandler ForCaller(Accounts* accounts, CallerHandler handler) {
  return ForCallerIf(accounts, handler, /*fresh=*/false);
}

RouteHandler ForFreshCaller(Accounts* accounts, CallerHandler handler) {
  return ForCallerIf(accounts, handler, /*fresh=*/true);
}

OrReply<std::optional<Caller>> FindCaller(Accounts& accounts, const Request& request) {
  const std::optional<std::string> token = FindSessionToken(request);
  if (!token) return std::optional<Caller>();
  const std::string token_hash = HashToken(*token);
  const int64_t now = accounts.database.Now();
  const int64_t seen_after = now - accounts.settings.session_idle_ms;
  auto found = ReadFor<std::optional<SignedIn>>(accounts, [&](Transaction& transaction) {
    return FindSession(transaction, token_hash, seen_after, now);
  });
  if (!found.ok()) return found.reply();
  if (!found.value()) return std::optional<Caller>();
  SignedIn& signed_in = *found.value();
  if (now - signed_in.session.last_seen_at >= kSeenAgainMs) {
    // Only when this is on the disk: a session that is seen must not idle out.
    auto touched = WriteFor<bool>(accounts, [&](Transaction& transaction) {
      return TouchSession(transaction, token_hash, TruncatedAddress(request.remote_address), now);
    });
    if (!touched.ok()) return touched.reply();
    if (!touched.value()) return std::optional<Caller>();
    signed_in.session.last_seen_at = now;
  }
  return std::optional<Caller>({std::move(signed_in.user), std::move(signed_in.session)});
}

Result<bool> SessionHolds(const Accounts& accounts, Transaction& transaction,
                          const Session& session) {
  const int64_t now = accounts.database.Now();
  ASSIGN_OR_RETURN(const auto found, FindSession(transaction, session.token_hash,
                                                 now - accounts.settings.session_idle_ms, now));
  return found.has_value();
}

void SweepFiles(Accounts& accounts) {
  const Result<int64_t> swept = accounts.files.Sweep();
  if (!swept.ok()) accounts.log(swept.error().message);
}

Status Audit(Transaction& transaction, const Accounts& accounts, const Request& request,
             std::string_view actor, std::string_view event, std::string_view target,
             std::string_view outcome) {
  AuditEvent row;
  row.actor = actor;
  row.address = TruncatedAddress(request.remote_address);
  row.event = event;
  row.target = target;
  row.outcome = outcome;
  return AppendAudit(transaction, row, accounts.database.Now());
}

}  // namespace insitu
