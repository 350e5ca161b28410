#include "shared/network/winograd_transform.h"

#include "shared/network/winograd_points.h"

namespace insitu {
namespace {

// The row of B' that gives infinity's product, for each number of points: the coefficients of the
// product of (x - point) over the others.
struct InfinityRows {
  float at[kMaxWinogradPoints][kMaxWinogradPoints] = {};

  constexpr InfinityRows() {
    double product[kMaxWinogradPoints] = {1};
    for (int64_t points = 2; points < kMaxWinogradPoints; ++points) {
      const double point = kWinogradPoints[points - 2];
      for (int64_t k = points - 1; k > 0; --k) product[k] = product[k - 1] - point * product[k];
      product[0] *= -point;
      for (int64_t k = 0; k < points; ++k) at[points][k] = static_cast<float>(product[k]);
    }
  }
};
constexpr InfinityRows kInfinity;

// B' of more points by that of one less: every product has one factor (x - the last point) more,
// which is that of one point less over differences. At the last point itself it is the product that
// was infinity's.
template <int64_t kLanes>
inline __attribute__((always_inline)) void Input(const WinogradLine& line) {
  using V = typename VectorOf<kLanes>::Type;
  for (int64_t c = 0; c < line.channels; c += kLanes) {
    c = std::min(c, line.channels - kLanes);  // the last vector may lie over the one before it
    V value[kMaxWinogradPoints] = {};
#pragma clang loop unroll(full)
    for (int64_t j = 0; j < kMaxWinogradPoints; ++j) {
      if (j < line.points) value[j] = At<kLanes>(line.from[j] + c);
    }
    V row;
#pragma clang loop unroll(full)
    for (int64_t last = kMaxWinogradPoints - 1; last >= kMinWinogradPoints; --last) {
      if (last >= line.points) continue;
      SumMultiples<kMaxWinogradPoints>(kInfinity.at[last], value, &row);
      At<kLanes>(line.to[last - 1] + c) = row;
#pragma clang loop unroll(full)
      for (int64_t j = 0; j < last; ++j) {
        V difference = value[j + 1];
        AddMultiple(static_cast<float>(-kWinogradPoints[last - 1]), value[j], &difference);
        value[j] = difference;
      }
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < kMinWinogradPoints; ++i) {
      SumMultiples<kMinWinogradPoints>(kWinogradInput<kMinWinogradPoints>.at[i], value, &row);
      float* to = line.to[i + 1 < kMinWinogradPoints ? i : line.points - 1];
      At<kLanes>(to + c) = row;
    }
  }
}

template <int64_t kLanes>
inline __attribute__((always_inline)) void Output(const WinogradLine& line) {
  using V = typename VectorOf<kLanes>::Type;
  for (int64_t c = 0; c < line.channels; c += kLanes) {
    c = std::min(c, line.channels - kLanes);
    V value[kMaxWinogradPoints - 1];
#pragma clang loop unroll(full)
    for (int64_t j = 0; j < kMaxWinogradPoints - 1; ++j) {
      value[j] = j + 1 < line.points ? V(At<kLanes>(line.from[j] + c)) : V{};
    }
    const V infinity = At<kLanes>(line.from[line.points - 1] + c);
    V sums[kMaxWinogradOutputs];
    SumPowers<kMaxWinogradOutputs, kMaxWinogradPoints - 1>(value, sums);
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < kMaxWinogradOutputs; ++i) {
      // Known while compiling first: the fewest outputs are always there, and infinity in the last.
      if (i >= kMinWinogradOutputs && i >= line.outputs) continue;
      if (i + 1 >= kMinWinogradOutputs && i + 1 == line.outputs) sums[i] += infinity;
      if (line.clamp != nullptr) Bound(line.clamp->low, line.clamp->high, &sums[i]);
      At<kLanes>(line.to[i] + c) = sums[i];
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

double WinogradWeight(int64_t points, int64_t outputs, int64_t point, int64_t tap) {
  if (point == points - 1) return tap == points - outputs ? 1 : 0;
  double factor = 1;
  for (int64_t i = 0; i < tap; ++i) factor *= kWinogradPoints[point];
  for (int64_t other = 0; other < points - 1; ++other) {
    if (other != point) factor /= kWinogradPoints[point] - kWinogradPoints[other];
  }
  return factor;
}

}  // namespace insitu
