// Text -> number, exactly and on every machine alike, without the C library's strtod and locale.
#pragma once

#include <optional>
#include <string_view>

namespace insitu {

// The most significant digits, and the largest power of ten, with which one multiplication or
// division of doubles gives the double nearest to the decimal number.
inline constexpr int kMaxDecimalDigits = 15;
inline constexpr int kMaxDecimalExponent = 22;

// Reads [-]digits[.digits][e[+|-]digits], all of text. Leading zeros do not count as significant.
// Nothing for any other text, and beyond the two limits above.
std::optional<double> ParseDecimal(std::string_view text);

}  // namespace insitu
