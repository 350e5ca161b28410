#include "backend/content_digest.h"

#include <algorithm>

#include "backend/crypto.h"
#include "backend/encoding.h"

namespace insitu {

// A dictionary of byte sequences (RFC 8941): sha-256=:…:, sha-512=:…:
std::optional<std::string> ParseContentDigest(std::string_view value) {
  constexpr std::string_view kName = "sha-256=:";
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    std::string_view member = value.substr(0, comma);
    value.remove_prefix(std::min(comma + 1, value.size()));
    while (member.starts_with(' ') || member.starts_with('\t')) member.remove_prefix(1);
    while (member.ends_with(' ') || member.ends_with('\t')) member.remove_suffix(1);
    if (!member.starts_with(kName) || member.size() == kName.size() || !member.ends_with(':')) {
      continue;
    }
    member.remove_prefix(kName.size());
    member.remove_suffix(1);
    std::optional<std::string> digest = FromPaddedBase64(member);
    if (!digest || digest->size() != kSha256Bytes) return std::nullopt;
    return digest;
  }
  return std::nullopt;
}

}  // namespace insitu
