// The sliding window that convolution and pooling nodes describe.
#pragma once

#include "shared/network/kernels.h"
#include "shared/network/node_reader.h"
#include "shared/result.h"

namespace insitu {

// Reads kernel_shape, strides, pads, dilations, auto_pad and ceil_mode of a node over an input of
// (N, C, W) or (N, C, H, W), and works out the output's size. weights_shape: of a convolution,
// (outputs, inputs, kernel…); empty for pooling, where kernel_shape is required.
Result<Window> ReadWindow(NodeReader* node, const Shape& input_shape, const Shape& weights_shape);

// Elements that the window spans in a direction, with those between its taps.
inline int64_t WindowExtent(const Window& window, int axis) {
  return (window.kernel[axis] - 1) * window.dilation[axis] + 1;
}

// The shape of an output with that many channels.
Shape WindowedShape(const Shape& input_shape, int64_t channels, const Window& window);

}  // namespace insitu
