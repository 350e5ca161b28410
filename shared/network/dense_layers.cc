// What becomes of each kind of layer when a graph is made fully convolutional.
#include <algorithm>
#include <limits>

#include "shared/limits.h"
#include "shared/network/dense_rewriter.h"

namespace insitu {

Status DenseRewriter::Window(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
  const bool convolves = reader->op_type() == "Conv";
  if (from.flattened) return reader->Unsupported("has no rows and columns to go over");
  const std::string_view padding = reader->Text("auto_pad", "NOTSET");
  if (padding != "NOTSET" && padding != "VALID") return reader->Unsupported("pads");
  for (const int64_t pad : reader->Integers("pads")) {
    if (pad != 0) return reader->Unsupported("pads");
  }
  if (reader->Integer("ceil_mode", 0) != 0) return reader->Unsupported("has ceil_mode");
  std::span<const int64_t> kernel = reader->Integers("kernel_shape");
  if (convolves) {
    const int weights = node->inputs.size() > 1 ? Known(node->inputs[1]) : -1;
    if (weights < 0 || Initializer(weights).shape.size() != 4) {
      return reader->Unsupported("has weights that are not constant");
    }
    kernel = Initializer(weights).shape.part(2);
    to->channels = Initializer(weights).shape[0];
  }
  const auto strides = reader->Integers("strides");
  const auto dilations = reader->Integers("dilations");
  if (kernel.size() != 2) return reader->Unsupported("has no window of rows and columns");
  if (strides.size() == 2 && strides[0] != strides[1]) {
    return reader->Unsupported("steps differently across and down");
  }
  const int64_t stride = strides.empty() ? 1 : strides[0];
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t dilation = dilations.size() == 2 ? dilations[axis] : 1;
    const bool sane = stride >= 1 && stride <= kMaxWindow && dilation >= 1 &&
                      dilation <= kMaxWindow && kernel[axis] >= 1 && kernel[axis] <= kMaxWindow;
    const int64_t reach = sane ? (kernel[axis] - 1) * dilation + 1 : 0;
    if (reach < 1 || reach > from.size[axis]) {
      return reader->Unsupported("has a window larger than the patch");
    }
    to->size[axis] = (from.size[axis] - reach) / stride + 1;
  }
  to->step = from.step * stride;
  if (to->step > kMaxWindow) return reader->Unsupported("steps too far");
  if (request_.stride > 0 && cut_node_ == nullptr && request_.stride % to->step != 0) {
    cut_node_ = node;
    cut_.step = static_cast<int>(from.step);
    cut_.stride = static_cast<int>(stride);
    cut_.channels = static_cast<int>(to->channels);
    cut_.rest_height = static_cast<int>(to->size[0]);
    cut_.rest_width = static_cast<int>(to->size[1]);
    const auto places = [&](size_t axis) {
      const int64_t dilation = dilations.size() == 2 ? dilations[axis] : 1;
      return static_cast<int>(from.size[axis] - (kernel[axis] - 1) * dilation);
    };
    cut_.height = places(0);
    cut_.width = places(1);
  }
  return {};
}

Status DenseRewriter::GlobalPool(OnnxNode* node, NodeReader* reader, const Extent& from,
                                 Extent* to) {
  bool is_flat = from.flattened;
  const bool is_mean = reader->op_type() == "ReduceMean";
  if (is_mean) {
    static constexpr int64_t kSpatial[] = {2, 3};
    auto axes = reader->Integers("axes");
    if (reader->HasInput(1)) {
      ASSIGN_OR_RETURN(axes, Numbers(*reader, 1, {}));
    }
    is_flat = is_flat || axes.size() != 2;
    for (size_t i = 0; i < axes.size() && i < 2; ++i) {
      is_flat = is_flat || (axes[i] != kSpatial[i] && axes[i] != kSpatial[i] - 4);
    }
    if (is_flat) return reader->Unsupported("is no mean over rows and columns");
    to->flattened = reader->Integer("keepdims", 1) == 0;
  }
  if (is_flat) return reader->Unsupported("has no rows and columns to go over");
  const bool is_max = reader->op_type() == "GlobalMaxPool";
  Become(node, is_max ? "MaxPool" : "AveragePool", {node->inputs[0]});
  SetIntegers(node, "kernel_shape", from.size);
  if (!picked_ && request_.pick > 1) {
    SetIntegers(node, "strides", List<int64_t>(2, request_.pick));
    picked_ = true;
  }
  to->size[0] = to->size[1] = 1;
  return {};
}

