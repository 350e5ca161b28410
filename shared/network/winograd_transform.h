// The transforms of Winograd's minimal filtering (Lavin & Gray, CVPR 2016, "Fast algorithms for
// convolutional neural networks"; Toom-Cook's interpolation behind it) along one axis:
//
//   m outputs of a filter of r taps = A' ((G taps) * (B' inputs)), n = m + r - 1 inputs and
//   products
//
// at the points 0, 1, -1, 1/2, -2, 2, of which the first n - 1 are taken, and infinity. A filter of
// fewer taps takes fewer of the points, so its products can be added to those of a longer one
// before A' is applied to both. 1/2 and -2 instead of 2 and -2 halve the rounding error of n = 6;
// all coefficients are exact in float.
#pragma once

#include <cstdint>

#include "shared/network/kernels.h"

namespace insitu {

inline constexpr int64_t kMinWinogradOutputs = 3;  // of a tile
inline constexpr int64_t kMaxWinogradOutputs = 5;
inline constexpr int64_t kMinWinogradPoints = 4;
inline constexpr int64_t kMaxWinogradPoints = 7;
inline constexpr int64_t kMinWinogradChannels = 4;
inline constexpr int64_t kMaxTransformedWeights = int64_t{16} << 20;  // floats, of a layer

// One line of a tile: to[i][c] = sum over j of matrix[i, j] * from[j][c] for all channels. Nothing
// of `to` overlaps `from`.
struct WinogradLine {
  int64_t points;  // kMinWinogradPoints to kMaxWinogradPoints
  const float* const* from;
  float* const* to;
  int64_t channels;  // kMinWinogradChannels at least
  // Of TransformOutput alone:
  int64_t outputs = 0;  // kMinWinogradOutputs to kMaxWinogradOutputs
  const Clamp* clamp = nullptr;
};

// By B', of so many points, and by A'.
void TransformInput(const WinogradLine& line);
void TransformOutput(const WinogradLine& line);

// G for so many points and outputs.
double WinogradWeight(int64_t points, int64_t outputs, int64_t point, int64_t tap);

}  // namespace insitu
