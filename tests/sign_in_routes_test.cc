// Signing up, in and out, over the route table.
#include <catch_amalgamated.hpp>
#include <map>
#include <string>
#include <thread>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/sessions.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

AccountSettings With(void (*change)(AccountSettings*)) {
  AccountSettings settings = TestSettings();
  change(&settings);
  return settings;
}

// The code of each wrong field, by its place.
std::map<std::string, std::string> Faults(const Answer& answer) {
  std::map<std::string, std::string> faults;
  for (const auto& error : answer.json["errors"]) faults[error["pointer"]] = error["code"];
  return faults;
}

// --- Configuration
// ----------------------------------------------------------------------------------

TEST_CASE("The configuration says how to sign up", "[sign_in]") {
  AccountServer server;
  const Answer answer = Browser(&server).Get("/api/config");
  CHECK(answer.status == 200);
  CHECK(answer.Header("Cache-Control") == "no-store");
  CHECK(answer.json["registration"] == "open");
  CHECK(answer.json["storage"] == "e2e");
  CHECK(answer.json["scheme"] == "e2e");
  CHECK(answer.json["kdf"] == CredentialOf("x")["kdf"]);
  CHECK(answer.json["password"]["min"] == kMinPasswordCharacters);
  CHECK(answer.json["limits"]["object_bytes"] == 1'000'000);
  CHECK(answer.json["session"]["idle_seconds"] == 1'800);
}

TEST_CASE("Only a server that encrypts itself takes passwords", "[sign_in]") {
  AccountServer server(With([](auto* s) { s->storage = StorageMode::kServer; }));
  CHECK(Browser(&server).Get("/api/config").json["scheme"] == "password");
  server.Restart(With([](auto* s) { s->storage = StorageMode::kOff; }));
  CHECK(Browser(&server).Get("/api/config").json["scheme"] == "e2e");
  CHECK(Browser(&server).Get("/api/config").json["storage"] == "off");
}

// --- Registering
// ------------------------------------------------------------------------------------

TEST_CASE("Who registers is signed in", "[sign_in][register]") {
  AccountServer server;
  Browser browser(&server);
  const Answer answer = browser.Post("/api/register", WithUsername(CredentialOf("ada"), " Ada "));
  REQUIRE(answer.status == 201);
  CHECK(answer.json["user"]["username"] == "Ada");
  CHECK(answer.json["user"]["keep"] == "never");
  CHECK(answer.json["user"]["totp"] == false);
  CHECK(answer.json["user"]["recovery_confirmed"] == false);
  CHECK(answer.json["user"]["quota_bytes"] == 3'000'000);
  CHECK(answer.json["user"]["scheme"] == "e2e");
  CHECK(answer.json["wrapped_user_key"] == Key("wrapped ada", 60));
  CHECK(answer.json["user_key_version"] == 1);
  CHECK(answer.json["session"]["current"] == true);
  CHECK(answer.json["session"]["browser"] == "Firefox on Linux");
  CHECK(answer.json["session"]["address"] == "192.0.2.0");
  CHECK(browser.Get("/api/session").json["user"] == answer.json["user"]);
}

TEST_CASE("The session's cookie is for this host, HTTPS and our own pages alone",
          "[sign_in][cookies]") {
  AccountServer server;
  Browser browser(&server);
  const Answer answer = browser.Post("/api/register", WithUsername(CredentialOf("ada"), "ada"));
  const auto cookies = answer.Cookies();
  REQUIRE(cookies.size() == 2);
  CHECK_THAT(cookies[0], StartsWith("__Host-insitu-session="));
  CHECK_THAT(cookies[1], StartsWith("__Host-insitu-device="));
  CHECK_THAT(cookies[1], ContainsSubstring("Max-Age=15552000"));
  CHECK(cookies[0].find("Max-Age") == std::string::npos);
  for (const std::string& cookie : cookies) {
    CHECK_THAT(cookie, ContainsSubstring("; Path=/") && ContainsSubstring("; Secure") &&
                           ContainsSubstring("; HttpOnly") &&
                           ContainsSubstring("; SameSite=Strict"));
    CHECK(cookie.find("Domain") == std::string::npos);
  }
  CHECK(browser.Cookie("__Host-insitu-session").size() == 43);
}

TEST_CASE("A name that is taken is taken in any case of its letters", "[sign_in][register]") {
  AccountServer server;
  Browser(&server).Register("ada");
  const Answer answer =
      Browser(&server).Post("/api/register", WithUsername(CredentialOf("x"), "ADA "));
  CHECK(answer.status == 409);
  CHECK(answer.code() == "username_taken");
  CHECK(answer.Cookies().empty());
}

TEST_CASE("Each field of a registration is checked, and all faults are told at once",
          "[sign_in][register]") {
  AccountServer server;
  const Answer answer = Browser(&server).Post(
      "/api/register", {{"username", "a\nb"},
                        {"auth_key", "AAAA"},
                        {"salt", "not base64url!"},
                        {"kdf", {{"algorithm", "argon2id"}, {"memory_kib", "many"}}},
                        {"recovery", {{"auth_key", 1}}},
                        {"role", "admin"}});
  CHECK(answer.status == 422);
  CHECK(answer.code() == "invalid_fields");
  const auto faults = Faults(answer);
  CHECK(faults.at("/username") == "not_a_name");
  CHECK(faults.at("/auth_key") == "wrong_size");
  CHECK(faults.at("/salt") == "not_base64url");
  CHECK(faults.at("/kdf/memory_kib") == "wrong_type");
  CHECK(faults.at("/kdf/passes") == "missing");
  CHECK(faults.at("/wrapped_user_key") == "missing");
  CHECK(faults.at("/recovery/auth_key") == "wrong_type");
  CHECK(faults.at("/recovery/wrapped_user_key") == "missing");
  CHECK(faults.at("/role") == "unknown");
}

TEST_CASE("A weaker derivation than the server's is not taken", "[sign_in][register]") {
  AccountServer server;
  TestJson body = WithUsername(CredentialOf("ada"), "ada");
  const std::string field = GENERATE("memory_kib", "passes", "lanes");
  body["kdf"][field] = 2;
  const Answer answer = Browser(&server).Post("/api/register", body);
  CHECK(answer.status == 422);
  CHECK(Faults(answer).at("/kdf") == "not_accepted");
}

TEST_CASE("A password is no credential where the browser makes the keys", "[sign_in][register]") {
  AccountServer server;
  const Answer answer =
      Browser(&server).Post("/api/register", {{"username", "ada"}, {"password", kPassword}});
  CHECK(answer.status == 422);
  CHECK(Faults(answer).at("/password") == "unknown");
}

TEST_CASE("The rules for passwords are told with their reason", "[sign_in][register]") {
  AccountServer server(With([](auto* s) { s->storage = StorageMode::kServer; }));
  const auto [password, code] = GENERATE(
      table<std::string, std::string>({{"short", "password_too_short"},
                                       {"aaaaaaaaaaaaaaaaaaaa", "password_repeated"},
                                       {"abcdefghijklmnopqrs", "password_sequence"},
                                       {"password-password-1", "password_common"},
                                       {"marie.curie-marie-1", "password_has_username"},
                                       {"insitu-breast-cancer", "password_has_product_name"}}));
  const Answer answer =
      Browser(&server).Post("/api/register", {{"username", "marie.curie"}, {"password", password}});
  CHECK(answer.status == 422);
  CHECK(Faults(answer).at("/password") == code);
}

TEST_CASE("A closed server takes no accounts", "[sign_in][register]") {
  AccountServer server(With([](auto* s) { s->registration = Registration::kClosed; }));
  const Answer answer =
      Browser(&server).Post("/api/register", WithUsername(CredentialOf("ada"), "ada"));
  CHECK(answer.status == 403);
  CHECK(answer.code() == "registration_closed");
}

TEST_CASE("By invitation, one account comes of each", "[sign_in][register]") {
  AccountServer server(With([](auto* s) { s->registration = Registration::kInvitation; }));
  TestJson body = WithUsername(CredentialOf("ada"), "ada");
  CHECK(Browser(&server).Post("/api/register", body).code() == "invitation_invalid");
  body["invitation"] = "0ABCD-1EFGH-2JKMN-3PQRS-4TVWX";
  CHECK(Browser(&server).Post("/api/register", body).code() == "invitation_invalid");
  body["invitation"] = server.MakeInvitation();
  CHECK(Browser(&server).Post("/api/register", body).status == 201);
  body["username"] = "grace";
  CHECK(Browser(&server).Post("/api/register", body).code() == "invitation_invalid");
}

TEST_CASE("An invitation for a name is for that name, and a taken name does not use it up",
          "[sign_in][register]") {
  AccountServer server(With([](auto* s) { s->registration = Registration::kInvitation; }));
  TestJson body = WithUsername(CredentialOf("ada"), "ada");
  body["invitation"] = server.MakeInvitation();
  REQUIRE(Browser(&server).Post("/api/register", body).status == 201);
  const std::string for_anybody = server.MakeInvitation();
  body["invitation"] = for_anybody;
  CHECK(Browser(&server).Post("/api/register", body).code() == "username_taken");
  body["username"] = "grace";
  CHECK(Browser(&server).Post("/api/register", body).status == 201);
  body["invitation"] = server.MakeInvitation("marie");
  body["username"] = "irene";
  CHECK(Browser(&server).Post("/api/register", body).code() == "invitation_invalid");
  body["username"] = "Marie";
  CHECK(Browser(&server).Post("/api/register", body).status == 201);
}

TEST_CASE("An invitation ends", "[sign_in][register]") {
  AccountServer server(With([](auto* s) { s->registration = Registration::kInvitation; }));
  TestJson body = WithUsername(CredentialOf("ada"), "ada");
  body["invitation"] = server.MakeInvitation("", 60'000);
  server.Pass(seconds(60));
  CHECK(Browser(&server).Post("/api/register", body).code() == "invitation_invalid");
}

TEST_CASE("An address registers 20 accounts a minute", "[sign_in][register][limits]") {
  AccountServer server;
  for (int i = 0; i < kFailuresPerAddressAndMinute; ++i) Browser(&server).Register(StrCat("u", i));
  const TestJson body = WithUsername(CredentialOf("ada"), "ada");
  const Answer answer = Browser(&server).Post("/api/register", body);
  CHECK(answer.status == 429);
  CHECK(answer.code() == "too_many_attempts");
  CHECK(answer.Header("Retry-After") == "3");
  CHECK(Browser(&server, "192.0.2.8").Post("/api/register", body).status == 201);
}

// --- Signing in
// -------------------------------------------------------------------------------------

TEST_CASE("Who signs in gets the wrapped key and a token of its own", "[sign_in]") {
  AccountServer server;
  Browser first(&server);
  first.Register("ada");
  Browser second(&server);
  const Answer answer = second.Login("ADA");
  CHECK(answer.status == 401);  // the key is made of the name's letters as typed here
  const Answer right = second.Login("ada");
  REQUIRE(right.status == 200);
  CHECK(right.json["wrapped_user_key"] == Key("wrapped ada", 60));
  CHECK(second.Cookie("__Host-insitu-session") != first.Cookie("__Host-insitu-session"));
  CHECK(first.Get("/api/session").json["user"]["username"] == "ada");
}

TEST_CASE("A planted cookie is not the session's after a sign-in", "[sign_in]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser browser(&server);
  const std::string planted(43, 'A');
  browser.SetCookie("__Host-insitu-session", planted);
  REQUIRE(browser.Login("ada").status == 200);
  CHECK(browser.Cookie("__Host-insitu-session") != planted);
}

TEST_CASE("Signing in anew ends the session that the browser had", "[sign_in]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Browser old(&server);
  old.SetCookie("__Host-insitu-session", browser.Cookie("__Host-insitu-session"));
  REQUIRE(old.Get("/api/session").json["user"] != nullptr);
  REQUIRE(browser.Login("ada").status == 200);
  CHECK(old.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("Unknown users and wrong keys get the same answer, byte for byte",
          "[sign_in][enumeration]") {
  AccountServer server;
  Browser(&server).Register("ada");
  const Answer wrong = Browser(&server).Login("ada", "wrong");
  const Answer unknown = Browser(&server).Login("nobody", "wrong");
  CHECK(wrong.status == 401);
  CHECK(wrong.code() == "invalid_credentials");
  CHECK(wrong.bytes == unknown.bytes);
  CHECK(wrong.status == unknown.status);
  CHECK(wrong.reply.headers.size() == unknown.reply.headers.size());
  CHECK(unknown.Cookies().empty());
}

TEST_CASE("A disabled user is as unknown as any", "[sign_in][enumeration]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.SetStatusOf("ada", "disabled");
  const Answer answer = Browser(&server).Login("ada");
  CHECK(answer.status == 401);
  CHECK(answer.bytes == Browser(&server).Login("nobody").bytes);
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A name that cannot be one is nobody's, not an error", "[sign_in][enumeration]") {
  AccountServer server;
  const std::string name = GENERATE(as<std::string>{}, "", "  ", "a\nb", std::string(65, 'a'));
  CHECK(Browser(&server).Login(name, "x").code() == "invalid_credentials");
  CHECK(Browser(&server).Post("/api/prelogin", {{"username", name}}).status == 200);
}

TEST_CASE("Prelogin looks the same for known and unknown users", "[sign_in][enumeration]") {
  AccountServer server;
  Browser(&server).Register("ada");
  const Answer known = Browser(&server).Post("/api/prelogin", {{"username", "Ada"}});
  const Answer unknown = Browser(&server).Post("/api/prelogin", {{"username", "grace"}});
  CHECK(known.json["salt"] == Key("salt ada", 16));
  CHECK(known.json["kdf"] == unknown.json["kdf"]);
  CHECK(known.json["scheme"] == unknown.json["scheme"]);
  CHECK(known.bytes.size() == unknown.bytes.size());
  CHECK(FromBase64Url(unknown.json["salt"].get<std::string>())->size() == 16);
}

TEST_CASE("An unknown user's salt is always the same, and no other's", "[sign_in][enumeration]") {
  AccountServer server;
  const auto salt = [&](const std::string& name) {
    return Browser(&server).Post("/api/prelogin", {{"username", name}}).json["salt"];
  };
  const TestJson first = salt("grace");
  CHECK(salt("GRACE ") == first);
  CHECK(salt("grace2") != first);
  server.Restart(TestSettings());
  CHECK(salt("grace") == first);
  AccountServer other;
  CHECK(Browser(&other).Post("/api/prelogin", {{"username", "grace"}}).json["salt"] != first);
}

TEST_CASE("A sign-in needs one proof, not none and not two", "[sign_in]") {
  AccountServer server;
  Browser browser(&server);
  CHECK(browser.Post("/api/login", {{"username", "ada"}}).status == 422);
  CHECK(browser
            .Post("/api/login",
                  {{"username", "ada"}, {"auth_key", Key("a")}, {"password", kPassword}})
            .status == 422);
}

TEST_CASE("A password opens no account whose key the browser makes", "[sign_in]") {
  AccountServer server;
  Browser(&server).Register("ada");
  const Answer answer =
      Browser(&server).Post("/api/login", {{"username", "ada"}, {"password", kPassword}});
  CHECK(answer.code() == "invalid_credentials");
}

TEST_CASE("With the server's own encryption a password signs in", "[sign_in]") {
  AccountServer server(With([](auto* s) { s->storage = StorageMode::kServer; }));
  Browser(&server).Register("ada");
  Browser browser(&server);
  const Answer answer = browser.Login("ada");
  REQUIRE(answer.status == 200);
  CHECK(answer.json["wrapped_user_key"] == nullptr);
  CHECK(answer.json["user"]["scheme"] == "password");
  CHECK(browser.Login("ada", "walrus bicycle teapots").status == 401);
}

TEST_CASE("A hash of older settings is renewed at the next sign-in", "[sign_in]") {
  AccountServer server;
  Browser(&server).Register("ada");
  server.Restart(With([](auto* s) { s->hash.memory_kib = 128; }));
  const auto hash = [&] {
    return server.database()
        .ReadFor<std::optional<User>>(
            [](Transaction& transaction) { return FindUserByName(transaction, "ada"); })
        .value()
        ->credential->password_hash;
  };
  CHECK_THAT(hash(), ContainsSubstring("m=64,"));
  REQUIRE(Browser(&server).Login("ada", "wrong").status == 401);
  CHECK_THAT(hash(), ContainsSubstring("m=64,"));
  REQUIRE(Browser(&server).Login("ada").status == 200);
  CHECK_THAT(hash(), ContainsSubstring("m=128,"));
  CHECK(Browser(&server).Login("ada").status == 200);
}

// --- Throttling
// -------------------------------------------------------------------------------------

TEST_CASE("After five wrong keys an account waits, also for the right one", "[sign_in][throttle]") {
  AccountServer server;
  Browser(&server, "192.0.2.200").Register("ada");
  for (int i = 0; i < kFreeFailures; ++i) {
    CHECK(Browser(&server).Login("ada", "wrong").status == 401);
  }
  const Answer answer = Browser(&server).Login("ada");
  CHECK(answer.status == 429);
  CHECK(answer.Header("Retry-After") == "1");
  server.Pass(seconds(1));
  CHECK(Browser(&server).Login("ada").status == 200);
}

TEST_CASE("Unknown users are throttled as known ones are", "[sign_in][throttle][enumeration]") {
  AccountServer server;
  Browser(&server, "192.0.2.200").Register("ada");
  for (const char* name : {"ada", "nobody"}) {
    for (int i = 0; i < kFreeFailures; ++i) CHECK(Browser(&server).Login(name, "no").status == 401);
  }
  const Answer known = Browser(&server).Login("ada", "no");
  const Answer unknown = Browser(&server).Login("nobody", "no");
  CHECK(known.status == 429);
  CHECK(known.bytes == unknown.bytes);
}

TEST_CASE("Nobody keeps an owner out of a browser that signed in before", "[sign_in][throttle]") {
  AccountServer server;
  Browser owner(&server, "192.0.2.200");
  owner.Register("ada");
  for (int i = 0; i < 30; ++i) {
    Browser(&server, StrCat("198.51.100.", i)).Login("ada", "wrong");
    server.Pass(minutes(15));
  }
  for (int i = 0; i < kFreeFailures; ++i) {
    Browser(&server, StrCat("198.51.100.", i)).Login("ada", "wrong");
  }
  CHECK(Browser(&server, "192.0.2.201").Login("ada").status == 429);
  CHECK(owner.Login("ada").status == 200);
}

TEST_CASE("The mark of one account does not help to guess at another", "[sign_in][throttle]") {
  AccountServer server;
  Browser eve(&server, "192.0.2.200");
  eve.Register("eve");
  Browser(&server, "192.0.2.201").Register("ada");
  for (int i = 0; i < kFreeFailures; ++i) CHECK(eve.Login("ada", "wrong").status == 401);
  CHECK(eve.Login("ada", "wrong").status == 429);
  CHECK(Browser(&server, "192.0.2.202").Login("ada").status == 429);
}

TEST_CASE("Who guesses at many accounts from one address waits", "[sign_in][throttle]") {
  AccountServer server;
  for (int i = 0; i < kFailuresPerAddressAndMinute; ++i) {
    CHECK(Browser(&server).Login(StrCat("user", i), "x").status == 401);
  }
  CHECK(Browser(&server).Login("another", "x").status == 429);
  CHECK(Browser(&server, "192.0.2.8").Login("another", "x").status == 401);
}

// --- The hash gate
// ----------------------------------------------------------------------------------

TEST_CASE("When too many hash already, a sign-in is sent away at once", "[sign_in][busy]") {
  AccountServer server;
  Browser(&server).Register("ada");
  HashGate& gate = server.accounts().gate;
  std::vector<HashGate::Pass> passes;
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  for (size_t i = 0; i < cores; ++i) passes.push_back(*gate.Enter());
  std::vector<std::thread> waiting;
  for (size_t i = 0; i < kMaxWaitingHashes; ++i) {
    waiting.emplace_back([&] { (void)gate.Enter(); });
  }
  while (gate.load().waiting < kMaxWaitingHashes) std::this_thread::yield();
  const Answer answer = Browser(&server).Login("ada");
  CHECK(answer.status == 503);
  CHECK(answer.code() == "busy");
  CHECK(answer.Header("Retry-After") == "1");
  for (int i = 0; i < 10; ++i) CHECK(Browser(&server).Login("ada", "wrong").status == 503);
  passes.clear();
  for (std::thread& thread : waiting) thread.join();
  // What was sent away was no failure.
  CHECK(Browser(&server).Login("ada").status == 200);
}

// --- Sessions
// ---------------------------------------------------------------------------------------

TEST_CASE("Without a session there is nobody, and that is no error", "[sign_in][session]") {
  AccountServer server;
  const Answer answer = Browser(&server).Get("/api/session");
  CHECK(answer.status == 200);
  CHECK(answer.json["user"] == nullptr);
  CHECK(answer.json["session"] == nullptr);
  CHECK(answer.json["wrapped_user_key"] == nullptr);
}

TEST_CASE("A token that is none of ours is nobody's", "[sign_in][session]") {
  AccountServer server;
  Browser(&server).Register("ada");
  Browser browser(&server);
  browser.SetCookie("__Host-insitu-session",
                    GENERATE(as<std::string>{}, "", "x", "AAAA", std::string(43, 'A'),
                             std::string(43, '!'), std::string(4'000, 'A')));
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
  CHECK(browser.Get("/api/sessions").code() == "session_ended");
}

TEST_CASE("The database's hash of a token is no token", "[sign_in][session]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Browser thief(&server);
  thief.SetCookie("__Host-insitu-session",
                  ToBase64Url(HashToken(browser.Cookie("__Host-insitu-session"))));
  CHECK(thief.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A session that is idle for 30 minutes ends", "[sign_in][session][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.Pass(minutes(30) - milliseconds(1));
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
  server.Pass(minutes(30) - milliseconds(1));
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
  server.Pass(minutes(30));
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A session ends after 12 hours, however busy it is", "[sign_in][session][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 0; i < 12 * 4 - 1; ++i) {
    server.Pass(minutes(15));
    REQUIRE(browser.Get("/api/session").json["user"] != nullptr);
  }
  server.Pass(minutes(15));
  CHECK(browser.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("That a session was seen is written once a minute at most",
          "[sign_in][session][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  const auto seen = [&] { return browser.Get("/api/session").json["session"]["last_seen_at"]; };
  const int64_t start = server.now();
  server.Pass(milliseconds(kSeenAgainMs - 1));
  CHECK(seen() == start);
  server.Pass(milliseconds(1));
  CHECK(seen() == start + kSeenAgainMs);
  server.Pass(seconds(30));
  CHECK(seen() == start + kSeenAgainMs);
}

TEST_CASE("The twenty-first session ends the oldest", "[sign_in][session][limits]") {
  AccountServer server;
  Browser oldest(&server);
  oldest.Register("ada");
  Browser second(&server);
  server.Pass(milliseconds(1));
  REQUIRE(second.Login("ada").status == 200);
  for (int i = 2; i < kMaxSessionsPerUser; ++i) {
    server.Pass(milliseconds(1));
    REQUIRE(Browser(&server).Login("ada").status == 200);
  }
  CHECK(oldest.Get("/api/session").json["user"] != nullptr);
  server.Pass(milliseconds(1));
  REQUIRE(Browser(&server).Login("ada").status == 200);
  CHECK(oldest.Get("/api/session").json["user"] == nullptr);
  CHECK(second.Get("/api/session").json["user"] != nullptr);
}

TEST_CASE("A sign-out ends the session at the server", "[sign_in][logout]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Browser replay(&server);
  replay.SetCookie("__Host-insitu-session", browser.Cookie("__Host-insitu-session"));
  const Answer answer = browser.Post("/api/logout", TestJson::object());
  CHECK(answer.status == 204);
  CHECK(answer.Header("Clear-Site-Data") == "\"cache\"");
  CHECK(browser.Cookie("__Host-insitu-session").empty());
  CHECK_FALSE(browser.Cookie("__Host-insitu-device").empty());
  CHECK(replay.Get("/api/session").json["user"] == nullptr);
  CHECK(replay.Get("/api/sessions").status == 401);
}

TEST_CASE("Who signs out without a session is signed out", "[sign_in][logout]") {
  AccountServer server;
  CHECK(Browser(&server).Post("/api/logout", TestJson::object()).status == 204);
}

TEST_CASE("A page of another site can do none of it", "[sign_in][csrf]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (const char* path : {"/api/login", "/api/logout", "/api/register", "/api/reauthenticate"}) {
    Request request;
    request.method = "POST";
    request.path = path;
    request.headers = {{"Host", "insitu.example.org"},
                       {"Origin", "https://evil.example"},
                       {"Sec-Fetch-Site", "cross-site"},
                       {"Content-Type", "application/json"}};
    request.body = "{}";
    CAPTURE(path);
    const Answer answer = browser.Send(request);
    CHECK(answer.status == 403);
    CHECK(answer.code() == "cross_site");
  }
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
}

// --- Proving it again
// -------------------------------------------------------------------------------

TEST_CASE("A proof makes a session fresh for ten minutes, under a new token",
          "[sign_in][reauthenticate][limits]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  server.Pass(milliseconds(kFreshMs - 1));
  CHECK(browser.Post("/api/recovery-key", {{"recovery", RecoveryOf("x")}}).status == 204);
  server.Pass(milliseconds(1));
  CHECK(browser.Post("/api/recovery-key", {{"recovery", RecoveryOf("x")}}).code() ==
        "reauthentication_required");
  const std::string old_token = browser.Cookie("__Host-insitu-session");
  const Answer answer = browser.Post("/api/reauthenticate", {{"auth_key", Key("ada")}});
  REQUIRE(answer.status == 200);
  CHECK(answer.json["user"]["username"] == "ada");
  CHECK(browser.Cookie("__Host-insitu-session") != old_token);
  CHECK(browser.Post("/api/recovery-key", {{"recovery", RecoveryOf("x")}}).status == 204);
  Browser replay(&server);
  replay.SetCookie("__Host-insitu-session", old_token);
  CHECK(replay.Get("/api/session").json["user"] == nullptr);
}

TEST_CASE("A wrong proof leaves the session as it is, and counts against the account",
          "[sign_in][reauthenticate]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  for (int i = 0; i < kFreeFailures; ++i) {
    const Answer answer = browser.Post("/api/reauthenticate", {{"auth_key", Key("wrong")}});
    CHECK(answer.status == 401);
    CHECK(answer.code() == "invalid_credentials");
  }
  CHECK(browser.Post("/api/reauthenticate", {{"auth_key", Key("ada")}}).status == 429);
  CHECK(browser.Get("/api/session").json["user"] != nullptr);
}

// --- The record of it
// -------------------------------------------------------------------------------

TEST_CASE("What happened to an account is in the audit log", "[sign_in][audit]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  Browser(&server).Login("ada", "wrong");
  browser.Post("/api/logout", TestJson::object());
  browser.Login("ada");
  CHECK(server.Events("ada") == std::vector<std::string>{"registered ok", "sign_in ok",
                                                         "sign_in invalid_credentials",
                                                         "sign_out ok", "sign_in ok"});
}

TEST_CASE("A sign-in as nobody leaves a row too, for the same time", "[sign_in][audit]") {
  AccountServer server;
  const int64_t before = server.CountEvents();
  Browser(&server).Login("nobody", "x");
  CHECK(server.CountEvents() == before + 1);
}

TEST_CASE("Nothing of a secret or of a typed name is in the data folder or the log",
          "[sign_in][secrets]") {
  AccountServer server;
  Browser browser(&server);
  browser.Register("ada");
  browser.Login("secret-typed-as-name", "x");
  const std::string token = browser.Cookie("__Host-insitu-session");
  server.Restart(TestSettings());
  std::string all;
  for (const auto& file : std::filesystem::recursive_directory_iterator(server.folder())) {
    if (file.is_regular_file()) all += ReadFile(file.path());
  }
  CHECK(all.find("wrapped ada") != std::string::npos);  // the search can find
  CHECK(all.find(token) == std::string::npos);
  CHECK(all.find(*FromBase64Url(token)) == std::string::npos);
  CHECK(all.find("secret-typed-as-name") == std::string::npos);
  CHECK(all.find(*FromBase64Url(Key("ada"))) == std::string::npos);
  CHECK(all.find(*FromBase64Url(Key("recovery ada"))) == std::string::npos);
  for (const std::string& line : server.log()) CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("Another key file than the data's is refused at the start", "[sign_in][secrets]") {
  AccountServer server;
  const TemporaryFolder folder;
  WriteFile(folder / "other.key", ToBase64Url(std::string(32, 'x')) + "\n");
  Result<KeyFile> other = KeyFile::Load(folder / "other.key");
  REQUIRE(other.ok());
  const auto opened = Accounts::Open(&server.database(), &server.accounts().files,
                                     TakeValue(&other), TestSettings(), [](std::string_view) {});
  REQUIRE_FALSE(opened.ok());
  CHECK_THAT(opened.error().message, ContainsSubstring("Restore it"));
}

}  // namespace
}  // namespace insitu
