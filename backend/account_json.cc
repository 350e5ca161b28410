#include "backend/account_json.h"

#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kAuthKeyBytes = 32;
constexpr size_t kClientSaltBytes = 16;
constexpr size_t kWrappedKeyBytes = kGcmNonceBytes + kAesKeyBytes + kGcmTagBytes;

constexpr int64_t kClientMemoryKib = 65'536;
constexpr int64_t kClientPasses = 3;
constexpr int64_t kClientLanes = 1;

void ReadKdf(JsonFields fields, JsonFields* outer) {
  const std::string algorithm = fields.Text("algorithm", 1, 32);
  const int64_t memory = fields.Integer("memory_kib", 0, INT64_MAX);
  const int64_t passes = fields.Integer("passes", 0, INT64_MAX);
  const int64_t lanes = fields.Integer("lanes", 0, INT64_MAX);
  outer->Take(std::move(fields));
  if (algorithm != "argon2id" || memory != kClientMemoryKib || passes != kClientPasses ||
      lanes != kClientLanes) {
    outer->Refuse("kdf", "not_accepted", "Use the derivation that /api/config names.");
  }
}

}  // namespace

Username ReadNewUsername(JsonFields* fields) {
  const std::string typed = fields->Text("username", 1, 4 * kMaxUsernameBytes);
  const std::optional<Username> name = ParseUsername(typed);
  if (name) return *name;
  if (!typed.empty()) {
    fields->Refuse("username", "not_a_name",
                   StrCat("A user name has 1 to ", kMaxUsernameBytes,
                          " bytes of visible characters and blanks."));
  }
  return {};
}

Username ReadUsername(JsonFields* fields) {
  const std::string typed = fields->Text("username", 0, 4 * kMaxUsernameBytes);
  return ParseUsername(typed).value_or(Username{});
}

std::string ReadBytes(JsonFields* fields, std::string_view name, size_t min, size_t max) {
  // Too long for a text of so many bytes is too long as bytes; decoding says the rest.
  const std::string text = fields->Text(name, 1, max * 4 / 3 + 2);
  if (text.empty()) return {};  // and refused
  std::optional<std::string> bytes = FromBase64Url(text);
  if (!bytes) {
    fields->Refuse(name, "not_base64url", "This field is bytes as base64url without padding.");
    return {};
  }
  if (bytes->size() < min || bytes->size() > max) {
    fields->Refuse(name, "wrong_size",
                   min == max ? StrCat("This field stands for ", min, " bytes.")
                              : StrCat("This field stands for ", min, " to ", max, " bytes."));
    return {};
  }
  return std::move(*bytes);
}

Proof ReadProof(JsonFields* fields) {
  const bool has_key = fields->Has("auth_key");
  if (has_key && fields->Has("password")) {
    fields->Refuse("password", "unknown", "Send auth_key or password, not both.");
  }
  if (has_key) {
    return {"e2e", Secret(ReadBytes(fields, "auth_key", kAuthKeyBytes, kAuthKeyBytes))};
  }
  return {"password", Secret(fields->Text("password", 1, kMaxPasswordBytes))};
}

Recovery ReadRecovery(JsonFields fields, JsonFields* outer) {
  const Secret key(ReadBytes(&fields, "auth_key", kAuthKeyBytes, kAuthKeyBytes));
  Recovery recovery;
  recovery.auth_hash = Sha256Bytes(key.bytes());  // of 128 random bits: needs neither salt nor cost
  recovery.wrapped_user_key =
      ReadBytes(&fields, "wrapped_user_key", kWrappedKeyBytes, kWrappedKeyBytes);
  outer->Take(std::move(fields));
  return recovery;
}

NewCredential ReadCredential(std::string_view scheme, JsonFields* fields, bool with_recovery) {
  NewCredential made;
  made.credential.scheme = scheme;
  if (scheme == "password") {
    // Its rules tell how long it must be.
    made.proof = {"password", Secret(fields->Text("password", 1, 2 * kMaxPasswordBytes))};
    return made;
  }
  made.proof = {"e2e", Secret(ReadBytes(fields, "auth_key", kAuthKeyBytes, kAuthKeyBytes))};
  made.credential.salt = ReadBytes(fields, "salt", kClientSaltBytes, kClientSaltBytes);
  ReadKdf(JsonFields(fields->Object("kdf"), fields->PointerTo("kdf")), fields);
  made.credential.kdf = KdfJson().dump();
  made.credential.wrapped_user_key =
      ReadBytes(fields, "wrapped_user_key", kWrappedKeyBytes, kWrappedKeyBytes);
  if (with_recovery) {
    made.recovery =
        ReadRecovery(JsonFields(fields->Object("recovery"), fields->PointerTo("recovery")), fields);
  }
  return made;
}

Json KdfJson() {
  return {{"algorithm", "argon2id"},
          {"memory_kib", kClientMemoryKib},
          {"passes", kClientPasses},
          {"lanes", kClientLanes}};
}

std::string SchemeOf(const Accounts& accounts) {
  return accounts.settings.storage == StorageMode::kServer ? "password" : "e2e";
}

Json UserJson(const User& user) {
  return {{"id", user.id},
          {"username", user.username},
          {"created_at", user.created_at},
          {"totp", user.totp},
          {"recovery_codes_left", user.recovery_codes_left},
          {"keep", user.keep},
          {"recovery_confirmed", user.recovery_confirmed_at.has_value()},
          {"used_bytes", user.used_bytes},
          {"quota_bytes", user.quota_bytes},
          {"scheme", user.credential ? user.credential->scheme : ""}};
}

Json SessionJson(const Accounts& accounts, const Session& session, bool current) {
  return {{"id", session.id},
          {"current", current},
          {"created_at", session.created_at},
          {"last_seen_at", session.last_seen_at},
          {"idle_expires_at", session.last_seen_at + accounts.settings.session_idle_ms},
          {"expires_at", session.expires_at},
          {"address", session.address},
          {"browser", session.browser}};
}

Json SignedInJson(const Accounts& accounts, const Caller& caller) {
  Json wrapped = nullptr;
  if (caller.user.credential && caller.user.credential->wrapped_user_key) {
    wrapped = ToBase64Url(*caller.user.credential->wrapped_user_key);
  }
  return {{"user", UserJson(caller.user)},
          {"session", SessionJson(accounts, caller.session, /*current=*/true)},
          {"wrapped_user_key", wrapped},
          {"user_key_version", caller.user.user_key_version}};
}

Json NobodyJson() {
  return {{"user", nullptr},
          {"session", nullptr},
          {"wrapped_user_key", nullptr},
          {"user_key_version", nullptr}};
}

}  // namespace insitu
