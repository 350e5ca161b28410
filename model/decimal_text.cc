#include "model/decimal_text.h"

#include <array>
#include <charconv>

namespace insitu {
namespace {

std::string Text(double value, std::chars_format format, int digits) {
  std::array<char, 400> text;  // the largest double has 309 digits before its point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, digits);
  return std::string(text.data(), end.ptr);
}

}  // namespace

std::string DecimalText(double value, int digits) {
  return Text(value, std::chars_format::general, digits);
}

std::string FixedText(double value, int digits) {
  return Text(value, std::chars_format::fixed, digits);
}

}  // namespace insitu
