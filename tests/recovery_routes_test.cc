// Getting back in without the password, over the route table.
#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "backend/sessions.h"
#include "backend/totp.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Answer Recover(Browser* browser, const std::string& username, const std::string& key) {
  return browser->Post("/api/recover",
                       {{"username", username}, {"recovery_auth_key", Key("recovery " + key)}});
}

Answer Finish(Browser* browser, const std::string& ticket, const std::string& to) {
  return browser->Post("/api/recover/finish",
                       {{"ticket", ticket}, {"new", CredentialOf(to, /*with_recovery=*/false)}});
}

Answer Reset(Browser* browser, const std::string& username, const std::string& code,
             const std::string& to) {
  return browser->Post("/api/reset",
                       {{"username", username}, {"code", code}, {"new", CredentialOf(to)}});
}

TEST_CASE("The recovery key opens the user key and sets a new password", "[recovery]") {
  AccountServer server;
  Browser lost(&server);
  lost.Register("ada");
  Browser browser(&server);
  const Answer opened = Recover(&browser, "Ada", "ada");
  REQUIRE(opened.status == 200);
  CHECK(opened.json["wrapped_user_key"] == Key("wrapped for recovery ada", 60));
  CHECK(opened.json["user_key_version"] == 1);
  const Answer finished = Finish(&browser, opened.json["ticket"], "new");
  REQUIRE(finished.status == 200);
  CHECK(finished.json["wrapped_user_key"] == Key("wrapped new", 60));
  CHECK(browser.Get("/api/session").json["user"]["username"] == "ada");
  CHECK(Browser(&server).Login("ada").status == 401);
  CHECK(Browser(&server).Login("ada", "new").status == 200);
  // Whoever was signed in with the lost password is not any more.
  CHECK(lost.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A wrong recovery key and an unknown user get the same answer",
          "[recovery][enumeration]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser browser(&server);
  const Answer wrong = Recover(&browser, "ada", "wrong");
  const Answer unknown = Recover(&browser, "nobody", "wrong");
  CHECK(wrong.status == 401);
  CHECK(wrong.code() == "invalid_credentials");
  CHECK(wrong.bytes == unknown.bytes);
}

TEST_CASE("Guessing recovery keys is slowed down as passwords are", "[recovery][throttle]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser browser(&server);
  for (int i = 0; i < kFreeFailures; ++i) CHECK(Recover(&browser, "ada", "no").status == 401);
  CHECK(Recover(&browser, "ada", "ada").status == 429);
  CHECK(browser.Login("ada").status == 200);
}

TEST_CASE("A ticket of the recovery key is good once and for five minutes", "[recovery][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string first = Recover(&browser, "ada", "ada").json["ticket"];
  REQUIRE(Finish(&browser, first, "new").status == 200);
  CHECK(Finish(&browser, first, "newer").status == 410);
  const std::string in_time = Recover(&browser, "ada", "ada").json["ticket"];
  server.Pass(milliseconds(kTicketMs - 1));
  CHECK(Finish(&browser, in_time, "newer").status == 200);
  const std::string late = Recover(&browser, "ada", "ada").json["ticket"];
  server.Pass(milliseconds(kTicketMs));
  CHECK(Finish(&browser, late, "newest").code() == "ticket_expired");
}

TEST_CASE("Of two recoveries begun, the second to finish is told", "[recovery]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string one = Recover(&browser, "ada", "ada").json["ticket"];
  const std::string two = Recover(&browser, "ada", "ada").json["ticket"];
  CHECK(Finish(&browser, one, "new").status == 200);
  CHECK(Finish(&browser, two, "newer").status == 410);
  CHECK(Browser(&server).Login("ada", "new").status == 200);
}

TEST_CASE("A ticket of one kind is none of another", "[recovery]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const std::string ticket = Recover(&browser, "ada", "ada").json["ticket"];
  CHECK(browser.Post("/api/login/second-factor", {{"ticket", ticket}, {"code", "000000"}}).status ==
        410);
  CHECK(Finish(&browser, ticket, "new").status == 200);
}

TEST_CASE("The recovery key is no way around the second factor", "[recovery]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  Browser browser(&server);
  const Answer finished = Finish(&browser, Recover(&browser, "ada", "ada").json["ticket"], "new");
  CHECK(finished.status == 200);
  REQUIRE(finished.json.contains("second_factor"));
  CHECK(finished.Cookies().empty());
  server.Pass(milliseconds(kTotpStepMs));
  CHECK(browser
            .Post("/api/login/second-factor",
                  {{"ticket", finished.json["ticket"]}, {"code", AppCode(secret, server.now())}})
            .status == 200);
}

TEST_CASE("A new recovery key takes the old one's place and is to be confirmed again",
          "[recovery]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  REQUIRE(browser.Put("/api/settings", {{"keep", "never"}, {"recovery_confirmed", true}})
              .json["recovery_confirmed"] == true);
  REQUIRE(browser.Post("/api/recovery-key", {{"recovery", RecoveryOf("second")}}).status == 204);
  CHECK(browser.Get("/api/session").json["user"]["recovery_confirmed"] == false);
  CHECK(Recover(&browser, "ada", "ada").status == 401);
  CHECK(Recover(&browser, "ada", "second").status == 200);
}

