#include "shared/network/row_kernel.h"

#include <algorithm>
#include <bit>

#include "shared/vector.h"

namespace insitu {
namespace {

constexpr int64_t kLanes = 4;
constexpr int64_t kBlocks = 4;  // at a time
constexpr int64_t kVectors = kBlocks * kRowBlock / kLanes;
static_assert(kBfloatBlock == kVectors * kLanes);

constexpr uint32_t kUpperHalf = 0xffff0000;

using V = VectorOf<kLanes>::Type;
using Words = uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t))));

// Eight vectors of sums, bounded, to some of the columns of a row.
inline __attribute__((always_inline)) void Store(V* sum, const MatrixTile& tile, int64_t column) {
  float row[kVectors * kLanes];
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < kVectors; ++v) {
    Bound(tile.clamp.low, tile.clamp.high, &sum[v]);
    At<kLanes>(row + v * kLanes) = sum[v];
  }
  std::copy_n(row, std::min(kVectors * kLanes, tile.columns - column), tile.output + column);
}

// Where a tap leads to.
const float* Input(const MatrixTile& tile, int64_t tap) {
  const float* input = tile.pointers[tap];
  return input == tile.zeros ? input : input + tile.input_offset;
}

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
      const float* input = Input(tile, tap);
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
    Store(sum, tile, column);
  }
}

void MultiplyBfloatRow(const MatrixTile& tile) {
  // Were it a constant, V8 would make the vector anew at each use, by three instructions.
  const Words upper = *Unknown(&kUpperHalf) - Words{};
  const float* weights = tile.weights;
  for (int64_t column = 0; column < tile.columns; column += kBfloatBlock) {
    V sum[kVectors];
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < kVectors; ++v) sum[v] = At<kLanes>(weights + v * kLanes);
    weights += kBfloatBlock;
    for (int64_t tap = 0; tap < tile.taps; ++tap) {
      const float* input = Input(tile, tap);
      const float* end = input + tile.tap_length;
      for (; input != end; ++input, weights += kBfloatBlock / 2) {
        const V value = *input - V{};
#pragma clang loop unroll(full)
        for (int64_t v = 0; v < kVectors / 2; ++v) {
          const auto both = std::bit_cast<Words>(V(At<kLanes>(weights + v * kLanes)));
          MultiplyAdd(value, std::bit_cast<V>(both << 16), &sum[v]);
          MultiplyAdd(value, std::bit_cast<V>(both & upper), &sum[kVectors / 2 + v]);
        }
      }
    }
    Store(sum, tile, column);
  }
}

}  // namespace insitu
