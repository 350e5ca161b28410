#include "backend/admin.h"

#include <ctime>
#include <span>

#include "backend/audit.h"
#include "backend/one_time_code.h"
#include "backend/store_accounts.h"
#include "backend/store_sessions.h"
#include "backend/username.h"
#include "backend/uuid.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kFirstCodeHours = int64_t{7} * 24;
constexpr int64_t kResetCodeHours = 24;
constexpr int64_t kInvitationHours = int64_t{14} * 24;
constexpr int64_t kUsersAtOnce = 500;

constexpr int kRefused = 1;
constexpr int kNotUnderstood = 2;

using Words = std::span<const std::string>;

struct Admin {
  Database* database;
  int64_t quota_bytes;
  int64_t now;
};

AdminReply Say(std::string out) { return {.status = 0, .out = std::move(out), .err = ""}; }
AdminReply Refuse(std::string err) {
  return {.status = kRefused, .out = "", .err = std::move(err)};
}
AdminReply NotUnderstood() {
  return {.status = kNotUnderstood, .out = "", .err = "What it can do:\n" + AdminUsage()};
}
AdminReply Fault(const Error& error) { return Refuse(error.message + "\n"); }

Status Audit(Transaction& transaction, const Admin& admin, std::string event, std::string target) {
  return AppendAudit(transaction,
                     {.actor = "admin",
                      .address = "",
                      .event = std::move(event),
                      .target = std::move(target),
                      .outcome = "ok",
                      .detail = ""},
                     admin.now);
}

AdminReply NoSuchUser(const Username& name) {
  return Refuse(StrCat("There is no user ", name.shown, ".\n"));
}

// A job about one user. False from `job`: there is no such user (any more).
AdminReply ForUser(const Admin& admin, const Username& name, std::string event,
                   const std::function<Result<bool>(Transaction&, const User&)>& job,
                   std::string done) {
  const Result<bool> did =
      admin.database->WriteFor<bool>([&](Transaction& transaction) -> Result<bool> {
        ASSIGN_OR_RETURN(const std::optional<User> user,
                         FindUserByName(transaction, name.normalized));
        if (!user) return false;
        ASSIGN_OR_RETURN(const bool there, job(transaction, *user));
        if (!there) return false;
        RETURN_IF_ERROR(Audit(transaction, admin, event, user->id));
        return true;
      });
  if (!did.ok()) return Fault(did.error());
  return did.value() ? Say(std::move(done)) : NoSuchUser(name);
}

AdminReply Create(const Admin& admin, const Username& name, bool is_admin) {
  const std::string code = MakeOneTimeCode();
  NewUser user;
  user.id = NewUuid(admin.now);
  user.username = name.shown;
  user.username_norm = name.normalized;
  user.role = is_admin ? "admin" : "user";
  user.quota_bytes = admin.quota_bytes;
  user.now = admin.now;
  const Result<bool> made =
      admin.database->WriteFor<bool>([&](Transaction& transaction) -> Result<bool> {
        ASSIGN_OR_RETURN(const bool created, CreateUser(transaction, user));
        if (!created) return false;
        ASSIGN_OR_RETURN(const bool set,
                         SetResetCode(transaction, user.id, *HashOneTimeCode(code),
                                      admin.now + kFirstCodeHours * kHour, admin.now));
        RETURN_IF_ERROR(Audit(transaction, admin, "user_created", user.id));
        return set;
      });
  if (!made.ok()) return Fault(made.error());
  if (!made.value()) return Refuse(StrCat("There is a user ", name.shown, " already.\n"));
  return Say(StrCat("Made the user ", name.shown, ". With this code, good once within ",
                    kFirstCodeHours / 24, " days, they choose a password:\n", code, "\n"));
}

AdminReply Invite(const Admin& admin, const std::optional<Username>& name) {
  const std::string code = MakeOneTimeCode();
  Invitation invitation;
  invitation.code_hash = *HashOneTimeCode(code);
  if (name) invitation.username_norm = name->normalized;
  invitation.expires_at = admin.now + kInvitationHours * kHour;
  const Status added = admin.database->Write([&](Transaction& transaction) -> Status {
    RETURN_IF_ERROR(AddInvitation(transaction, invitation, admin.now));
    return Audit(transaction, admin, "invited", "");
  });
  if (!added.ok()) return Fault(added.error());
  return Say(
      StrCat("An invitation, good once within ", kInvitationHours / 24, " days:\n", code, "\n"));
}

AdminReply Reset(const Admin& admin, const Username& name) {
  const std::string code = MakeOneTimeCode();
  return ForUser(
      admin, name, "reset_code_made",
      [&](Transaction& transaction, const User& user) {
        return SetResetCode(transaction, user.id, *HashOneTimeCode(code),
                            admin.now + kResetCodeHours * kHour, admin.now);
      },
      StrCat("With this code, good once within ", kResetCodeHours, " hours, ", name.shown,
             " chooses a new password. What they kept end-to-end encrypted is deleted then, "
             "since nobody can read it any more; their recovery key would save it.\n",
             code, "\n"));
}

