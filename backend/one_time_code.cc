#include "backend/one_time_code.h"

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kRandomBytes = 16;
constexpr size_t kCharacters = 25;
constexpr size_t kGroup = 5;

}  // namespace

std::string MakeOneTimeCode() {
  std::string code = ToCrockford(RandomBytes(kRandomBytes), kCharacters);
  for (size_t at = kCharacters - kGroup; at > 0; at -= kGroup) code.insert(at, 1, '-');
  return code;
}

std::optional<std::string> HashOneTimeCode(std::string_view typed) {
  const std::optional<std::string> code = NormalizeCrockford(typed);
  if (!code || code->size() != kCharacters) return std::nullopt;
  // 125 random bits need neither salt nor cost.
  return Sha256Bytes(StrCat("insitu/one-time-code/v1|", *code));
}

}  // namespace insitu
