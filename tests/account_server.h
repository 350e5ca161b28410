// The whole API on a data folder of its own, without sockets, and browsers that ask it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "backend/accounts.h"
#include "backend/database.h"
#include "backend/object_files.h"
#include "backend/router.h"
#include "tests/temporary_folder.h"

namespace insitu {

using TestJson = nlohmann::json;

// What a test's server is like: open to all, end-to-end encrypted, with hashes that are quick.
AccountSettings TestSettings();

class AccountServer {
 public:
  explicit AccountServer(const AccountSettings& settings = TestSettings());

  Response Dispatch(const Request& request) const { return router_->Dispatch(request); }
  Accounts& accounts() { return *accounts_; }
  Database& database() { return *database_; }
  std::filesystem::path folder() const { return folder_.path(); }
  std::string key_text() const;
  std::vector<std::string> log();

  // Unix milliseconds; the steady clock goes along.
  int64_t now() const { return now_; }
  void Pass(std::chrono::milliseconds time) { now_ += time.count(); }

  // As after a restart, with other settings.
  void Restart(const AccountSettings& settings);

  // A user's audit rows as "event outcome", oldest first; and how many rows there are in all.
  std::vector<std::string> Events(const std::string& username);
  int64_t CountEvents();

  // Makes an administrator's code for a user, or an invitation, and returns it.
  std::string MakeResetCode(const std::string& username, int64_t valid_ms = 3'600'000);
  std::string MakeInvitation(const std::string& username = "", int64_t valid_ms = 3'600'000);
  void SetStatusOf(const std::string& username, const std::string& status);

 private:
  void Start(const AccountSettings& settings);

  TemporaryFolder folder_;
  std::atomic<int64_t> now_{1'800'000'000'000};
  std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<ObjectFiles> files_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Router> router_;
};

struct Answer {
  int status = 0;
  Response reply;
  std::string bytes;  // of the body, streamed or not
  TestJson json;      // if it is JSON

  std::string code() const { return json.is_object() ? json.value("code", "") : ""; }
  std::string Header(std::string_view name) const;
  std::vector<std::string> Cookies() const;  // the Set-Cookie headers
};

// A browser: it keeps cookies, and its requests are from the server's own pages.
class Browser {
 public:
  explicit Browser(AccountServer* server, std::string address = "192.0.2.7")
      : server_(server), address_(std::move(address)) {}

  Answer Get(const std::string& path) { return Ask("GET", path, nullptr); }
  Answer Post(const std::string& path, const TestJson& body) { return Ask("POST", path, &body); }
  Answer Put(const std::string& path, const TestJson& body) { return Ask("PUT", path, &body); }
  Answer Delete(const std::string& path) { return Ask("DELETE", path, nullptr); }
  // A body as bytes, with its digest unless another is given.
  Answer PutBytes(const std::string& path, const std::string& bytes, std::string digest = "right");
  // Any request; cookies are added, and kept from the answer.
  Answer Send(Request request);

  // An account with the keys of CredentialOf(username). The steps fail the test if they are
  // refused.
  void Register(const std::string& username);
  Answer Login(const std::string& username, const std::string& secret = "");
  // Turns the second factor on; returns its secret. The time step of now is then used up.
  std::string TurnOnTotp();
  std::vector<std::string> recovery_codes;  // of the last TurnOnTotp

  std::string Cookie(const std::string& name) const;
  void SetCookie(const std::string& name, const std::string& value) { cookies_[name] = value; }
  const std::string& address() const { return address_; }

 private:
  Answer Ask(const std::string& method, const std::string& path, const TestJson* body);

  AccountServer* const server_;
  const std::string address_;
  std::map<std::string, std::string> cookies_;
};

// base64url of that many bytes that begin with the text, and are in no other text's.
std::string Key(const std::string& text, size_t bytes = 32);

// CREDENTIAL of the contract, scheme e2e, made of the text.
TestJson CredentialOf(const std::string& text, bool with_recovery = true);
TestJson RecoveryOf(const std::string& text);
TestJson WithUsername(TestJson body, const std::string& username);

// The code of an authenticator app with that secret (base32, as the API gives it).
std::string AppCode(const std::string& secret, int64_t now);

// An id that a client chose, and an object under it.
std::string ObjectId(int number);
TestJson ObjectFacts(const std::string& record, int64_t version = 1);
void Keep(Browser* browser, int number, const std::string& body);

inline constexpr char kPassword[] = "walrus bicycle teapot";

}  // namespace insitu
