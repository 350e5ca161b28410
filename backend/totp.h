// The second factor: codes of an authenticator app (TOTP, RFC 6238: SHA-1, 30 s, 6 digits, which is
// what every app knows).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backend/key_file.h"

namespace insitu {

inline constexpr int64_t kTotpStepMs = 30'000;
inline constexpr int kTotpDigits = 6;
inline constexpr size_t kRecoveryCodes = 10;  // one_time_code.h

// 160 random bits.
std::string MakeTotpSecret();

// otpauth://totp/…, which an app reads as a QR code.
std::string TotpUri(std::string_view secret, std::string_view username);

// The code of a step (RFC 4226 §5.3), decimal digits with leading zeros.
std::string TotpCode(std::string_view secret, int64_t step, int digits = kTotpDigits);

// The step whose code this is: the one of `now` (unix ms), the one before or the one after, if it
// is later than last_step, since each code is good once. Nothing for a wrong code. Whoever accepts
// the step must record it with a compare-and-set, or a code would be good twice at the same time.
std::optional<int64_t> MatchTotp(std::string_view secret, std::string_view code, int64_t now,
                                 int64_t last_step);

// A secret as the database keeps it: sealed under the key file's key `key_id`, bound to its user.
struct SealedTotpSecret {
  std::string bytes;
  std::string key_id;
};
SealedTotpSecret SealTotpSecret(const KeyFile& keys, std::string_view user_id,
                                std::string_view secret);
std::optional<std::string> OpenTotpSecret(const KeyFile& keys, std::string_view user_id,
                                          const SealedTotpSecret& sealed);

}  // namespace insitu
