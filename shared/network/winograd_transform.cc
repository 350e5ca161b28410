#include "shared/network/winograd_transform.h"

#include "shared/vector.h"

namespace insitu {
namespace {

constexpr double kPoints[] = {0, 1, -1, 0.5, -2, 2};  // and infinity, the last
constexpr int kPointsOfThree = 6;                     // of three taps
constexpr double kPointOfFour = kPoints[5];           // which four taps have beside those

// B' of three taps: each row holds the coefficients of the product of (x - point) over the other
// points; of infinity, over all.
struct InputMatrix {
  float at[kPointsOfThree][kPointsOfThree] = {};

  constexpr InputMatrix() {
    for (int row = 0; row < kPointsOfThree; ++row) {
      double product[kPointsOfThree] = {1};
      for (int other = 0; other < kPointsOfThree - 1; ++other) {
        if (other == row) continue;
        for (int k = kPointsOfThree - 1; k > 0; --k) {
          product[k] = product[k - 1] - kPoints[other] * product[k];
        }
        product[0] *= -kPoints[other];
      }
      for (int k = 0; k < kPointsOfThree; ++k) at[row][k] = static_cast<float>(product[k]);
    }
  }
};
constexpr InputMatrix kInput;

// A': powers of each point; of infinity, the highest alone.
struct OutputMatrix {
  float at[kWinogradOutputs][kMaxWinogradPoints] = {};

  constexpr OutputMatrix() {
    for (int point = 0; point < kPointsOfThree; ++point) {
      double power = 1;
      for (auto& row : at) {
        row[point] = static_cast<float>(power);
        power *= kPoints[point];
      }
    }
    at[kWinogradOutputs - 1][kMaxWinogradPoints - 1] = 1;
  }
};
constexpr OutputMatrix kOutput;

// *sum += factor * value, for a factor that the compiler knows.
template <typename V>
inline __attribute__((always_inline)) void Add(float factor, const V& value, V* sum) {
  if (factor == 1) {
    *sum += value;
  } else if (factor == -1) {
    *sum -= value;
  } else {
    MultiplyAdd(value, V{} + factor, sum);
  }
}

// The sum of factors[i] * values[i].
template <int kCount, typename V>
inline __attribute__((always_inline)) void Sum(const float* factors, const V* values, V* sum) {
  *sum = V{};
  bool begun = false;
#pragma clang loop unroll(full)
  for (int j = kCount - 1; j >= 0; --j) {
    if (factors[j] == 0) continue;
    if (begun) {
      Add(factors[j], values[j], sum);
    } else {
      *sum = factors[j] == 1 ? values[j] : values[j] * factors[j];
      begun = true;
    }
  }
}

// Four taps: every product above has one factor (x - kPointOfFour) more, which is that of three
// taps over the differences below. At the point itself it is the product that was infinity's.
template <int64_t kLanes>
inline __attribute__((always_inline)) void Input(const WinogradLine& line) {
  using V = typename VectorOf<kLanes>::Type;
  for (int64_t c = 0; c < line.channels; c += kLanes) {
    c = std::min(c, line.channels - kLanes);  // the last vector may lie over the one before it
    V value[kPointsOfThree];
#pragma clang loop unroll(full)
    for (int j = 0; j < kPointsOfThree; ++j) {
      value[j] = At<kLanes>(line.from[j] + c);
    }
    V row;
    if (line.points > kPointsOfThree) {
      Sum<kPointsOfThree>(kInput.at[kPointsOfThree - 1], value, &row);
      At<kLanes>(line.to[kPointsOfThree - 1] + c) = row;
      const V last = At<kLanes>(line.from[kPointsOfThree] + c);
#pragma clang loop unroll(full)
      for (int j = 0; j < kPointsOfThree; ++j) {
        V difference = j + 1 < kPointsOfThree ? value[j + 1] : last;
        Add(static_cast<float>(-kPointOfFour), value[j], &difference);
        value[j] = difference;
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < kPointsOfThree; ++i) {
      Sum<kPointsOfThree>(kInput.at[i], value, &row);
      float* to = line.to[i + 1 < kPointsOfThree ? i : line.points - 1];
      At<kLanes>(to + c) = row;
    }
  }
}

template <int64_t kLanes>
inline __attribute__((always_inline)) void Output(const WinogradLine& line) {
  using V = typename VectorOf<kLanes>::Type;
  for (int64_t c = 0; c < line.channels; c += kLanes) {
    c = std::min(c, line.channels - kLanes);
    V value[kMaxWinogradPoints];
#pragma clang loop unroll(full)
    for (int j = 0; j < kPointsOfThree - 1; ++j) {
      value[j] = At<kLanes>(line.from[j] + c);
    }
    const bool longer = line.points > kPointsOfThree;
    value[kPointsOfThree - 1] = longer ? V(At<kLanes>(line.from[kPointsOfThree - 1] + c)) : V{};
    value[kPointsOfThree] = At<kLanes>(line.from[line.points - 1] + c);
#pragma clang loop unroll(full)
    for (int i = 0; i < kWinogradOutputs; ++i) {
      V sum;
      Sum<kMaxWinogradPoints>(kOutput.at[i], value, &sum);
      if (line.clamp != nullptr) {
        Bound(line.clamp->low, line.clamp->high, &sum);
      }
      At<kLanes>(line.to[i] + c) = sum;
    }
  }
}

#ifdef __x86_64__
__attribute__((target("avx,fma"))) void Input8(const WinogradLine& line) { Input<8>(line); }
__attribute__((target("avx,fma"))) void Output8(const WinogradLine& line) { Output<8>(line); }

bool SuitsEight(const WinogradLine& line) {
  return line.channels >= 8 && __builtin_cpu_supports("fma");
}
#endif

}  // namespace

void TransformInput(const WinogradLine& line) {
#ifdef __x86_64__
  if (SuitsEight(line)) return Input8(line);
#endif
  Input<kMinWinogradChannels>(line);
}

void TransformOutput(const WinogradLine& line) {
#ifdef __x86_64__
  if (SuitsEight(line)) return Output8(line);
#endif
  Output<kMinWinogradChannels>(line);
}

double WinogradWeight(int64_t points, int64_t point, int64_t tap) {
  if (point == points - 1) return tap == points - kWinogradOutputs ? 1 : 0;
  double factor = 1;
  for (int64_t i = 0; i < tap; ++i) factor *= kPoints[point];
  for (int64_t other = 0; other < points - 1; ++other) {
    if (other != point) factor /= kPoints[point] - kPoints[other];
  }
  return factor;
}

}  // namespace insitu
