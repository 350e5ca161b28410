// Password and second factor, over the route table.
#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/limits.h"
#include "backend/sessions.h"
#include "backend/totp.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

using Catch::Matchers::StartsWith;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

AccountSettings ServerSealed() {
  AccountSettings settings = TestSettings();
  settings.storage = StorageMode::kServer;
  return settings;
}

TestJson Change(const std::string& from, const std::string& to, int64_t user_key_version = 1) {
  return {{"current", {{"auth_key", Key(from)}}},
          {"new", CredentialOf(to, /*with_recovery=*/false)},
          {"user_key_version", user_key_version}};
}

TestJson PasswordChange(const std::string& from, const std::string& to) {
  return {{"current", {{"password", from}}}, {"new", {{"password", to}}}, {"user_key_version", 1}};
}

// Signs in to the second factor; returns its ticket.
std::string TicketFor(Browser* browser, const std::string& username) {
  const Answer answer = browser->Login(username);
  REQUIRE(answer.status == 200);
  REQUIRE(answer.json.contains("ticket"));
  return answer.json["ticket"];
}

Answer GiveCode(Browser* browser, const std::string& ticket, const std::string& code) {
  return browser->Post("/api/login/second-factor", {{"ticket", ticket}, {"code", code}});
}

// --- Password
// ---------------------------------------------------------------------------------------

TEST_CASE("A new password takes the place of the old one and rewraps the same key",
          "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const Answer answer = browser.Post("/api/password", Change("ada", "new"));
  REQUIRE(answer.status == 200);
  CHECK(answer.json["wrapped_user_key"] == Key("wrapped new", 60));
  CHECK(answer.json["user_key_version"] == 1);
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
  CHECK(Browser(&server).Login("ada").status == 401);
  CHECK(Browser(&server).Login("ada", "new").status == 200);
  CHECK(Browser(&server).Post("/api/prelogin", {{"username", "ada"}}).json["salt"] ==
        Key("salt new", 16));
}

TEST_CASE("A new password ends the other sessions and renews the token",
          "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Browser other(&server);
  REQUIRE(other.Login("ada").status == 200);
  const std::string old_token = browser.Cookie("__Host-insitu-session");
  REQUIRE(browser.Post("/api/password", Change("ada", "new")).status == 200);
  CHECK(other.Get("/api/session").json["user"] == nullptr);
  CHECK(browser.Cookie("__Host-insitu-session") != old_token);
  CHECK(browser.Get("/api/sessions").json["items"].size() == 1);
}

TEST_CASE("Without the old password there is no new one", "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const Answer answer = browser.Post("/api/password", Change("wrong", "new"));
  CHECK(answer.status == 403);
  CHECK(answer.code() == "invalid_credentials");
  CHECK(Browser(&server).Login("ada").status == 200);
}

TEST_CASE("A password changed elsewhere meanwhile is told", "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const Answer answer = browser.Post("/api/password", Change("ada", "new", 2));
  CHECK(answer.status == 409);
  CHECK(answer.code() == "user_key_changed");
  CHECK(Browser(&server).Login("ada").status == 200);
}

TEST_CASE("A change of password is checked field by field", "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  TestJson body = Change("ada", "new");
  body["new"].erase("salt");
  body["current"] = "x";
  const Answer answer = browser.Post("/api/password", body);
  CHECK(answer.status == 422);
  std::set<std::string> pointers;
  for (const auto& error : answer.json["errors"]) pointers.insert(error["pointer"]);
  CHECK(pointers.contains("/new/salt"));
  CHECK(pointers.contains("/current"));
}

TEST_CASE("A password change needs a fresh session", "[credentials][password]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.Pass(milliseconds(kFreshMs));
  CHECK(browser.Post("/api/password", Change("ada", "new")).code() == "reauthentication_required");
}

TEST_CASE("The server's rules hold for a changed password", "[credentials][password]") {
  AccountServer server(ServerSealed());
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Post("/api/password", PasswordChange(kPassword, "short")).status == 422);
  CHECK(browser.Post("/api/password", PasswordChange(kPassword, "nine lives, eight left")).status ==
        200);
  CHECK(Browser(&server).Login("ada", "nine lives, eight left").status == 200);
}

TEST_CASE("A shorter password is for accounts with a second factor, and binds them to it",
          "[credentials][password][totp]") {
  AccountServer server(ServerSealed());
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Post("/api/password", PasswordChange(kPassword, "qm7-vw2x")).status == 422);
  browser.TurnOnTotp();
  REQUIRE(browser.Post("/api/password", PasswordChange(kPassword, "qm7-vw2x")).status == 200);
  CHECK(browser.Delete("/api/totp").code() == "password_too_short");
  REQUIRE(browser.Post("/api/password", PasswordChange("qm7-vw2x", kPassword)).status == 200);
  CHECK(browser.Delete("/api/totp").status == 204);
}

// --- Turning the second factor on
// -------------------------------------------------------------------

