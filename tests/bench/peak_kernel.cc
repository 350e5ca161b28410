// The most that one core can do in WebAssembly: multiply-adds of 12 independent chains, so that
// none waits for another (two units of latency 4 need 8), without memory.
#include <wasm_simd128.h>

#include <array>

#include "tests/bench/network_bench.h"

namespace {

constexpr size_t kChains = 12;
constexpr int kLanes = 4;

template <typename Step>
float Run(int rounds, Step step) {
  std::array<v128_t, kChains> chains;
  for (size_t i = 0; i < kChains; ++i) chains[i] = wasm_f32x4_splat(static_cast<float>(i));
  // The chains tend to 1: neither denormal nor infinite. A half that the compiler knew would be a
  // constant in the loop, which some V8s make anew or load for every use: half of the peak.
  const v128_t half = wasm_f32x4_splat(0.5F + 1e-9F * static_cast<float>(rounds & 1));
  for (int round = 0; round < rounds; ++round) {
    for (v128_t& chain : chains) chain = step(chain, half, half);
  }
  v128_t sum = chains[0];
  for (size_t i = 1; i < kChains; ++i) sum = wasm_f32x4_add(sum, chains[i]);
  return wasm_f32x4_extract_lane(sum, 0);
}

}  // namespace

extern "C" {

int peak_operations() { return static_cast<int>(kChains) * kLanes * 2; }

float peak_madd(int rounds) {
#ifdef __wasm_relaxed_simd__
  return Run(rounds, [](v128_t chain, v128_t factor, v128_t addend) {
    return wasm_f32x4_relaxed_madd(chain, factor, addend);
  });
#else
  (void)rounds;
  return 0;
#endif
}

float peak_multiply_and_add(int rounds) {
  return Run(rounds, [](v128_t chain, v128_t factor, v128_t addend) {
    return wasm_f32x4_add(wasm_f32x4_mul(chain, factor), addend);
  });
}

}  // extern "C"
