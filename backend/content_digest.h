// Content-Digest (RFC 9530).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

// The 32 bytes of its sha-256, or nothing. Other algorithms beside it are passed over.
std::optional<std::string> ParseContentDigest(std::string_view value);

}  // namespace insitu
