// Names that people sign in with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

struct Username {
  std::string shown;       // as it was typed, without the blanks around it
  std::string normalized;  // as it is compared: ASCII letters small
};

// Nothing unless it has 1 to 64 bytes of UTF-8 without control characters once the blanks around it
// are taken off.
std::optional<Username> ParseUsername(std::string_view typed);

}  // namespace insitu