// The places stay where they are; the dense layer that follows takes them in.
Status DenseRewriter::Flatten(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
  if (reader->op_type() == "Flatten") {
    if (reader->Integer("axis", 1) != 1) return reader->Unsupported("leaves no item apart");
  } else {  // Reshape to (0 or 1 or -1, features)
    ASSIGN_OR_RETURN(const auto shape, Numbers(*reader, 1, {}));
    const int64_t features = from.channels * from.size[0] * from.size[1];
    const bool flattens = shape.size() == 2 && shape[0] >= -1 && shape[0] <= 1 &&
                          (shape[1] == features || (shape[1] == -1 && shape[0] >= 0)) &&
                          reader->Integer("allowzero", 0) == 0;
    if (!flattens) return reader->Unsupported("is no flatten");
  }
  to->flattened = true;
  Become(node, "Identity", {node->inputs[0]});
  return {};
}

// Gemm or MatMul of what a flatten gave -> Conv over what was flattened.
Status DenseRewriter::Dense(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
  const bool is_gemm = reader->op_type() == "Gemm";
  const int at = node->inputs.size() > 1 ? Known(node->inputs[1]) : -1;
  if (at < 0 || Initializer(at).type != DataType::kFloat || Initializer(at).shape.size() != 2 ||
      !from.flattened) {
    return reader->Unsupported("is no dense layer with constant weights");
  }
  if (reader->Number("alpha", 1) != 1 || reader->Number("beta", 1) != 1 ||
      reader->Integer("transA", 0) != 0) {
    return reader->Unsupported("is scaled or transposed");
  }
  const Tensor& given = Initializer(at);
  const bool transposed = is_gemm && reader->Integer("transB", 0) != 0;
  const int64_t outputs = given.shape[transposed ? 0 : 1];
  const int64_t inputs = given.shape[transposed ? 1 : 0];
  if (inputs != from.channels * from.size[0] * from.size[1]) {
    return reader->Invalid("takes % numbers, not the % that it is given", inputs,
                           from.channels * from.size[0] * from.size[1]);
  }
  Tensor weights{DataType::kFloat, {outputs, from.channels, from.size[0], from.size[1]}, {}, {}};
  weights.floats = given.floats;
  for (int64_t o = 0; o < outputs && !transposed; ++o) {
    for (int64_t i = 0; i < inputs; ++i) {
      weights.floats[static_cast<size_t>(o * inputs + i)] =
          given.floats[static_cast<size_t>(i * outputs + o)];
    }
  }
  NameId bias = kNoName;
  if (is_gemm && reader->HasInput(2)) {
    const int known = Known(node->inputs[2]);
    if (known < 0 || Initializer(known).floats.size() != static_cast<size_t>(outputs)) {
      return reader->Unsupported("has a bias that is not one number an output");
    }
    Tensor values{DataType::kFloat, {outputs}, Initializer(known).floats, {}};
    bias = Keep("bias", std::move(values));
  }
  const NameId kernel = Keep("weights", std::move(weights));
  if (bias == kNoName) {
    Become(node, "Conv", {node->inputs[0], kernel});
  } else {
    Become(node, "Conv", {node->inputs[0], kernel, bias});
  }
  if (!picked_ && request_.pick > 1) {
    SetIntegers(node, "strides", List<int64_t>(2, request_.pick));
    picked_ = true;
  }
  to->channels = outputs;
  to->size[0] = to->size[1] = 1;
  return {};
}

