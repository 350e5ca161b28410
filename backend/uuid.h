// Identifiers that sort by the time they were made (UUID version 7, RFC 9562).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace insitu {

// 36 characters, lower case; 74 bits of it are random. The time is unix milliseconds.
std::string NewUuid(int64_t unix_ms);

// True for the 36 characters of a UUID of any version, lower case.
bool IsUuid(std::string_view text);

}  // namespace insitu