AdminReply SetActive(const Admin& admin, const Username& name, bool active) {
  return ForUser(
      admin, name, active ? "user_enabled" : "user_disabled",
      [&](Transaction& transaction, const User& user) -> Result<bool> {
        ASSIGN_OR_RETURN([[maybe_unused]] const int64_t ended,
                         EndOtherSessions(transaction, user.id, ""));
        return SetStatus(transaction, user.id, active ? "active" : "disabled", admin.now);
      },
      active ? StrCat(name.shown, " may sign in.\n")
             : StrCat(name.shown, " is signed out everywhere and may not sign in.\n"));
}

AdminReply EndSessions(const Admin& admin, const Username& name) {
  return ForUser(
      admin, name, "sessions_ended",
      [](Transaction& transaction, const User& user) -> Result<bool> {
        ASSIGN_OR_RETURN([[maybe_unused]] const int64_t ended,
                         EndOtherSessions(transaction, user.id, ""));
        return true;
      },
      StrCat(name.shown, " is signed out everywhere.\n"));
}

AdminReply EndEverySession(const Admin& admin) {
  const Result<int64_t> ended =
      admin.database->WriteFor<int64_t>([&](Transaction& transaction) -> Result<int64_t> {
        ASSIGN_OR_RETURN(const int64_t count, EndAllSessions(transaction));
        RETURN_IF_ERROR(Audit(transaction, admin, "all_sessions_ended", ""));
        return count;
      });
  if (!ended.ok()) return Fault(ended.error());
  return Say(StrCat("Everybody is signed out: ", ended.value(), " sessions ended.\n"));
}

std::string Day(int64_t time) {
  const std::time_t seconds = time / 1'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string day(16, '\0');
  day.resize(std::strftime(day.data(), day.size(), "%Y-%m-%d", &parts));
  return day;
}

std::string LineFor(const User& user) {
  return StrCat(user.username, "\t", user.status, "\t", user.role, "\t",
                user.credential ? user.credential->scheme : "no password yet", "\t",
                user.totp ? "second factor" : "-", "\t", user.used_bytes, " of ", user.quota_bytes,
                " bytes\tsince ", Day(user.created_at), "\n");
}

AdminReply List(const Admin& admin) {
  std::string lines;
  std::string after;
  while (true) {
    const Result<std::vector<User>> users = admin.database->ReadFor<std::vector<User>>(
        [&](Transaction& transaction) { return ListUsers(transaction, after, kUsersAtOnce); });
    if (!users.ok()) return Fault(users.error());
    for (const User& user : users.value()) lines += LineFor(user);
    if (users.value().empty()) break;
    after = users.value().back().username_norm;
  }
  return Say(lines.empty() ? "There are no users yet.\n" : lines);
}

AdminReply AboutUser(const Admin& admin, const std::string& verb, const Username& name,
                     bool is_admin) {
  if (verb == "create") return Create(admin, name, is_admin);
  if (verb == "invite") return Invite(admin, name);
  if (verb == "reset") return Reset(admin, name);
  if (verb == "disable") return SetActive(admin, name, false);
  if (verb == "enable") return SetActive(admin, name, true);
  if (verb == "end-sessions") return EndSessions(admin, name);
  return NotUnderstood();
}

}  // namespace

std::string AdminUsage() {
  return "  admin create NAME [--admin]    make a user and print the code to choose a password "
         "with\n"
         "  admin invite [NAME]            print an invitation, for that name or for any\n"
         "  admin reset NAME               print a code to choose a new password with\n"
         "  admin disable NAME             sign out and shut out\n"
         "  admin enable NAME              let in again\n"
         "  admin list                     print the users\n"
         "  admin end-sessions NAME|--all  sign out everywhere\n";
}

AdminReply RunAdmin(Database* database, const std::vector<std::string>& arguments,
                    int64_t quota_bytes) {
  const Admin admin{.database = database, .quota_bytes = quota_bytes, .now = database->Now()};
  if (arguments.empty()) return NotUnderstood();
  const std::string& verb = arguments[0];
  const Words words = Words(arguments).subspan(1);
  if (verb == "list" && words.empty()) return List(admin);
  if (verb == "invite" && words.empty()) return Invite(admin, std::nullopt);
  if (verb == "end-sessions" && words.size() == 1 && words[0] == "--all") {
    return EndEverySession(admin);
  }
  const bool is_admin = verb == "create" && words.size() == 2 && words[1] == "--admin";
  if (words.size() != 1 && !is_admin) return NotUnderstood();
  const std::optional<Username> name = ParseUsername(words[0]);
  if (!name || words[0].starts_with("--")) {
    return Refuse("A user name has 1 to 64 bytes, no control characters and no dashes in front.\n");
  }
  return AboutUser(admin, verb, *name, is_admin);
}

}  // namespace insitu