Status DenseRewriter::Binary(OnnxNode* node, NodeReader* reader, Extent* to) {
  const Extent* first = nullptr;
  for (NameId& input : node->inputs) {
    if (Known(input) >= 0) continue;
    const Extent& extent = At(input);
    if (first == nullptr) {
      first = &extent;
    } else if (extent.size[0] != first->size[0] || extent.size[1] != first->size[1] ||
               extent.step != first->step || extent.flattened != first->flattened ||
               extent.channels != first->channels) {
      return reader->Unsupported("combines values of different places");
    }
  }
  if (first == nullptr) return {};
  *to = *first;
  for (NameId& input : node->inputs) {
    const int known = Known(input);
    if (known < 0) continue;
    const Tensor& value = Initializer(known);
    const auto channels = static_cast<size_t>(to->channels);
    const size_t rank = value.shape.size();
    // As the last dimension of a flattened value, or as the channels of any other.
    const bool each = value.floats.size() == channels &&
                      (to->flattened ? rank >= 1 && value.shape.back() == to->channels
                                     : rank >= 3 && value.shape[rank - 3] == to->channels);
    if (value.type != DataType::kFloat || (value.floats.size() != 1 && !each) ||
        (each && to->flattened && to->size[0] * to->size[1] != 1)) {
      return reader->Unsupported("combines with what is not alike everywhere");
    }
    if (value.floats.size() == 1) continue;
    Tensor aligned{DataType::kFloat, {1, to->channels, 1, 1}, value.floats, {}};
    input = Keep("operand", std::move(aligned));
  }
  return {};
}

Result<std::span<const int64_t>> DenseRewriter::Numbers(const NodeReader& reader, size_t index,
                                                        std::span<const int64_t> otherwise) {
  if (!reader.HasInput(index)) return otherwise;
  const int known = Known(reader.node().inputs[index]);
  if (known < 0 || Initializer(known).type != DataType::kInt64) {
    return reader.Unsupported("computes its input % while running", index);
  }
  return std::span<const int64_t>(Initializer(known).ints);
}

// A crop by so much from either side: what it starts and ends at counts from the sides.
Status DenseRewriter::Slice(NodeReader* reader, const Extent& from, Extent* to) {
  ASSIGN_OR_RETURN(const auto starts, Numbers(*reader, 1, reader->Integers("starts")));
  ASSIGN_OR_RETURN(const auto ends, Numbers(*reader, 2, reader->Integers("ends")));
  ASSIGN_OR_RETURN(const auto axes, Numbers(*reader, 3, reader->Integers("axes")));
  ASSIGN_OR_RETURN(const auto steps, Numbers(*reader, 4, {}));
  if (from.flattened || axes.size() != starts.size() || ends.size() != starts.size()) {
    return reader->Unsupported("is no crop of rows and columns");
  }
  constexpr int64_t kToTheEnd = std::numeric_limits<int32_t>::max();
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + 2 : axes[i] - 2;
    const bool crops = (axis == 0 || axis == 1) && starts[i] >= 0 &&
                       (ends[i] < 0 || ends[i] >= kToTheEnd) &&
                       (steps.size() <= i || steps[i] == 1);
    if (!crops) return reader->Unsupported("is no crop of rows and columns by their sides");
    int64_t& size = to->size[axis];
    const int64_t end = std::min<int64_t>(ends[i], 0);
    if (starts[i] >= size || end <= -size || starts[i] - end >= size) {
      return reader->Invalid("leaves nothing");
    }
    size -= starts[i] - end;
  }
  return {};
}

// Only the last one, which is left to who reads the outputs: what its axis means for more than two
// dimensions changed with ONNX's versions.
Status DenseRewriter::Softmax(OnnxNode* node, NodeReader* reader, const Extent& from) {
  const int64_t axis = reader->Integer("axis", reader->opset() < 13 ? 1 : -1);
  const bool of_labels =
      from.size[0] * from.size[1] == 1 && (axis == 1 || (from.flattened && axis == -1));
  if (!of_labels || node->outputs[0] != model_->outputs[0].name) {
    return reader->Unsupported("is not the last step");
  }
  Become(node, "Identity", {node->inputs[0]});
  outputs_logits_ = true;
  return {};
}

}  // namespace insitu
