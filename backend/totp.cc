#include "backend/totp.h"

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kSecretBytes = 20;

std::string BoundTo(std::string_view user_id) { return StrCat("insitu/totp/v1|", user_id); }

// As a part of a URI: all but unreserved characters as %XX.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      escaped.push_back(c);
    } else {
      escaped += StrCat("%", ToHex(std::string_view(&c, 1)));
    }
  }
  return escaped;
}

}  // namespace

std::string MakeTotpSecret() { return RandomBytes(kSecretBytes); }

std::string TotpUri(std::string_view secret, std::string_view username) {
  return StrCat("otpauth://totp/InSitu:", Escaped(username), "?secret=", ToBase32(secret),
                "&issuer=InSitu&algorithm=SHA1&digits=", kTotpDigits,
                "&period=", kTotpStepMs / 1'000);
}

std::string TotpCode(std::string_view secret, int64_t step, int digits) {
  std::string counter;
  for (int shift = 56; shift >= 0; shift -= 8) counter.push_back(static_cast<char>(step >> shift));
  const std::string hmac = HmacSha1(secret, counter);
  const size_t offset = static_cast<unsigned char>(hmac.back()) & 0x0F;
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(hmac[offset + i]);
  }
  number &= 0x7FFFFFFF;
  std::string code;
  for (int i = 0; i < digits; ++i) {
    code.insert(code.begin(), static_cast<char>('0' + number % 10));
    number /= 10;
  }
  return code;
}

std::optional<int64_t> MatchTotp(std::string_view secret, std::string_view code, int64_t now,
                                 int64_t last_step) {
  const int64_t current = now / kTotpStepMs;
  std::optional<int64_t> matched;
  for (int64_t step = current - 1; step <= current + 1; ++step) {
    const bool equal = EqualInConstantTime(TotpCode(secret, step), code);
    if (equal && step > last_step && !matched) matched = step;
  }
  return matched;
}

SealedTotpSecret SealTotpSecret(const KeyFile& keys, std::string_view user_id,
                                std::string_view secret) {
  return {SealWithNonce(keys.Derive(KeyUse::kTotp), secret, BoundTo(user_id)), keys.current_id()};
}

std::optional<std::string> OpenTotpSecret(const KeyFile& keys, std::string_view user_id,
                                          const SealedTotpSecret& sealed) {
  if (!keys.Has(sealed.key_id)) return std::nullopt;
  return OpenWithNonce(keys.Derive(sealed.key_id, KeyUse::kTotp), sealed.bytes, BoundTo(user_id));
}

}  // namespace insitu
