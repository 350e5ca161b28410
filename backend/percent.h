// Percent encoding (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

enum class PlusIs { kPlus, kSpace };  // in a path; in a query

// Decodes %XX once. Nothing for a broken escape or one that stands for a control character.
std::optional<std::string> DecodePercent(std::string_view text, PlusIs plus);

}  // namespace insitu
