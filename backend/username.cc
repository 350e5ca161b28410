#include "backend/username.h"

#include "backend/encoding.h"
#include "backend/limits.h"

namespace insitu {
namespace {

// C0, DEL and, as UTF-8, C1.
bool HasControlCharacter(std::string_view text) {
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte < 0xA0)) return true;
    before = byte;
  }
  return false;
}

}  // namespace

std::optional<Username> ParseUsername(std::string_view typed) {
  while (typed.starts_with(' ')) typed.remove_prefix(1);
  while (typed.ends_with(' ')) typed.remove_suffix(1);
  if (typed.empty() || typed.size() > kMaxUsernameBytes) return std::nullopt;
  if (!IsUtf8(typed) || HasControlCharacter(typed)) return std::nullopt;
  Username name{std::string(typed), std::string(typed)};
  for (char& c : name.normalized) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace insitu
