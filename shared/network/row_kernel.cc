#include "shared/network/row_kernel.h"

#include "shared/vector.h"

namespace insitu {
namespace {

constexpr int64_t kLanes = 4;
constexpr int64_t kBlocks = 4;  // at a time
constexpr int64_t kVectors = kBlocks * kRowBlock / kLanes;

using V = VectorOf<kLanes>::Type;

}  // namespace

void MultiplyRow(const MatrixTile& tile) {
  const int64_t block_length = (1 + tile.taps * tile.tap_length) * kRowBlock;
  for (int64_t column = 0; column < tile.columns; column += kBlocks * kRowBlock) {
    const float* weights[kBlocks];  // where there are fewer blocks, the last one again
#pragma clang loop unroll(full)
    for (int64_t b = 0; b < kBlocks; ++b) {
      const int64_t block = std::min(column / kRowBlock + b, (tile.columns - 1) / kRowBlock);
      weights[b] = tile.weights + block * block_length;
    }
    V sum[kVectors];
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < kVectors; ++v) {
      sum[v] = At<kLanes>(weights[v / 2] + v % 2 * kLanes);
    }
    int64_t at = kRowBlock;
    for (int64_t tap = 0; tap < tile.taps; ++tap) {
      const float* input = tile.pointers[tap];
      if (input != tile.zeros) input += tile.input_offset;
      const float* end = input + tile.tap_length;
      for (; input != end; ++input, at += kRowBlock) {
        const V value = *input - V{};  // + would turn -0 to 0
#pragma clang loop unroll(full)
        for (int64_t v = 0; v < kVectors; ++v) {
          const V weight = At<kLanes>(weights[v / 2] + at + v % 2 * kLanes);
          MultiplyAdd(value, weight, &sum[v]);
        }
      }
    }
    float row[kBlocks * kRowBlock];
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < kVectors; ++v) {
      Bound(tile.clamp.low, tile.clamp.high, &sum[v]);
      At<kLanes>(row + v * kLanes) = sum[v];
    }
    std::copy_n(row, std::min(kBlocks * kRowBlock, tile.columns - column), tile.output + column);
  }
}

}  // namespace insitu