TEST_CASE("The second factor counts once a code of it was right", "[credentials][totp]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const Answer begun = browser.Post("/api/totp", TestJson::object());
  REQUIRE(begun.status == 200);
  CHECK_THAT(begun.json["uri"].get<std::string>(), StartsWith("otpauth://totp/InSitu:ada?secret="));
  CHECK(browser.Get("/api/session").json["user"]["totp"] == false);
  CHECK(Browser(&server).Login("ada").json.contains("user"));
  CHECK(browser.Post("/api/totp/confirm", {{"code", "000000"}}).code() == "code_invalid");
  const std::string secret = begun.json["secret"];
  const Answer confirmed =
      browser.Post("/api/totp/confirm", {{"code", AppCode(secret, server.now())}});
  REQUIRE(confirmed.status == 200);
  CHECK(confirmed.json["recovery_codes"].size() == kRecoveryCodes);
  CHECK(browser.Get("/api/session").json["user"]["totp"] == true);
  CHECK(browser.Get("/api/session").json["user"]["recovery_codes_left"] == kRecoveryCodes);
}

TEST_CASE("Beginning anew gives another secret, and the one before is gone",
          "[credentials][totp]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string first = browser.Post("/api/totp", TestJson::object()).json["secret"];
  const std::string second = browser.Post("/api/totp", TestJson::object()).json["secret"];
  CHECK(first != second);
  CHECK(browser.Post("/api/totp/confirm", {{"code", AppCode(first, server.now())}}).code() ==
        "code_invalid");
  CHECK(browser.Post("/api/totp/confirm", {{"code", AppCode(second, server.now())}}).status == 200);
}

TEST_CASE("There is nothing to confirm before it was begun, nor twice", "[credentials][totp]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Post("/api/totp/confirm", {{"code", "000000"}}).code() == "totp_not_begun");
  browser.TurnOnTotp();
  CHECK(browser.Post("/api/totp/confirm", {{"code", "000000"}}).code() == "totp_not_begun");
  CHECK(browser.Post("/api/totp", TestJson::object()).code() == "totp_on");
}

TEST_CASE("Turning the second factor on and off needs a fresh session", "[credentials][totp]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.Pass(milliseconds(kFreshMs));
  CHECK(browser.Post("/api/totp", TestJson::object()).code() == "reauthentication_required");
  CHECK(browser.Delete("/api/totp").code() == "reauthentication_required");
  CHECK(browser.Post("/api/recovery-codes", TestJson::object()).code() ==
        "reauthentication_required");
}

TEST_CASE("Without a second factor there is none to turn off and no recovery codes",
          "[credentials][totp]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Delete("/api/totp").status == 404);
  CHECK(browser.Post("/api/recovery-codes", TestJson::object()).code() == "totp_off");
}

// --- Signing in with it
// -----------------------------------------------------------------------------

TEST_CASE("With a second factor a right password gives a ticket and no session",
          "[credentials][second_factor]") {
  AccountServer server;
  Browser(&server).Register("grace");
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  Browser browser(&server);
  const Answer first = browser.Login("ada");
  CHECK(first.status == 200);
  CHECK(first.json["second_factor"] == TestJson({"totp", "recovery_code"}));
  CHECK_FALSE(first.json.contains("wrapped_user_key"));
  CHECK(first.Cookies().empty());
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
  server.Pass(milliseconds(kTotpStepMs));
  const Answer second = GiveCode(&browser, first.json["ticket"], AppCode(secret, server.now()));
  REQUIRE(second.status == 200);
  CHECK(second.json["wrapped_user_key"] == Key("wrapped ada", 60));
  CHECK(browser.Get("/api/session").json["user"]["username"] == "ada");
}

TEST_CASE("A wrong password says nothing of the second factor", "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  CHECK(Browser(&server).Login("ada", "wrong").bytes == Browser(&server).Login("nobody").bytes);
}

TEST_CASE("A code is good once, also with another ticket", "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  Browser browser(&server);
  const std::string used = AppCode(secret, server.now());
  CHECK(GiveCode(&browser, TicketFor(&browser, "ada"), used).code() == "code_invalid");
  server.Pass(milliseconds(kTotpStepMs));
  const std::string next = AppCode(secret, server.now());
  const std::string ticket = TicketFor(&browser, "ada");
  const std::string another = TicketFor(&browser, "ada");
  CHECK(GiveCode(&browser, ticket, next).status == 200);
  CHECK(GiveCode(&browser, another, next).code() == "code_invalid");
}

TEST_CASE("A ticket is good once", "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  server.Pass(milliseconds(kTotpStepMs));
  Browser browser(&server);
  const std::string ticket = TicketFor(&browser, "ada");
  REQUIRE(GiveCode(&browser, ticket, AppCode(secret, server.now())).status == 200);
  server.Pass(milliseconds(kTotpStepMs));
  const Answer again = GiveCode(&browser, ticket, AppCode(secret, server.now()));
  CHECK(again.status == 410);
  CHECK(again.code() == "ticket_expired");
}

TEST_CASE("A ticket ends after five minutes", "[credentials][second_factor][limits]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  Browser browser(&server);
  const std::string early = TicketFor(&browser, "ada");
  server.Pass(milliseconds(kTicketMs - 1));
  CHECK(GiveCode(&browser, early, AppCode(secret, server.now())).status == 200);
  const std::string late = TicketFor(&browser, "ada");
  server.Pass(milliseconds(kTicketMs));
  CHECK(GiveCode(&browser, late, AppCode(secret, server.now())).status == 410);
}

