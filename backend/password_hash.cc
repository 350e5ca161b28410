#include "backend/password_hash.h"

#include <argon2.h>

#include <cstdlib>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;

// Argon2 does not change what it reads, but its structure has no const.
uint8_t* Readable(std::string_view bytes) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
}

uint32_t SizeOf(std::string_view bytes) { return static_cast<uint32_t>(bytes.size()); }

// Takes `prefix` from the front; false if it is not there.
bool Take(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// Takes all up to `end` and `end` itself.
std::optional<std::string_view> TakeUntil(char end, std::string_view* text) {
  const size_t at = text->find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text->substr(0, at);
  text->remove_prefix(at + 1);
  return taken;
}

// A whole number from 1 to max, as it is written: nothing in front of it, no leading zero.
std::optional<uint32_t> TakeNumber(char end, uint32_t max, std::string_view* text) {
  const auto digits = TakeUntil(end, text);
  if (!digits || digits->empty() || digits->size() > 9 || digits->front() == '0') {
    return std::nullopt;
  }
  uint32_t number = 0;
  for (const char c : *digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  if (number > max) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::string> Argon2id(std::string_view password, std::string_view salt,
                                    const Argon2Parameters& parameters, size_t bytes,
                                    std::string_view secret, std::string_view associated) {
  std::string out(bytes, '\0');
  argon2_context context = {};
  context.out = reinterpret_cast<uint8_t*>(out.data());
  context.outlen = SizeOf(out);
  context.pwd = Readable(password);
  context.pwdlen = SizeOf(password);
  context.salt = Readable(salt);
  context.saltlen = SizeOf(salt);
  context.secret = Readable(secret);
  context.secretlen = SizeOf(secret);
  context.ad = Readable(associated);
  context.adlen = SizeOf(associated);
  context.t_cost = parameters.passes;
  context.m_cost = parameters.memory_kib;
  context.lanes = parameters.lanes;
  context.threads = 1;  // the gate counts threads
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  const int status = argon2id_ctx(&context);
  if (status == ARGON2_MEMORY_ALLOCATION_ERROR) return std::nullopt;
  if (status != ARGON2_OK) std::abort();
  return out;
}

std::optional<PhcString> ParsePhc(std::string_view text) {
  PhcString phc;
  if (!Take("$argon2id$v=19$m=", &text)) return std::nullopt;
  const auto memory = TakeNumber(',', kMaxHashMemoryKib, &text);
  if (!memory || !Take("t=", &text)) return std::nullopt;
  const auto passes = TakeNumber(',', kMaxHashPasses, &text);
  if (!passes || !Take("p=", &text)) return std::nullopt;
  const auto lanes = TakeNumber(',', kMaxHashLanes, &text);
  if (!lanes || *memory < 8 * *lanes || !Take("keyid=", &text)) return std::nullopt;
  const auto key_id = TakeUntil('$', &text);
  const auto salt = TakeUntil('$', &text);
  if (!key_id || key_id->empty() || !salt) return std::nullopt;
  const auto salt_bytes = FromBase64(*salt);
  const auto hash_bytes = FromBase64(text);
  if (!salt_bytes || salt_bytes->size() != kSaltBytes) return std::nullopt;
  if (!hash_bytes || hash_bytes->size() != kHashBytes) return std::nullopt;
  return PhcString{{*memory, *passes, *lanes}, std::string(*key_id), *salt_bytes, *hash_bytes};
}

std::string FormatPhc(const PhcString& phc) {
  return StrCat("$argon2id$v=19$m=", phc.parameters.memory_kib, ",t=", phc.parameters.passes,
                ",p=", phc.parameters.lanes, ",keyid=", phc.key_id, "$", ToBase64(phc.salt), "$",
                ToBase64(phc.hash));
}

PasswordHasher::PasswordHasher(const KeyFile& keys, const Argon2Parameters& parameters)
    : keys_(keys), parameters_(parameters) {
  // Its hash is random, so no password has it.
  dummy_ = FormatPhc(
      {parameters_, keys_.current_id(), RandomBytes(kSaltBytes), RandomBytes(kHashBytes)});
}

std::optional<std::string> PasswordHasher::Hash(std::string_view password) const {
  PhcString phc{parameters_, keys_.current_id(), RandomBytes(kSaltBytes), ""};
  std::optional<std::string> argon = Argon2id(password, phc.salt, parameters_, kHashBytes);
  if (!argon) return std::nullopt;
  phc.hash = HmacSha256(keys_.Derive(KeyUse::kPepper), *argon);
  Cleanse(&*argon);
  return FormatPhc(phc);
}

PasswordHasher::Verdict PasswordHasher::Verify(std::string_view password,
                                               std::string_view phc) const {
  const std::optional<PhcString> parsed = ParsePhc(phc);
  if (!parsed || !keys_.Has(parsed->key_id)) return Verdict::kWrong;
  std::optional<std::string> argon =
      Argon2id(password, parsed->salt, parsed->parameters, kHashBytes);
  if (!argon) return Verdict::kNoMemory;
  const std::string hash = HmacSha256(keys_.Derive(parsed->key_id, KeyUse::kPepper), *argon);
  Cleanse(&*argon);
  return EqualInConstantTime(hash, parsed->hash) ? Verdict::kRight : Verdict::kWrong;
}

bool PasswordHasher::IsOutdated(std::string_view phc) const {
  const std::optional<PhcString> parsed = ParsePhc(phc);
  return !parsed || parsed->parameters != parameters_ || parsed->key_id != keys_.current_id();
}

}  // namespace insitu