TEST_CASE("Where the server encrypts there are no recovery keys", "[recovery]") {
  AccountSettings settings = TestSettings();
  settings.storage = StorageMode::kServer;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  CHECK(browser.Post("/api/recovery-key", {{"recovery", RecoveryOf("x")}}).code() ==
        "not_end_to_end");
  CHECK(Recover(&browser, "ada", "ada").status == 401);
}

// --- Reset
// ------------------------------------------------------------------------------------------

TEST_CASE("An administrator's code gives the account back, without what was kept", "[reset]") {
  AccountServer server;
  Browser lost(&server);
  lost.Register("ada");
  Keep(&lost, 1, "an image");
  const std::string code = server.MakeResetCode("ada");
  Browser browser(&server);
  const Answer answer = Reset(&browser, "ada", code, "new");
  REQUIRE(answer.status == 200);
  CHECK(answer.json["user_key_version"] == 2);
  CHECK(answer.json["user"]["used_bytes"] == 0);
  CHECK(answer.json["user"]["recovery_confirmed"] == false);
  CHECK(browser.Get("/api/objects").json["items"].empty());
  CHECK(lost.Get("/api/session").json["user"] == nullptr);
  CHECK(Browser(&server).Login("ada").status == 401);
  CHECK(Browser(&server).Login("ada", "new").status == 200);
  CHECK(Recover(&browser, "ada", "ada").status == 401);
  CHECK(Recover(&browser, "ada", "new").status == 200);
}

TEST_CASE("A reset code is good once, for its time, for its user", "[reset][limits]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser(&server).Register("grace");
  Browser browser(&server);
  const std::string code = server.MakeResetCode("ada", 60'000);
  CHECK(Reset(&browser, "grace", code, "new").code() == "code_invalid");
  server.Pass(milliseconds(60'000));
  CHECK(Reset(&browser, "ada", code, "new").code() == "code_invalid");
  const std::string in_time = server.MakeResetCode("ada", 60'000);
  server.Pass(milliseconds(59'999));
  CHECK(Reset(&browser, "ada", in_time, "new").status == 200);
  CHECK(Reset(&browser, "ada", in_time, "newer").code() == "code_invalid");
}

TEST_CASE("A wrong reset code and an unknown user get the same answer", "[reset][enumeration]") {
  AccountServer server;
  Browser(&server).Register("ada");
  server.MakeResetCode("ada");
  Browser browser(&server);
  const std::string wrong = GENERATE("0ABCD-1EFGH-2JKMN-3PQRS-4TVWX", "no code");
  const Answer known = Reset(&browser, "ada", wrong, "new");
  CHECK(known.status == 401);
  CHECK(known.bytes == Reset(&browser, "nobody", wrong, "new").bytes);
}

TEST_CASE("Guessing reset codes is slowed down", "[reset][throttle]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser browser(&server);
  for (int i = 0; i < kFreeFailures; ++i) CHECK(Reset(&browser, "ada", "x", "new").status == 401);
  CHECK(Reset(&browser, "ada", "x", "new").status == 429);
}

TEST_CASE("A reset is no way around the second factor", "[reset]") {
  AccountServer server;
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  Browser browser(&server);
  const Answer answer = Reset(&browser, "ada", server.MakeResetCode("ada"), "new");
  CHECK(answer.json.contains("second_factor"));
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("Until it is used, a reset code changes nothing", "[reset]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Keep(&browser, 1, "an image");
  server.MakeResetCode("ada");
  CHECK(Browser(&server).Login("ada").status == 200);
  CHECK(browser.Get("/api/objects").json["items"].size() == 1);
}

TEST_CASE("A disabled user's reset code is worthless", "[reset]") {
  AccountServer server;
  Browser(&server).Register("ada");
  const std::string code = server.MakeResetCode("ada");
  server.SetStatusOf("ada", "disabled");
  Browser browser(&server);
  CHECK(Reset(&browser, "ada", code, "new").code() == "code_invalid");
}

TEST_CASE("What the server encrypted stays after a reset", "[reset]") {
  AccountSettings settings = TestSettings();
  settings.storage = StorageMode::kServer;
  AccountServer server(settings);
  Browser browser(&server);
  browser.Register("ada");
  const std::string path = StrCat("/api/objects/", ObjectId(1));
  REQUIRE(browser.PutBytes(path + "/body", "an image").status == 201);
  REQUIRE(browser.Put(path, {{"wrapped_key", nullptr}, {"record", "AAAA"}, {"record_version", 1}})
              .status == 201);
  const Answer answer =
      browser.Post("/api/reset", {{"username", "ada"},
                                  {"code", server.MakeResetCode("ada")},
                                  {"new", {{"password", "nine lives, eight left"}}}});
  REQUIRE(answer.status == 200);
  CHECK(browser.Get(path + "/body").bytes == "an image");
}

}  // namespace
}  // namespace insitu
