// The coefficients of Winograd's transforms (winograd_transform.h), known while compiling, and sums
// of vectors by them.
#pragma once

#include <cstdint>

#include "shared/vector.h"

namespace insitu {

inline constexpr double kWinogradPoints[] = {0, 1, -1, 0.5, -2, 2};  // and infinity, the last

// B' for so many points: each row holds the coefficients of the product of (x - point) over the
// other points; of infinity, over all.
template <int64_t kPoints>
struct WinogradInputMatrix {
  float at[kPoints][kPoints] = {};

  constexpr WinogradInputMatrix() {
    for (int64_t row = 0; row < kPoints; ++row) {
      double product[kPoints] = {1};
      for (int64_t other = 0; other < kPoints - 1; ++other) {
        if (other == row) continue;
        for (int64_t k = kPoints - 1; k > 0; --k) {
          product[k] = product[k - 1] - kWinogradPoints[other] * product[k];
        }
        product[0] *= -kWinogradPoints[other];
      }
      for (int64_t k = 0; k < kPoints; ++k) at[row][k] = static_cast<float>(product[k]);
    }
  }
};
template <int64_t kPoints>
inline constexpr WinogradInputMatrix<kPoints> kWinogradInput;

// *sum += factor * value, for a factor that the compiler knows.
template <typename V>
inline __attribute__((always_inline)) void AddMultiple(float factor, const V& value, V* sum) {
  if (factor == 1) {
    *sum += value;
  } else if (factor == -1) {
    *sum -= value;
  } else {
    MultiplyAdd(value, V{} + factor, sum);
  }
}

// The sum of factors[i] * values[i].
template <int64_t kCount, typename V>
inline __attribute__((always_inline)) void SumMultiples(const float* factors, const V* values,
                                                        V* sum) {
  *sum = V{};
  bool begun = false;
#pragma clang loop unroll(full)
  for (int64_t j = kCount - 1; j >= 0; --j) {
    if (factors[j] == 0) continue;
    if (begun) {
      AddMultiple(factors[j], values[j], sum);
    } else {
      *sum = factors[j] == 1 ? values[j] : values[j] * factors[j];
      begun = true;
    }
  }
}

// A' without infinity: sums[k] = sum over the points of point^k * values[point]. Where there are
// fewer points the values are zero. The points 1 and -1 share their sum and difference, so do 2
// and -2.
template <int64_t kSums, int64_t kPoints, typename V>
inline __attribute__((always_inline)) void SumPowers(const V* values, V* sums) {
  static_assert(kPoints == 4 || kPoints == 6);
  const V one[] = {values[1] + values[2], values[1] - values[2]};
  V two[] = {V{}, V{}};
  if (kPoints > 4) {
    two[0] = values[5] + values[4];
    two[1] = values[5] - values[4];
  }
  float power = 1;
#pragma clang loop unroll(full)
  for (int64_t k = 0; k < kSums; ++k, power *= 2) {
    sums[k] = one[k % 2];
    AddMultiple(1 / power, values[3], &sums[k]);
    if (kPoints > 4) AddMultiple(power, two[k % 2], &sums[k]);
  }
  sums[0] += values[0];
}

}  // namespace insitu