TEST_CASE("A ticket takes five wrong codes", "[credentials][second_factor][limits]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  Browser browser(&server);
  const std::string ticket = TicketFor(&browser, "ada");
  for (int i = 0; i < kMaxTicketAttempts; ++i) {
    CHECK(GiveCode(&browser, ticket, "000000").code() == "code_invalid");
  }
  server.Pass(seconds(20));
  CHECK(GiveCode(&browser, ticket, "000000").code() == "ticket_expired");
}

TEST_CASE("A right password does not make guessing codes free",
          "[credentials][second_factor][throttle]") {
  AccountServer server;
  Browser owner(&server, "192.0.2.200");
  owner.Register("ada");
  owner.TurnOnTotp();
  for (int i = 0; i < kFreeFailures; ++i) {
    Browser thief(&server, StrCat("198.51.100.", i));
    CHECK(GiveCode(&thief, TicketFor(&thief, "ada"), "000000").code() == "code_invalid");
  }
  Browser thief(&server, "198.51.100.99");
  const Answer answer = GiveCode(&thief, TicketFor(&thief, "ada"), "000000");
  CHECK(answer.status == 429);
  CHECK(answer.Header("Retry-After") == "1");
}

TEST_CASE("What is no ticket is an expired one", "[credentials][second_factor]") {
  AccountServer server;
  Browser browser(&server);
  CHECK(GiveCode(&browser, "x", "000000").status == 410);
  CHECK(GiveCode(&browser, std::string(43, 'A'), "000000").status == 410);
}

TEST_CASE("A password changed after the ticket makes it worthless",
          "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  Browser thief(&server);
  const std::string ticket = TicketFor(&thief, "ada");
  REQUIRE(owner.Post("/api/password", Change("ada", "new")).status == 200);
  server.Pass(milliseconds(kTotpStepMs));
  CHECK(GiveCode(&thief, ticket, AppCode(secret, server.now())).status == 410);
  CHECK(thief.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A recovery code signs in once, however it is typed", "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  std::string typed = owner.recovery_codes[3];
  for (char& c : typed) {
    if (c == '-') c = ' ';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  Browser browser(&server);
  const Answer answer = GiveCode(&browser, TicketFor(&browser, "ada"), typed);
  REQUIRE(answer.status == 200);
  CHECK(answer.json["user"]["recovery_codes_left"] == kRecoveryCodes - 1);
  CHECK(GiveCode(&browser, TicketFor(&browser, "ada"), typed).code() == "code_invalid");
  CHECK(GiveCode(&browser, TicketFor(&browser, "ada"), owner.recovery_codes[4]).status == 200);
}

TEST_CASE("New recovery codes make the old ones worthless", "[credentials][totp]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  const Answer made = owner.Post("/api/recovery-codes", TestJson::object());
  REQUIRE(made.json["recovery_codes"].size() == kRecoveryCodes);
  Browser browser(&server);
  CHECK(GiveCode(&browser, TicketFor(&browser, "ada"), owner.recovery_codes[0]).code() ==
        "code_invalid");
  CHECK(GiveCode(&browser, TicketFor(&browser, "ada"), made.json["recovery_codes"][0]).status ==
        200);
}

TEST_CASE("Once turned off, the second factor is asked for no more and its codes are gone",
          "[credentials][totp]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  REQUIRE(owner.Delete("/api/totp").status == 204);
  const Answer answer = Browser(&server).Login("ada");
  CHECK(answer.json["user"]["totp"] == false);
  CHECK(answer.json["user"]["recovery_codes_left"] == 0);
  CHECK(server.Events("ada").back() == "sign_in ok");
}

TEST_CASE("A secret that the database lost its key of is a fault, not a wrong code",
          "[credentials][second_factor]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  Browser browser(&server);
  const std::string ticket = TicketFor(&browser, "ada");
  // Another user's sealed secret in this one's row.
  Browser other(&server);
  other.Register("grace");
  other.TurnOnTotp();
  REQUIRE(server.database()
              .Write([](Transaction& transaction) -> Status {
                ASSIGN_OR_RETURN(const auto ada, FindUserByName(transaction, "ada"));
                ASSIGN_OR_RETURN(const auto grace, FindUserByName(transaction, "grace"));
                ASSIGN_OR_RETURN(const auto totp, FindTotp(transaction, grace->id));
                RETURN_IF_ERROR(RemoveTotp(transaction, ada->id));
                RETURN_IF_ERROR(
                    BeginTotp(transaction, ada->id, totp->sealed_secret, totp->key_id, 1));
                RETURN_IF_ERROR(ConfirmTotp(transaction, ada->id, totp->sealed_secret, 1, 1));
                return {};
              })
              .ok());
  const Answer answer = GiveCode(&browser, ticket, "123456");
  CHECK(answer.status == 503);
  CHECK(server.log().size() == 1);
}

}  // namespace
}  // namespace insitu
