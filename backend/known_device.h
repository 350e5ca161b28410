// The mark of a browser that has signed in to an account before: a signed cookie that tells who
// throttles (throttle.h) that this is not just anybody. It opens nothing by itself and names
// nobody: only together with an account's name can it be checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backend/key_file.h"

namespace insitu {

// The device that the cookie's value proves for this account (its name in normal form) at this time
// (unix ms), or nothing.
std::optional<std::string> FindKnownDevice(const KeyFile& keys, std::string_view cookie,
                                           std::string_view account, int64_t now);

// The value for after a sign-in: a mark for this account, before those of at most
// kMaxKnownAccounts - 1 others that the old value has. A known device keeps its name.
std::string MarkKnownDevice(const KeyFile& keys, std::string_view cookie, std::string_view account,
                            int64_t now);

}  // namespace insitu
