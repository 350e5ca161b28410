// Fifty at the same time: one wins. Also the reason for the TSan build.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <catch_amalgamated.hpp>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "backend/totp.h"
#include "shared/str_cat.h"
#include "tests/account_server.h"

namespace insitu {
namespace {

constexpr int kAtOnce = 50;

// Runs it in fifty threads that start together; how often each status came.
std::map<int, int> AllAtOnce(const std::function<int(int)>& run) {
  std::barrier start(kAtOnce);
  std::vector<int> statuses(kAtOnce);
  std::vector<std::thread> threads;
  threads.reserve(kAtOnce);
  for (int i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      statuses[static_cast<size_t>(i)] = run(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<int, int> counts;
  for (const int status : statuses) ++counts[status];
  return counts;
}

// Where nothing is throttled and everybody's turn comes.
AccountSettings Unhurried() {
  AccountSettings settings = TestSettings();
  settings.throttle.failures_per_address_and_minute = 0;
  settings.throttle.failures_in_all_per_minute = 1'000'000;
  return settings;
}

// Asks again while the server is busy.
Answer Patiently(const std::function<Answer()>& ask) {
  Answer answer = ask();
  while (answer.code() == "busy") {
    std::this_thread::yield();
    answer = ask();
  }
  return answer;
}

TEST_CASE("Of fifty who register one name, one has it", "[race]") {
  AccountServer server(Unhurried());
  const auto counts = AllAtOnce([&](int i) {
    Browser browser(&server);
    return Patiently([&] {
             return browser.Post("/api/register",
                                 WithUsername(CredentialOf(StrCat("k", i)), "ada"));
           })
        .status;
  });
  CHECK(counts == std::map<int, int>{{201, 1}, {409, kAtOnce - 1}});
  CHECK(server.Events("ada").size() == 2);
}

TEST_CASE("Of fifty who use one invitation, one is let in", "[race]") {
  AccountSettings settings = Unhurried();
  settings.registration = Registration::kInvitation;
  AccountServer server(settings);
  const std::string invitation = server.MakeInvitation();
  const auto counts = AllAtOnce([&](int i) {
    TestJson body = WithUsername(CredentialOf("x"), StrCat("user", i));
    body["invitation"] = invitation;
    Browser browser(&server);
    return Patiently([&] { return browser.Post("/api/register", body); }).status;
  });
  CHECK(counts == std::map<int, int>{{201, 1}, {403, kAtOnce - 1}});
}

TEST_CASE("Of fifty with one code and a ticket each, one is let in", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string secret = owner.TurnOnTotp();
  server.Pass(std::chrono::milliseconds(kTotpStepMs));
  std::vector<std::string> tickets;
  for (int i = 0; i < kAtOnce; ++i) tickets.push_back(owner.Login("ada").json["ticket"]);
  const std::string code = AppCode(secret, server.now());
  const auto counts = AllAtOnce([&](int i) {
    return Browser(&server)
        .Post("/api/login/second-factor",
              {{"ticket", tickets[static_cast<size_t>(i)]}, {"code", code}})
        .status;
  });
  CHECK(counts.at(200) == 1);
  // The rest: used already, or throttled.
  CHECK(counts.size() <= 3);
  int refused = 0;
  for (const auto& [status, count] : counts) refused += status == 401 || status == 429 ? count : 0;
  CHECK(refused == kAtOnce - 1);
}

TEST_CASE("Of fifty with one ticket and one code, one is let in", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  owner.TurnOnTotp();
  const std::string ticket = owner.Login("ada").json["ticket"];
  const auto counts = AllAtOnce([&](int) {
    return Browser(&server)
        .Post("/api/login/second-factor", {{"ticket", ticket}, {"code", owner.recovery_codes[0]}})
        .status;
  });
  CHECK(counts.at(200) == 1);
  CHECK(server.Events("ada").back() == "sign_in ok");
}

TEST_CASE("Of fifty with one reset code, one sets the password", "[race]") {
  AccountServer server(Unhurried());
  Browser(&server).Register("ada");
  const std::string code = server.MakeResetCode("ada");
  const auto counts = AllAtOnce([&](int i) {
    Browser browser(&server);
    const TestJson body = {
        {"username", "ada"}, {"code", code}, {"new", CredentialOf(StrCat("new", i))}};
    return Patiently([&] { return browser.Post("/api/reset", body); }).status;
  });
  CHECK(counts.at(200) == 1);
  int winners = 0;
  for (int i = 0; i < kAtOnce; ++i) {
    server.Pass(std::chrono::minutes(15));
    winners += Browser(&server).Login("ada", StrCat("new", i)).status == 200 ? 1 : 0;
  }
  CHECK(winners == 1);
}

TEST_CASE("Of fifty who finish one recovery, one does", "[race]") {
  AccountServer server(Unhurried());
  Browser browser(&server);
  browser.Register("ada");
  const std::string ticket =
      browser
          .Post("/api/recover", {{"username", "ada"}, {"recovery_auth_key", Key("recovery ada")}})
          .json["ticket"];
  const auto counts = AllAtOnce([&](int i) {
    Browser one(&server);
    const TestJson body = {{"ticket", ticket}, {"new", CredentialOf(StrCat("new", i), false)}};
    return Patiently([&] { return one.Post("/api/recover/finish", body); }).status;
  });
  CHECK(counts == std::map<int, int>{{200, 1}, {410, kAtOnce - 1}});
}

TEST_CASE("Of fifty proofs under one token, one renews it", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string token = owner.Cookie("__Host-insitu-session");
  const auto counts = AllAtOnce([&](int) {
    Browser browser(&server);
    browser.SetCookie("__Host-insitu-session", token);
    browser.SetCookie("__Host-insitu-device", owner.Cookie("__Host-insitu-device"));
    const Answer answer =
        Patiently([&] { return browser.Post("/api/reauthenticate", {{"auth_key", Key("ada")}}); });
    return answer.status;
  });
  CHECK(counts.at(200) == 1);
}

TEST_CASE("Once a sign-out is answered, nothing is done under that token", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string token = owner.Cookie("__Host-insitu-session");
  std::atomic<bool> signed_out = false;
  std::atomic<int> done_after = 0;
  const auto counts = AllAtOnce([&](int i) {
    Browser browser(&server);
    browser.SetCookie("__Host-insitu-session", token);
    if (i == 0) {
      const int status = browser.Post("/api/logout", TestJson::object()).status;
      signed_out = true;
      return status;
    }
    const bool late = signed_out;
    const Answer answer =
        browser.Put("/api/settings", {{"keep", "never"}, {"recovery_confirmed", true}});
    if (late && answer.status == 200) ++done_after;
    return answer.status;
  });
  CHECK(counts.at(204) == 1);
  CHECK(done_after == 0);
  // And each change that was answered 200 is in the log before the sign-out.
  const std::vector<std::string> events = server.Events("ada");
  CHECK(events.back() == "sign_out ok");
  const auto changes = counts.contains(200) ? counts.at(200) : 0;
  CHECK(std::count(events.begin(), events.end(), "settings_changed ok") == changes);
}

TEST_CASE("Of fifty password changes at once, one holds, and the others are told", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string token = owner.Cookie("__Host-insitu-session");
  const auto counts = AllAtOnce([&](int i) {
    Browser browser(&server);
    browser.SetCookie("__Host-insitu-session", token);
    const TestJson body = {{"current", {{"auth_key", Key("ada")}}},
                           {"new", CredentialOf(StrCat("new", i), false)},
                           {"user_key_version", 1}};
    return Patiently([&] { return browser.Post("/api/password", body); }).status;
  });
  CHECK(counts.at(200) == 1);
  for (const auto& [status, count] : counts) {
    CHECK((status == 200 || status == 401 || status == 403 || status == 409 || status == 429));
  }
}

TEST_CASE("Of fifty records for one object, one is the first and one the second", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string path = StrCat("/api/objects/", ObjectId(1));
  REQUIRE(owner.PutBytes(path + "/body", "bytes").status == 201);
  const auto put = [&](int64_t version) {
    return AllAtOnce([&, version](int i) {
      Browser browser(&server);
      browser.SetCookie("__Host-insitu-session", owner.Cookie("__Host-insitu-session"));
      return browser.Put(path, ObjectFacts(StrCat("record ", i), version)).status;
    });
  };
  CHECK(put(1) == std::map<int, int>{{201, 1}, {409, kAtOnce - 1}});
  CHECK(put(2) == std::map<int, int>{{200, 1}, {409, kAtOnce - 1}});
}

TEST_CASE("Of fifty uploads of one body, all end well and one file is there", "[race]") {
  AccountServer server(Unhurried());
  Browser owner(&server);
  owner.Register("ada");
  const std::string path = StrCat("/api/objects/", ObjectId(1), "/body");
  const std::string body(50'000, 'b');
  const auto counts = AllAtOnce([&](int) {
    Browser browser(&server);
    browser.SetCookie("__Host-insitu-session", owner.Cookie("__Host-insitu-session"));
    return browser.PutBytes(path, body).status;
  });
  CHECK(counts.at(201) == 1);
  CHECK(counts.at(201) + (counts.contains(200) ? counts.at(200) : 0) == kAtOnce);
  CHECK(owner.Get("/api/session").json["user"]["used_bytes"] == 50'000);
}

}  // namespace
}  // namespace insitu
