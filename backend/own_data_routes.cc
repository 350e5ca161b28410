// What is one's own: sessions, settings, everything as one file, and the end of it.
#include "backend/account_json.h"
#include "backend/account_routes.h"
#include "backend/audit.h"
#include "backend/limits.h"
#include "backend/object_routes.h"
#include "backend/session_cookies.h"
#include "backend/sign_in.h"
#include "backend/store_objects.h"

namespace insitu {
namespace {

constexpr int64_t kExportedEvents = 10'000;

Result<std::vector<Session>> ListOwnSessions(Transaction& transaction, const Accounts& accounts,
                                             const Caller& caller) {
  const int64_t now = accounts.database.Now();
  return ListSessions(transaction, caller.user.id, now - accounts.settings.session_idle_ms, now);
}

Json SessionsJson(const Accounts& accounts, const Caller& caller,
                  const std::vector<Session>& sessions) {
  Json items = Json::array();
  for (const Session& session : sessions) {
    items.push_back(SessionJson(accounts, session, session.id == caller.session.id));
  }
  return items;
}

Response GetSessions(Accounts& accounts, const Request&, const PathParameters&,
                     const Caller& caller) {
  auto sessions = ReadFor<std::vector<Session>>(accounts, [&](Transaction& transaction) {
    return ListOwnSessions(transaction, accounts, caller);
  });
  if (!sessions.ok()) return sessions.reply();
  return JsonReply(200, {{"items", SessionsJson(accounts, caller, sessions.value())}});
}

Response EndOneSession(Accounts& accounts, const Request& request, const PathParameters& parameters,
                       const Caller& caller) {
  const std::string& id = parameters["id"];
  auto ended = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const bool there, EndSessionById(transaction, caller.user.id, id));
    if (!there) return false;
    RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "session_ended", id));
    return true;
  });
  if (!ended.ok()) return ended.reply();
  if (!ended.value()) return ProblemOf(404);
  Response reply = NoContent();
  if (id == caller.session.id) reply.headers.push_back(ExpireSessionCookie());
  return reply;
}

Response EndSessions(Accounts& accounts, const Request& request, const PathParameters&,
                     const Caller& caller) {
  auto ended = WriteAs<int64_t>(accounts, caller, [&](Transaction& transaction) -> Result<int64_t> {
    RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "other_sessions_ended",
                          caller.user.id));
    return EndOtherSessions(transaction, caller.user.id, caller.session.id);
  });
  return ended.ok() ? NoContent() : ended.reply();
}

// --- Settings ---

enum class Setting { kDone, kRecoveryNotConfirmed };

struct Settings {
  Setting outcome = Setting::kDone;
  std::optional<User> user;
};

Result<Settings> SetIn(Transaction& transaction, const Accounts& accounts, const Request& request,
                       const Caller& caller, const std::string& keep, bool confirm_recovery) {
  const int64_t now = accounts.database.Now();
  const std::string& id = caller.user.id;
  if (confirm_recovery) RETURN_IF_ERROR(ConfirmRecovery(transaction, id, now));
  ASSIGN_OR_RETURN(const auto user, FindUser(transaction, id));
  const bool sealed_by_owner = user && user->credential && user->credential->scheme == "e2e";
  if (keep != "never" && sealed_by_owner && !user->recovery_confirmed_at) {
    transaction.Discard();
    return Settings{Setting::kRecoveryNotConfirmed, {}};
  }
  RETURN_IF_ERROR(SetKeep(transaction, id, keep, now));
  RETURN_IF_ERROR(Audit(transaction, accounts, request, id, "settings_changed", id));
  Settings done;
  ASSIGN_OR_RETURN(done.user, FindUser(transaction, id));
  return done;
}

