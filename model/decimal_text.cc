#include "model/decimal_text.h"

#include <array>
#include <charconv>

namespace insitu {

std::string DecimalText(double value, int digits) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, digits);
  return std::string(text.data(), end.ptr);
}

}  // namespace insitu
