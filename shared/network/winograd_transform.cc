#include "shared/network/winograd_transform.h"

#ifdef __wasm_relaxed_simd__
#include <wasm_simd128.h>
#endif

namespace insitu {
namespace {

constexpr double kPoints[] = {0, 1, -1, 0.5, -2, 2};  // and infinity, the last

struct Matrix {
  float at[kMaxWinogradPoints][kMaxWinogradPoints];
};

// Each row holds the coefficients of the product of (x - point) over the other points; of infinity,
// over all.
constexpr Matrix InputMatrix(int points) {
  Matrix matrix = {};
  for (int row = 0; row < points; ++row) {
    double product[kMaxWinogradPoints] = {1};
    for (int other = 0; other < points - 1; ++other) {
      if (other == row) continue;
      for (int k = points - 1; k > 0; --k)
        product[k] = product[k - 1] - kPoints[other] * product[k];
      product[0] *= -kPoints[other];
    }
    for (int k = 0; k < points; ++k) matrix.at[row][k] = static_cast<float>(product[k]);
  }
  return matrix;
}

// Powers of each point; of infinity, the highest alone.
constexpr Matrix OutputMatrix(int points) {
  Matrix matrix = {};
  for (int point = 0; point < points - 1; ++point) {
    double power = 1;
    for (int row = 0; row < kWinogradOutputs; ++row) {
      matrix.at[row][point] = static_cast<float>(power);
      power *= kPoints[point];
    }
  }
  matrix.at[kWinogradOutputs - 1][points - 1] = 1;
  return matrix;
}

template <int kColumns>
struct Input {
  static constexpr int kRows = kColumns;
  static constexpr Matrix kMatrix = InputMatrix(kColumns);
};

template <int kColumns>
struct Output {
  static constexpr int kRows = kWinogradOutputs;
  static constexpr Matrix kMatrix = OutputMatrix(kColumns);
};

// Vectors of a machine; in memory they need not be aligned to their size.
template <int64_t kLanes>
struct Vector {
  typedef float Type __attribute__((vector_size(kLanes * sizeof(float))));
  typedef float InMemory
      __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
};

// *sum += factor * value, for a factor that the compiler knows.
template <typename V>
inline __attribute__((always_inline)) void Add(float factor, const V& value, V* sum) {
#pragma clang fp contract(fast)  // where the machine can
  if (factor == 1) {
    *sum += value;
  } else if (factor == -1) {
    *sum -= value;
  } else {
#ifdef __wasm_relaxed_simd__
    *sum = wasm_f32x4_relaxed_madd(value, V{} + factor, *sum);
#else
    *sum += value * factor;
#endif
  }
}

template <typename Kind, int kColumns, int64_t kLanes>
inline __attribute__((always_inline)) void Apply(const float* const* from, float* const* to,
                                                 int64_t channels, const Clamp* clamp) {
  using V = typename Vector<kLanes>::Type;
  using InMemory = typename Vector<kLanes>::InMemory;
  for (int64_t c = 0; c < channels; c += kLanes) {
    c = std::min(c, channels - kLanes);  // the last vector may lie over the one before it
    V value[kColumns];
#pragma clang loop unroll(full)
    for (int j = 0; j < kColumns; ++j) value[j] = *reinterpret_cast<const InMemory*>(from[j] + c);
#pragma clang loop unroll(full)
    for (int i = 0; i < Kind::kRows; ++i) {
      V sum;
      bool begun = false;
#pragma clang loop unroll(full)
      for (int j = kColumns - 1; j >= 0; --j) {
        const float factor = Kind::kMatrix.at[i][j];
        if (factor == 0) continue;
        if (begun) {
          Add(factor, value[j], &sum);
        } else {
          sum = factor == 1 ? value[j] : value[j] * factor;
          begun = true;
        }
      }
      if (clamp != nullptr) {
        const V low = V{} + clamp->low;
        const V high = V{} + clamp->high;
        sum = sum < low ? low : sum;
        sum = sum > high ? high : sum;
      }
      *reinterpret_cast<InMemory*>(to[i] + c) = sum;
    }
  }
}

template <typename Kind, int kColumns>
void Apply4(const float* const* from, float* const* to, int64_t channels, const Clamp* clamp) {
  Apply<Kind, kColumns, kMinWinogradChannels>(from, to, channels, clamp);
}

#ifdef __x86_64__
template <typename Kind, int kColumns>
__attribute__((target("avx,fma"))) void Apply8(const float* const* from, float* const* to,
                                               int64_t channels, const Clamp* clamp) {
  Apply<Kind, kColumns, 8>(from, to, channels, clamp);
}
#endif

template <template <int> typename Kind, int kColumns>
WinogradTransform Choose([[maybe_unused]] int64_t channels) {
#ifdef __x86_64__
  if (channels >= 8 && __builtin_cpu_supports("fma")) return Apply8<Kind<kColumns>, kColumns>;
#endif
  return Apply4<Kind<kColumns>, kColumns>;
}

template <template <int> typename Kind>
WinogradTransform ForPoints(int64_t points, int64_t channels) {
  return points == 6 ? Choose<Kind, 6>(channels) : Choose<Kind, 7>(channels);
}

}  // namespace

WinogradTransform WinogradInput(int64_t points, int64_t channels) {
  return ForPoints<Input>(points, channels);
}

WinogradTransform WinogradOutput(int64_t points, int64_t channels) {
  return ForPoints<Output>(points, channels);
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
