#include "shared/network/matrix_kernel.h"

#include <xnnpack/igemm.h>

namespace insitu {
namespace {

using Function = decltype(xnn_f32_igemm_minmax_ukernel_1x4__scalar);

template <int64_t kRows, int64_t kBlock, Function kFunction>
void Multiply(const MatrixTile& tile) {
  const auto bytes = [](int64_t values) { return static_cast<size_t>(values) * sizeof(float); };
  const xnn_f32_minmax_params bounds = {.scalar = {tile.clamp.low, tile.clamp.high}};
  kFunction(static_cast<size_t>(tile.rows), static_cast<size_t>(tile.columns),
            bytes(tile.tap_length), static_cast<size_t>(tile.taps * kRows) * sizeof(void*),
            tile.pointers, tile.weights, tile.output, bytes(tile.output_stride), bytes(kBlock),
            bytes(tile.input_offset), tile.zeros, &bounds);
}

template <int64_t kRows, int64_t kBlock, Function kFunction, Function kRowFunction>
constexpr MatrixKernel Kernel() {
  return {kRows, kBlock, Multiply<kRows, kBlock, kFunction>, Multiply<1, kBlock, kRowFunction>};
}

}  // namespace

MatrixKernel ChooseMatrixKernel() {
#if defined(__wasm_relaxed_simd__)
  return Kernel<4, 8, xnn_f32_igemm_minmax_ukernel_4x8__wasmrelaxedsimd_fma_loadsplat,
                xnn_f32_igemm_minmax_ukernel_1x8__wasmrelaxedsimd_fma_loadsplat>();
#elif defined(__wasm__)
  return Kernel<4, 8, xnn_f32_igemm_minmax_ukernel_4x8__wasmsimd_arm_splat,
                xnn_f32_igemm_minmax_ukernel_1x8__wasmsimd_arm_splat>();
#else
  if (__builtin_cpu_supports("avx512f")) {
    return Kernel<7, 32, xnn_f32_igemm_minmax_ukernel_7x32__avx512f_broadcast,
                  xnn_f32_igemm_minmax_ukernel_1x32__avx512f_broadcast>();
  }
  if (__builtin_cpu_supports("fma")) {
    return Kernel<5, 16, xnn_f32_igemm_minmax_ukernel_5x16__fma3_broadcast_prfm,
                  xnn_f32_igemm_minmax_ukernel_1x16__fma3_broadcast>();
  }
  return Kernel<4, 8, xnn_f32_igemm_minmax_ukernel_4x8__sse_load1,
                xnn_f32_igemm_minmax_ukernel_1x8__sse_load1>();
#endif
}

}  // namespace insitu
