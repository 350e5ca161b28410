#include "shared/network/window.h"

#include "shared/divide_up.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// Attributes of a window as ONNX lists them: one number for each spatial dimension, or none.
struct WindowAttributes {
  Shape kernel, strides, dilations, pads_begin, pads_end;
  std::string_view auto_pad;
  bool ceil_mode = false;
};

// The numbers that the attribute lists, or as many ones or zeros; none if it lists another count.
Shape Listed(NodeReader* node, std::string_view name, size_t count, int64_t otherwise) {
  const std::span<const int64_t> numbers = node->Integers(name);
  if (numbers.empty()) return Shape(count, otherwise);
  return numbers.size() == count ? Shape(numbers) : Shape();
}

// The padding that makes the output ceil(input / stride) long; an odd rest goes to the end
// (SAME_UPPER) or to the beginning (SAME_LOWER).
void PadSame(Window* window, int axis, bool lower) {
  const int64_t extent = WindowExtent(*window, axis);
  const int64_t outputs = DivideUp(window->input[axis], window->stride[axis]);
  const int64_t total =
      std::max<int64_t>(0, (outputs - 1) * window->stride[axis] + extent - window->input[axis]);
  const int64_t smaller = total / 2;
  window->pad_begin[axis] = lower ? total - smaller : smaller;
  window->pad_end[axis] = lower ? smaller : total - smaller;
}

Status SizeOutput(const NodeReader& node, Window* window, int axis, bool ceil_mode) {
  const int64_t extent = WindowExtent(*window, axis);
  const int64_t padded = window->input[axis] + window->pad_begin[axis] + window->pad_end[axis];
  const int64_t stride = window->stride[axis];
  if (padded < extent) {
    return node.Invalid("has a window of % over an input of %", extent, padded);
  }
  int64_t outputs = (padded - extent + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // A last window that would start beyond the input, in the padding after it, is dropped.
  if (ceil_mode && (outputs - 1) * stride >= window->input[axis] + window->pad_begin[axis])
    --outputs;
  window->output[axis] = outputs;
  return {};
}

Result<WindowAttributes> ReadAttributes(NodeReader* node, size_t rank, const Shape& weights_shape) {
  WindowAttributes read;
  read.kernel = Listed(node, "kernel_shape", rank, 0);
  if (!weights_shape.empty()) {
    const Shape of_weights(weights_shape.part(2));
    if (read.kernel != Shape(rank) && read.kernel != of_weights) {
      return node->Invalid("has a kernel_shape that is not its weights'");
    }
    read.kernel = of_weights;
  }
  read.strides = Listed(node, "strides", rank, 1);
  read.dilations = Listed(node, "dilations", rank, 1);
  read.auto_pad = node->Text("auto_pad", "NOTSET");
  const Shape pads = Listed(node, "pads", 2 * rank, 0);
  read.ceil_mode = weights_shape.empty() && node->Integer("ceil_mode", 0) != 0;
  if (read.kernel.empty() || read.strides.empty() || read.dilations.empty() || pads.empty()) {
    return node->Invalid("has a window of another rank than its input");
  }
  read.pads_begin = read.pads_end = Shape(rank);
  for (size_t i = 0; i < rank; ++i) {
    for (int64_t v : {read.kernel[i], read.strides[i], read.dilations[i]}) {
      if (v < 1 || v > kMaxWindow) return node->Invalid("has % in its window", v);
    }
    if (read.auto_pad != "NOTSET") continue;
    read.pads_begin[i] = pads[i];
    read.pads_end[i] = pads[i + rank];
    for (int64_t v : {pads[i], pads[i + rank]}) {
      if (v < 0 || v > kMaxWindow) return node->Unsupported("pads by %", v);
    }
  }
  return read;
}

}  // namespace

Result<Window> ReadWindow(NodeReader* node, const Shape& input_shape, const Shape& weights_shape) {
  if (input_shape.size() != 3 && input_shape.size() != 4) {
    return node->Unsupported("has an input of % dimensions; 3 and 4 are supported",
                             input_shape.size());
  }
  const size_t rank = input_shape.size() - 2;
  ASSIGN_OR_RETURN(const WindowAttributes read, ReadAttributes(node, rank, weights_shape));
  Window window;
  for (size_t i = 0; i < rank; ++i) {
    const int axis = rank == 1 ? 1 : static_cast<int>(i);  // (N, C, W) is an image of one row
    window.input[axis] = input_shape[i + 2];
    window.kernel[axis] = read.kernel[i];
    window.stride[axis] = read.strides[i];
    window.dilation[axis] = read.dilations[i];
    window.pad_begin[axis] = read.pads_begin[i];
    window.pad_end[axis] = read.pads_end[i];
    if (read.auto_pad == "SAME_UPPER" || read.auto_pad == "SAME_LOWER") {
      PadSame(&window, axis, read.auto_pad == "SAME_LOWER");
    } else if (read.auto_pad != "NOTSET" && read.auto_pad != "VALID") {
      return node->Unsupported("has auto_pad %", read.auto_pad);
    }
    RETURN_IF_ERROR(SizeOutput(*node, &window, axis, read.ceil_mode));
  }
  return window;
}

Shape WindowedShape(const Shape& input_shape, int64_t channels, const Window& window) {
  Shape shape = {input_shape[0], channels};
  if (input_shape.size() == 4) shape.push_back(window.output[0]);
  shape.push_back(window.output[1]);
  return shape;
}

}  // namespace insitu
