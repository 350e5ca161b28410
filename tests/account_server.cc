#include "tests/account_server.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstring>

#include "backend/audit.h"
#include "backend/crypto.h"
#include "backend/encoding.h"
#include "backend/one_time_code.h"
#include "backend/routes.h"
#include "backend/store_accounts.h"
#include "backend/totp.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr char kOrigin[] = "https://insitu.example.org";

// A body that is there at once.
class TextReader final : public BodyReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}
  Result<size_t> Read(std::span<char> out) override {
    const size_t count = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
};

std::string FromBase32(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string bytes;
  uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    held = held << 5 | static_cast<uint32_t>(kDigits.find(c));
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits));
  }
  return bytes;
}

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) FAIL(result.error().message);
  return TakeValue(&result);
}

}  // namespace

AccountSettings TestSettings() {
  AccountSettings settings;
  settings.registration = Registration::kOpen;
  settings.storage = StorageMode::kEndToEnd;
  settings.max_object_bytes = 1'000'000;
  settings.quota_bytes = 3'000'000;
  settings.session_idle_ms = int64_t{30} * 60 * 1'000;
  settings.session_absolute_ms = int64_t{12} * 3'600 * 1'000;
  settings.hash = {.memory_kib = 64, .passes = 1, .lanes = 1};
  return settings;
}

AccountServer::AccountServer(const AccountSettings& settings) { Start(settings); }

void AccountServer::Start(const AccountSettings& settings) {
  DatabaseOptions options;
  options.clock = [this] { return now_.load(); };
  database_ = Must(Database::Open(folder_ / "data", options));
  files_ = Must(ObjectFiles::Open(database_.get()));
  accounts_ = Must(Accounts::Open(
      database_.get(), files_.get(), Must(KeyFile::LoadOrMake(folder_ / "server.key")), settings,
      [this](std::string_view message) {
        const std::lock_guard lock(log_mutex_);
        log_.emplace_back(message);
      },
      [this] { return Throttle::TimePoint(std::chrono::milliseconds(now_.load())); }));
  Services services;
  services.accounts = accounts_.get();
  services.gate = CrossSiteGate({kOrigin}, false);
  router_ = std::make_unique<Router>(MakeRoutes(services));
}

void AccountServer::Restart(const AccountSettings& settings) {
  router_.reset();
  accounts_.reset();
  files_.reset();
  database_.reset();
  Start(settings);
}

std::string AccountServer::key_text() const { return ReadFile(folder_ / "server.key"); }

std::vector<std::string> AccountServer::log() {
  const std::lock_guard lock(log_mutex_);
  return log_;
}

std::vector<std::string> AccountServer::Events(const std::string& username) {
  const auto rows = Must(database_->ReadFor<std::vector<AuditRow>>(
      [&](Transaction& transaction) -> Result<std::vector<AuditRow>> {
        ASSIGN_OR_RETURN(const auto user, FindUserByName(transaction, username));
        if (!user) return std::vector<AuditRow>();
        return ListAuditOfUser(transaction, user->id, 10'000);
      }));
  std::vector<std::string> events;
  for (const AuditRow& row : rows) events.push_back(StrCat(row.event, " ", row.outcome));
  return events;
}

int64_t AccountServer::CountEvents() {
  return Must(database_->ReadFor<AuditHead>(FindAuditHead)).rows;
}

std::string AccountServer::MakeResetCode(const std::string& username, int64_t valid_ms) {
  const std::string code = MakeOneTimeCode();
  const bool set = Must(database_->WriteFor<bool>([&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto user, FindUserByName(transaction, username));
    if (!user) return false;
    return SetResetCode(transaction, user->id, *HashOneTimeCode(code), now() + valid_ms, now());
  }));
  REQUIRE(set);
  return code;
}

std::string AccountServer::MakeInvitation(const std::string& username, int64_t valid_ms) {
  const std::string code = MakeOneTimeCode();
  Invitation invitation;
  invitation.code_hash = *HashOneTimeCode(code);
  if (!username.empty()) invitation.username_norm = username;
  invitation.expires_at = now() + valid_ms;
  const Status added = database_->Write(
      [&](Transaction& transaction) { return AddInvitation(transaction, invitation, now()); });
  REQUIRE(added.ok());
  return code;
}

void AccountServer::SetStatusOf(const std::string& username, const std::string& status) {
  const bool set = Must(database_->WriteFor<bool>([&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto user, FindUserByName(transaction, username));
    if (!user) return false;
    return SetStatus(transaction, user->id, status, now());
  }));
  REQUIRE(set);
}

// --- Browser
// ----------------------------------------------------------------------------------------

std::string Answer::Header(std::string_view name) const {
  for (const auto& header : reply.headers) {
    if (EqualsIgnoringCase(header.name, name)) return header.value;
  }
  return "";
}

std::vector<std::string> Answer::Cookies() const {
  std::vector<std::string> cookies;
  for (const auto& header : reply.headers) {
    if (header.name == "Set-Cookie") cookies.push_back(header.value);
  }
  return cookies;
}

