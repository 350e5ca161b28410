// Whole files in and out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/result.h"

namespace insitu {

// Errors: kInvalidArgument, with the system's reason; the code too_large when the file has more
// than limit bytes, which is checked before memory is taken. The messages do not name the file.
Result<std::vector<uint8_t>> ReadFile(const std::string& path, size_t limit, ErrorCode too_large);

// The error with the file's name put before its message.
Error Located(const std::string& path, const Error& error);

// Replaces path as a whole: a reader sees the old file or the new one, never a part.
Status WriteFile(const std::string& path, std::span<const uint8_t> bytes);

}  // namespace insitu
