#include "shared/decimal.h"

#include <cstdint>
#include <cstdlib>

namespace insitu {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of *text. *digits grows with every significant one.
// False when there are none, or more than fit.
bool TakeDigits(std::string_view* text, int64_t* number, int* digits, int* taken) {
  *taken = 0;
  while (!text->empty() && IsDigit(text->front())) {
    *number = *number * 10 + (text->front() - '0');
    if (*number != 0 && ++*digits > kMaxDecimalDigits) return false;
    ++*taken;
    text->remove_prefix(1);
  }
  return *taken > 0;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// The exponent after an e; 0 when there is none.
std::optional<int> TakeExponent(std::string_view* text) {
  if (!Take(text, 'e') && !Take(text, 'E')) return 0;
  const bool negative = Take(text, '-');
  if (!negative) Take(text, '+');
  int64_t exponent = 0;
  int digits = 0;
  int taken = 0;
  if (!TakeDigits(text, &exponent, &digits, &taken) || digits > 3) return std::nullopt;
  return static_cast<int>(negative ? -exponent : exponent);
}

}  // namespace

std::optional<double> ParseDecimal(std::string_view text) {
  const bool negative = Take(&text, '-');
  int64_t mantissa = 0;
  int digits = 0;
  int taken = 0;
  if (!TakeDigits(&text, &mantissa, &digits, &taken)) return std::nullopt;
  int fraction = 0;
  if (Take(&text, '.') && !TakeDigits(&text, &mantissa, &digits, &fraction)) return std::nullopt;
  const std::optional<int> exponent = TakeExponent(&text);
  if (!exponent || !text.empty()) return std::nullopt;

  const int power = *exponent - fraction;
  if (std::abs(power) > kMaxDecimalExponent) return std::nullopt;
  double ten_to_power = 1;
  for (int i = 0; i < std::abs(power); ++i) ten_to_power *= 10;  // exact up to 10^22
  auto number = static_cast<double>(mantissa);
  number = power < 0 ? number / ten_to_power : number * ten_to_power;
  return negative ? -number : number;
}

}  // namespace insitu
