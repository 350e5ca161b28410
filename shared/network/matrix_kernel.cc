#include "shared/network/matrix_kernel.h"

#include <xnnpack/igemm.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "shared/divide_up.h"
#include "shared/network/row_kernel.h"

namespace insitu {
namespace {

constexpr int64_t kWeightAlignment = 16;  // floats: the longest vector of any kernel

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

template <int64_t kRows, int64_t kBlock, Function kFunction>
constexpr MatrixKernel Kernel(MatrixKernel::Multiply multiply_row) {
  static_assert(kRows <= kMaxMatrixRows);
  return {kRows, kBlock, Multiply<kRows, kBlock, kFunction>, multiply_row};
}

// The word with a weight, of which only the upper half is not zero, put into the half of it that is
// asked for and is still zero.
float WithBfloat(float word, float weight, bool upper) {
  const auto bits = std::bit_cast<uint32_t>(weight);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(word) | (upper ? bits : bits >> 16));
}

}  // namespace

MatrixKernel BfloatKernel() { return {1, kBfloatBlock, MultiplyBfloatRow, MultiplyBfloatRow, 2}; }

MatrixKernel ChooseMatrixKernel() {
#if defined(__wasm_relaxed_simd__)
  return Kernel<4, kRowBlock, xnn_f32_igemm_minmax_ukernel_4x8__wasmrelaxedsimd_fma_loadsplat>(
      MultiplyRow);
#elif defined(__wasm__)
  return Kernel<4, kRowBlock, xnn_f32_igemm_minmax_ukernel_4x8__wasmsimd_arm_loadsplat>(
      MultiplyRow);
#else
  if (__builtin_cpu_supports("avx512f")) {
    return Kernel<7, 32, xnn_f32_igemm_minmax_ukernel_7x32__avx512f_broadcast>(
        Multiply<1, 32, xnn_f32_igemm_minmax_ukernel_1x32__avx512f_broadcast>);
  }
  if (__builtin_cpu_supports("fma")) {
    return Kernel<5, 16, xnn_f32_igemm_minmax_ukernel_5x16__fma3_broadcast_prfm>(
        Multiply<1, 16, xnn_f32_igemm_minmax_ukernel_1x16__fma3_broadcast>);
  }
  return Kernel<4, kRowBlock, xnn_f32_igemm_minmax_ukernel_4x8__sse_load1>(MultiplyRow);
#endif
}

bool WeightView::AreBfloats(int64_t count) const {
  if (halves == nullptr) return false;
  for (int64_t i = 0; i < count; ++i) {
    const float weight = FloatFromHalf(HalfAt(halves + 2 * i));
    if ((std::bit_cast<uint32_t>(weight) & 0xffff) != 0) return false;
  }
  return true;
}

PackedWeights::PackedWeights(const MatrixKernel& kernel, int64_t matrices, int64_t columns,
                             int64_t depth)
    : block_(kernel.columns),
      per_word_(kernel.per_word),
      columns_(columns),
      block_length_(block_ + depth * (block_ / per_word_)),
      size_(DivideUp(columns, block_) * block_length_),
      memory_(static_cast<size_t>(matrices * size_ + kWeightAlignment)) {
  void* aligned = memory_.data();
  size_t room = memory_.size() * sizeof(float);
  std::align(kWeightAlignment * sizeof(float), sizeof(float), aligned, room);
  aligned_ = static_cast<float*>(aligned);
}

void PackedWeights::Pack(int64_t matrix, const WeightView& weights, int64_t first,
                         const float* bias) {
  const int64_t words = block_ / per_word_;
  for (int64_t column = 0; column < columns_; ++column) {
    float* block = aligned_ + matrix * size_ + column / block_ * block_length_;
    const int64_t output = first + column;
    const int64_t in_block = column % block_;
    if (bias != nullptr) block[in_block] = bias[output];
    float* packed = block + block_ + in_block % words;
    for (int64_t tap = 0; tap < weights.taps; ++tap) {
      for (int64_t c = 0; c < weights.channels; ++c, packed += words) {
        const float weight = weights.At(output, tap, c);
        *packed = per_word_ == 1 ? weight : WithBfloat(*packed, weight, in_block >= words);
      }
    }
  }
}

}  // namespace insitu
