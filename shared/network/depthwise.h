// Convolution of each channel by itself, channels last.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// A vector's; fewer are left to the kernels of any convolution.
inline constexpr int64_t kMinDepthwiseChannels = 4;

// spec: with group_inputs and group_outputs of 1, and at least kMinDepthwiseChannels groups. As
// MakeConvolution.
Result<std::unique_ptr<Operation>> MakeDepthwise(const ConvolutionSpec& spec);

}  // namespace insitu
