#include "shared/logarithm.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace insitu {
namespace {

constexpr int kFractionBits = 52;
constexpr int64_t kBias = 1023;  // of an exponent
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

// 2^n e^r, where r is within half of ln 2, by Taylor's polynomial.
double Exp(double exponent) {
  constexpr double kLowest = -700;  // above the denormal numbers
  constexpr double kHighest = 709;
  constexpr int kTerms = 13;
  if (std::isnan(exponent)) return exponent;
  if (exponent < kLowest) return 0;
  if (exponent > kHighest) return kInfinity;
  const double twos = std::floor(exponent / std::numbers::ln2 + 0.5);
  const double rest = exponent - twos * std::numbers::ln2;
  double sum = 1;
  for (int k = kTerms; k > 0; --k) sum = sum * (rest * (1.0 / k)) + 1;
  return sum * std::bit_cast<double>((static_cast<int64_t>(twos) + kBias) << kFractionBits);
}

// Of 2^n m, where m is within a factor of sqrt 2 of 1: twice the area tangent of (m - 1) / (m + 1).
double Log(double value) {
  constexpr int kHighestPower = 23;
  constexpr double kSmallest = 0x1p-1022;  // of those that are not denormal
  if (std::isnan(value) || value < 0) return std::numeric_limits<double>::quiet_NaN();
  if (value == 0) return -kInfinity;
  if (value == kInfinity) return kInfinity;
  if (value < kSmallest) return Log(value / kSmallest) - 1022 * std::numbers::ln2;
  const auto bits = std::bit_cast<int64_t>(value);
  auto twos = static_cast<double>((bits >> kFractionBits) - kBias);
  const int64_t fraction = bits & ((int64_t{1} << kFractionBits) - 1);
  auto mantissa = std::bit_cast<double>(fraction | (kBias << kFractionBits));
  if (mantissa > std::numbers::sqrt2) {
    mantissa /= 2;
    twos += 1;
  }
  const double tangent = (mantissa - 1) / (mantissa + 1);
  double sum = 0;
  for (int k = kHighestPower; k > 0; k -= 2) sum = sum * tangent * tangent + 1.0 / k;
  return twos * std::numbers::ln2 + 2 * tangent * sum;
}

}  // namespace insitu