Answer Browser::Send(Request request) {
  if (request.remote_address.empty()) request.remote_address = address_;
  request.id = "00000000-0000-7000-8000-0123456789ab";
  request.headers.push_back({"User-Agent",
                             "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
                             "Firefox/140.0"});
  if (!cookies_.empty()) {
    std::string line;
    for (const auto& [name, value] : cookies_)
      line += StrCat(line.empty() ? "" : "; ", name, "=", value);
    request.headers.push_back({"Cookie", line});
  }
  const std::string body = request.body;
  TextReader reader(body);
  request.body_reader = &reader;
  request.body_bytes = body.size();
  request.body.clear();
  Answer answer;
  answer.reply = server_->Dispatch(request);
  answer.status = answer.reply.status;
  if (answer.reply.body) answer.bytes = *answer.reply.body;
  if (answer.reply.stream) {
    std::string buffer(100'000, '\0');
    for (auto read = answer.reply.stream->Read(buffer); read.ok() && read.value() > 0;
         read = answer.reply.stream->Read(buffer)) {
      answer.bytes.append(buffer, 0, read.value());
    }
  }
  if (answer.reply.content_type.find("json") != std::string::npos) {
    answer.json = TestJson::parse(answer.bytes);
  }
  for (const std::string& cookie : answer.Cookies()) {
    const size_t equals = cookie.find('=');
    const std::string name = cookie.substr(0, equals);
    if (cookie.find("Max-Age=0") != std::string::npos) {
      cookies_.erase(name);
    } else {
      cookies_[name] = cookie.substr(equals + 1, cookie.find(';') - equals - 1);
    }
  }
  return answer;
}

Answer Browser::Ask(const std::string& method, const std::string& path, const TestJson* body) {
  Request request;
  request.method = method;
  const size_t question = std::min(path.find('?'), path.size());
  request.path = path.substr(0, question);
  if (question < path.size()) request.query = path.substr(question + 1);
  request.headers = {{"Host", "insitu.example.org"}, {"Sec-Fetch-Site", "same-origin"}};
  if (body != nullptr) {
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = body->dump();
  }
  return Send(std::move(request));
}

Answer Browser::PutBytes(const std::string& path, const std::string& bytes, std::string digest) {
  if (digest == "right") digest = StrCat("sha-256=:", ToPaddedBase64(Sha256Bytes(bytes)), ":");
  Request request;
  request.method = "PUT";
  request.path = path;
  request.headers = {{"Host", "insitu.example.org"},
                     {"Origin", kOrigin},
                     {"Content-Type", "application/octet-stream"}};
  if (!digest.empty()) request.headers.push_back({"Content-Digest", digest});
  request.body = bytes;
  return Send(std::move(request));
}

void Browser::Register(const std::string& username) {
  const bool e2e = server_->accounts().settings.storage != StorageMode::kServer;
  const TestJson credential = e2e ? CredentialOf(username) : TestJson{{"password", kPassword}};
  const Answer answer = Post("/api/register", WithUsername(credential, username));
  if (answer.status != 201) FAIL("Not registered: " << answer.bytes);
}

Answer Browser::Login(const std::string& username, const std::string& secret) {
  if (server_->accounts().settings.storage == StorageMode::kServer) {
    return Post("/api/login",
                {{"username", username}, {"password", secret.empty() ? kPassword : secret}});
  }
  return Post("/api/login",
              {{"username", username}, {"auth_key", Key(secret.empty() ? username : secret)}});
}

std::string Browser::TurnOnTotp() {
  const Answer begun = Post("/api/totp", TestJson::object());
  REQUIRE(begun.status == 200);
  const std::string secret = begun.json["secret"];
  const Answer confirmed = Post("/api/totp/confirm", {{"code", AppCode(secret, server_->now())}});
  if (confirmed.status != 200) FAIL("Not confirmed: " << confirmed.bytes);
  recovery_codes = confirmed.json["recovery_codes"].get<std::vector<std::string>>();
  return secret;
}

std::string Browser::Cookie(const std::string& name) const {
  const auto found = cookies_.find(name);
  return found == cookies_.end() ? "" : found->second;
}

// --- What is sent
// -----------------------------------------------------------------------------------

std::string Key(const std::string& text, size_t bytes) {
  std::string key = text + ToHex(Sha256Bytes(text));
  key.resize(bytes);
  return ToBase64Url(key);
}

TestJson RecoveryOf(const std::string& text) {
  return {{"auth_key", Key("recovery " + text)},
          {"wrapped_user_key", Key("wrapped for recovery " + text, 60)}};
}

TestJson CredentialOf(const std::string& text, bool with_recovery) {
  TestJson credential = {
      {"auth_key", Key(text)},
      {"salt", Key("salt " + text, 16)},
      {"kdf", {{"algorithm", "argon2id"}, {"memory_kib", 65'536}, {"passes", 3}, {"lanes", 1}}},
      {"wrapped_user_key", Key("wrapped " + text, 60)}};
  if (with_recovery) credential["recovery"] = RecoveryOf(text);
  return credential;
}

TestJson WithUsername(TestJson body, const std::string& username) {
  body["username"] = username;
  return body;
}

std::string AppCode(const std::string& secret, int64_t now) {
  return TotpCode(FromBase32(secret), now / kTotpStepMs);
}

std::string ObjectId(int number) {
  const std::string digits = std::to_string(number);
  return StrCat("0190a000-0000-7000-8000-", std::string(12 - digits.size(), '0'), digits);
}

TestJson ObjectFacts(const std::string& record, int64_t version) {
  return {{"wrapped_key", Key("wrapped data key", 60)},
          {"record", ToBase64Url(record)},
          {"record_version", version}};
}

void Keep(Browser* browser, int number, const std::string& body) {
  const std::string path = StrCat("/api/objects/", ObjectId(number));
  const Answer sent = browser->PutBytes(path + "/body", body);
  if (sent.status != 201) FAIL("Body not kept: " << sent.bytes);
  const Answer kept = browser->Put(path, ObjectFacts("record"));
  if (kept.status != 201) FAIL("Record not kept: " << kept.bytes);
}

}  // namespace insitu
