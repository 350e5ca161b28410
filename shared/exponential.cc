#include "shared/exponential.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numbers>

namespace insitu {

// 2^n e^r, where r is within half of ln 2, by Taylor's polynomial.
double Exp(double exponent) {
  constexpr double kLowest = -700;  // above the denormal numbers
  constexpr double kHighest = 709;
  if (!(exponent >= kLowest)) return exponent < kLowest ? 0 : exponent;
  if (exponent > kHighest) return std::numeric_limits<double>::infinity();
  constexpr double kInverse[] = {
      1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
      1.0 / 120,      1.0 / 24,      1.0 / 6,      0.5,         1,          1};  // factorials
  const auto twos =
      static_cast<int64_t>(exponent / std::numbers::ln2 + (exponent < 0 ? -0.5 : 0.5));
  const double rest = exponent - static_cast<double>(twos) * std::numbers::ln2;
  double sum = 0;
  for (const double inverse : kInverse) sum = sum * rest + inverse;
  return sum * std::bit_cast<double>((twos + 1023) << 52);
}

}  // namespace insitu