Response PutSettings(Accounts& accounts, const Request& request, const PathParameters&,
                     const Caller& caller) {
  auto body = ParseJsonObject(request.body);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  const std::string keep = fields.Text("keep", 0, kMaxJsonBytes);
  const bool confirm_recovery = fields.OptionalBoolean("recovery_confirmed").value_or(false);
  if (fields.Has("keep") && keep != "ask" && keep != "always" && keep != "never") {
    fields.Refuse("keep", "unknown_value", "This field is ask, always or never.");
  }
  if (!fields.Complete()) return fields.Refusal();
  if (keep != "never" && accounts.settings.storage == StorageMode::kOff) {
    return Problem(409, "storage_off", "This server keeps nothing. Set keep to never.");
  }
  auto done = WriteAs<Settings>(accounts, caller, [&](Transaction& transaction) {
    return SetIn(transaction, accounts, request, caller, keep, confirm_recovery);
  });
  if (!done.ok()) return done.reply();
  if (done.value().outcome == Setting::kRecoveryNotConfirmed) {
    return Problem(409, "recovery_not_confirmed",
                   "Type the recovery key once before anything is kept: without it a forgotten "
                   "password loses everything.");
  }
  if (!done.value().user) return SessionEnded();
  return JsonReply(200, UserJson(*done.value().user));
}

// --- Everything, and the end ---

Json EventsJson(const std::vector<AuditRow>& rows) {
  Json events = Json::array();
  for (const AuditRow& row : rows) {
    events.push_back({{"at", row.at},
                      {"event", row.event},
                      {"outcome", row.outcome},
                      {"target", row.target},
                      {"address", row.address}});
  }
  return events;
}

struct Everything {
  std::vector<Session> sessions;
  std::vector<AuditRow> events;
  std::vector<Object> objects;
};

// All of one state of the data.
Result<Everything> ReadEverything(Transaction& transaction, const Accounts& accounts,
                                  const Caller& caller) {
  Everything all;
  ASSIGN_OR_RETURN(all.sessions, ListOwnSessions(transaction, accounts, caller));
  ASSIGN_OR_RETURN(all.events, ListAuditOfUser(transaction, caller.user.id, kExportedEvents));
  std::optional<ObjectCursor> after;
  while (true) {
    ASSIGN_OR_RETURN(std::vector<Object> page,
                     ListObjects(transaction, caller.user.id, after, kMaxObjectsPerPage));
    if (page.empty()) return all;
    after = ObjectCursor{page.back().created_at, page.back().id};
    for (Object& object : page) all.objects.push_back(std::move(object));
  }
}

Response Export(Accounts& accounts, const Request&, const PathParameters&, const Caller& caller) {
  auto all = ReadFor<Everything>(accounts, [&](Transaction& transaction) {
    return ReadEverything(transaction, accounts, caller);
  });
  if (!all.ok()) return all.reply();
  Json objects = Json::array();
  for (const Object& object : all.value().objects) {
    std::optional<Json> json = ObjectJson(accounts, object);
    if (!json) return ProblemOf(500);
    objects.push_back(std::move(*json));
  }
  Response reply =
      JsonReply(200, {{"user", UserJson(caller.user)},
                      {"sessions", SessionsJson(accounts, caller, all.value().sessions)},
                      {"events", EventsJson(all.value().events)},
                      {"objects", std::move(objects)}});
  reply.headers.push_back({"Content-Disposition", "attachment; filename=\"insitu-account.json\""});
  return reply;
}

Response DeleteAccount(Accounts& accounts, const Request& request, const PathParameters&,
                       const Caller& caller) {
  auto done = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    RETURN_IF_ERROR(
        Audit(transaction, accounts, request, caller.user.id, "account_deleted", caller.user.id));
    return DeleteUser(transaction, caller.user.id, accounts.database.Now());
  });
  if (!done.ok()) return done.reply();
  SweepFiles(accounts);
  Response reply = NoContent();
  reply.headers.push_back(ExpireSessionCookie());
  reply.headers.push_back({"Clear-Site-Data", "\"cache\""});
  return reply;
}

}  // namespace

std::vector<Route> OwnDataRoutes(Accounts* accounts) {
  return {
      {"GET", "/api/sessions", 0, false, ForCaller(accounts, GetSessions)},
      {"DELETE", "/api/sessions", kMaxJsonBytes, false, ForCaller(accounts, EndSessions)},
      {"DELETE", "/api/sessions/{id}", kMaxJsonBytes, false, ForCaller(accounts, EndOneSession)},
      {"PUT", "/api/settings", kMaxJsonBytes, false, ForCaller(accounts, PutSettings)},
      {"GET", "/api/export", 0, false, ForCaller(accounts, Export)},
      {"DELETE", "/api/account", kMaxJsonBytes, false, ForFreshCaller(accounts, DeleteAccount)},
  };
}

}  // namespace insitu
