// Vectors of a machine, for our own kernels.
#pragma once

#include <cstdint>

#ifdef __wasm_relaxed_simd__
#include <wasm_simd128.h>
#endif

namespace insitu {

template <int64_t kLanes>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kLanes * sizeof(float))));
  // As in memory: not aligned to its size.
  typedef float InMemory
      __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
};

// Vectors in memory. References, since a function that is compiled without AVX cannot return one.
template <int64_t kLanes>
inline __attribute__((always_inline)) const typename VectorOf<kLanes>::InMemory& At(
    const float* memory) {
  return *reinterpret_cast<const typename VectorOf<kLanes>::InMemory*>(memory);
}
template <int64_t kLanes>
inline __attribute__((always_inline)) typename VectorOf<kLanes>::InMemory& At(float* memory) {
  return *reinterpret_cast<typename VectorOf<kLanes>::InMemory*>(memory);
}

// The constants, of which the compiler then does not know what they are: it reads them from memory.
template <typename T>
inline __attribute__((always_inline)) const T* Unknown(const T* constants) {
  asm("" : "+r"(constants));
  return constants;
}

// *sum += a * b
template <typename T>
inline __attribute__((always_inline)) void MultiplyAdd(const T& a, const T& b, T* sum) {
#pragma clang fp contract(fast)  // where the machine can
#ifdef __wasm_relaxed_simd__
  *sum = wasm_f32x4_relaxed_madd(a, b, *sum);
#else
  *sum += a * b;
#endif
}

// *most = the greater of both. NaN in either may be lost.
template <typename T>
inline __attribute__((always_inline)) void Raise(const T& value, T* most) {
  *most = value < *most ? *most : value;
}

// Bounds each of the values; NaN passes through.
template <typename T>
inline __attribute__((always_inline)) void Bound(float low, float high, T* values) {
  const T lows = low - T{};  // + would turn -0 to 0
  const T highs = high - T{};
  *values = *values < lows ? lows : *values;
  *values = *values > highs ? highs : *values;
}

}  // namespace insitu
