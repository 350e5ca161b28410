// Convolution of each channel by itself, channels last.
#pragma once

#include "shared/list.h"
#include "shared/network/convolution.h"

namespace insitu {

// A vector's; fewer are left to the kernels of any convolution.
inline constexpr int64_t kMinDepthwiseChannels = 4;

struct Depthwise {
  Window window;
  int64_t items = 1;
  int64_t channels = 1;
  List<float> weights;  // (kernel h, kernel w, channels)
  List<float> bias;     // (channels)
  Clamp clamp;

  void Run(const float* const* inputs, float* output) const;
};

// spec: with group_inputs and group_outputs of 1, and at least kMinDepthwiseChannels groups
Depthwise MakeDepthwise(const ConvolutionSpec& spec);

}  // namespace insitu
