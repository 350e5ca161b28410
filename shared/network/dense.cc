#include "shared/network/dense.h"

#include <algorithm>
#include <limits>

#include "shared/limits.h"
#include "shared/network/dense_cut.h"
#include "shared/network/node_reader.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// What is known of a value: what it would be for one patch.
struct Extent {
  bool reaches = false;    // it is made of the image
  int64_t channels = 0;    // 0: not known yet
  int64_t size[2] = {};    // of a patch: rows, columns
  int64_t step = 1;        // pixels between its neighbours
  bool flattened = false;  // its channels and its places are one dimension, the channels outermost
};

bool IsBinary(std::string_view op) {
  return op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Sum";
}

class Rewriter {
 public:
  Rewriter(OnnxModel* model, const DenseRequest& request) : model_(model), request_(request) {}

  Result<DenseForm> Rewrite();

 private:
  std::string_view Text(NameId name) const { return model_->names.text(name); }
  NameId Fresh(std::string_view what) {
    return model_->names.Intern(StrCat("fully_convolutional.", what, ".", ++made_));
  }
  Extent& At(NameId name) {
    const auto at = static_cast<size_t>(name);
    while (extents_.size() <= at) extents_.push_back({});
    return extents_[at];
  }
  int Known(NameId name) {  // index of the initializer it is, or -1
    const auto at = static_cast<size_t>(name);
    return at < known_.size() ? known_[at] : -1;
  }
  void SetKnown(NameId name, int index) {
    while (known_.size() <= static_cast<size_t>(name)) known_.push_back(-1);
    known_[static_cast<size_t>(name)] = index;
  }
  const Tensor& Initializer(int index) const {
    return model_->initializers[static_cast<size_t>(index)].second;
  }
  NameId Keep(std::string_view what, Tensor tensor) {
    const NameId name = Fresh(what);
    SetKnown(name, static_cast<int>(model_->initializers.size()));
    model_->initializers.push_back({name, std::move(tensor)});
    return name;
  }
  void SetIntegers(OnnxNode* node, std::string_view name, std::span<const int64_t> values) {
    OnnxAttribute attribute;
    attribute.name = model_->names.Intern(name);
    attribute.tensor.type = DataType::kInt64;
    attribute.tensor.shape = {static_cast<int64_t>(values.size())};
    attribute.tensor.ints = List<int64_t>(values);
    node->attributes.push_back(std::move(attribute));
  }
  void Become(OnnxNode* node, std::string_view op, std::initializer_list<NameId> inputs) {
    node->op_type = model_->names.Intern(op);
    node->inputs = List<NameId>(inputs);
    node->attributes.clear();
  }

  void FindConstants();
  Status One(OnnxNode* node);
  Status Cut();
  Status Window(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status GlobalPool(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Flatten(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Dense(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to);
  Status Binary(OnnxNode* node, NodeReader* reader, Extent* to);
  Status Slice(NodeReader* reader, const Extent& from, Extent* to);
  Status Softmax(OnnxNode* node, NodeReader* reader, const Extent& from);
  Result<std::span<const int64_t>> Numbers(const NodeReader& reader, size_t index,
                                           std::span<const int64_t> otherwise);

  OnnxModel* model_;
  const DenseRequest request_;
  DenseCut cut_;
  OnnxNode* cut_node_ = nullptr;  // the window that steps
  bool picked_ = false;
  int made_ = 0;
  List<Extent> extents_;  // by NameId
  List<int> known_;       // by NameId
  bool outputs_logits_ = false;
};

// Initializers, constants, and what Casts make of them.
void Rewriter::FindConstants() {
  for (size_t i = 0; i < model_->initializers.size(); ++i) {
    SetKnown(model_->initializers[i].first, static_cast<int>(i));
  }
  for (OnnxNode& node : model_->nodes) {
    if (node.outputs.empty()) continue;
    NodeReader reader(node, *model_);
    if (reader.op_type() == "Constant") {
      const Tensor* value = reader.TensorValue("value");
      if (value == nullptr) continue;
      SetKnown(node.outputs[0], static_cast<int>(model_->initializers.size()));
      model_->initializers.push_back({node.outputs[0], *value});
    } else if (reader.op_type() == "Cast" && reader.HasInput(0)) {
      const int from = Known(node.inputs[0]);
      const bool stays = from >= 0 && Initializer(from).type == DataType::kFloat &&
                         reader.Integer("to", 0) == kOnnxFloat;
      if (stays) SetKnown(node.outputs[0], from);
    }
  }
  model_->nodes.remove_if([this](const OnnxNode& node) {
    return Text(node.op_type) == "Constant" && !node.outputs.empty() && Known(node.outputs[0]) >= 0;
  });
}

Status Rewriter::Window(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
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

Status Rewriter::GlobalPool(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
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
Status Rewriter::Flatten(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
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
Status Rewriter::Dense(OnnxNode* node, NodeReader* reader, const Extent& from, Extent* to) {
  const bool is_gemm = reader->op_type() == "Gemm";
  const int at = node->inputs.size() > 1 ? Known(node->inputs[1]) : -1;
  if (at < 0 || Initializer(at).shape.size() != 2 || !from.flattened) {
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

Status Rewriter::Binary(OnnxNode* node, NodeReader* reader, Extent* to) {
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

Result<std::span<const int64_t>> Rewriter::Numbers(const NodeReader& reader, size_t index,
                                                   std::span<const int64_t> otherwise) {
  if (!reader.HasInput(index)) return otherwise;
  const int known = Known(reader.node().inputs[index]);
  if (known < 0 || Initializer(known).type != DataType::kInt64) {
    return reader.Unsupported("computes its input % while running", index);
  }
  return std::span<const int64_t>(Initializer(known).ints);
}

// A crop by so much from either side: what it starts and ends at counts from the sides.
Status Rewriter::Slice(NodeReader* reader, const Extent& from, Extent* to) {
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
Status Rewriter::Softmax(OnnxNode* node, NodeReader* reader, const Extent& from) {
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

Status Rewriter::One(OnnxNode* node) {
  NodeReader reader(*node, *model_);
  if (!reader.HasInput(0) || !reader.HasOutput(0)) return reader.Unsupported("has no input");
  bool reaches = false;
  for (const NameId input : node->inputs) reaches = reaches || At(input).reaches;
  if (!reaches) return {};
  const Extent from = At(node->inputs[0]);
  Extent to = from;
  const std::string op(reader.op_type());
  Status status;
  if (op == "Conv" || op == "MaxPool" || op == "AveragePool") {
    status = Window(node, &reader, from, &to);
  } else if (op == "GlobalAveragePool" || op == "GlobalMaxPool" || op == "ReduceMean") {
    status = GlobalPool(node, &reader, from, &to);
  } else if (op == "Flatten" || op == "Reshape") {
    status = Flatten(node, &reader, from, &to);
  } else if (op == "Gemm" || op == "MatMul") {
    status = Dense(node, &reader, from, &to);
  } else if (op == "Softmax") {
    status = Softmax(node, &reader, from);
  } else if (op == "Slice") {
    status = Slice(&reader, from, &to);
  } else if (IsBinary(op)) {
    status = Binary(node, &reader, &to);
  } else if (!IsElementwise(op)) {
    status = reader.Unsupported("may look at where a patch ends");
  }
  RETURN_IF_ERROR(status);
  to.reaches = true;
  At(node->outputs[0]) = to;
  return {};
}

// Finds out whether there is a cut, and leaves the part that was asked for.
Status Rewriter::Cut() {
  List<bool> of_image;
  for (const Extent& extent : extents_) of_image.push_back(extent.reaches);
  OnnxNode* end = cut_node_ == nullptr ? nullptr : FindCutEnd(model_, cut_node_, of_image);
  if (end == nullptr) cut_ = {};
  if (request_.part == DensePart::kWhole) return {};
  if (end == nullptr) return Fail(ErrorCode::kModelUnsupported, "The passes share nothing.");
  if (request_.part == DensePart::kRest) {
    KeepSecondPart(model_, end, of_image);
    model_->inputs[0].shape = {1, cut_.channels, request_.height, request_.width};
    return {};
  }
  const NameId strides = model_->names.Intern("strides");
  cut_node_->attributes.remove_if(
      [strides](const OnnxAttribute& attribute) { return attribute.name == strides; });
  KeepFirstPart(model_, end, of_image);
  return {};
}

Result<DenseForm> Rewriter::Rewrite() {
  const auto refuse = [](const char* why) {
    return Fail(ErrorCode::kModelUnsupported, "The model cannot be run over an image at once: %.",
                why);
  };
  if (model_->inputs.size() != 1 || model_->outputs.size() != 1) {
    return refuse("it has more than one input or output");
  }
  OnnxValueInfo& image = model_->inputs[0];
  const bool is_rest = request_.part == DensePart::kRest;
  if (image.shape.size() != 4 || image.shape[1] < 1 || image.shape[2] < 1 || image.shape[3] < 1 ||
      (!is_rest && (image.shape[2] > request_.height || image.shape[3] > request_.width))) {
    return refuse("its input is no patch that fits into the image");
  }
  DenseForm form;
  form.height = static_cast<int>(image.shape[2]);
  form.width = static_cast<int>(image.shape[3]);
  Extent whole;
  whole.reaches = true;
  whole.channels = image.shape[1];
  whole.size[0] = image.shape[2];
  whole.size[1] = image.shape[3];
  At(static_cast<NameId>(model_->names.size()));  // room for all, so that references stay
  At(image.name) = whole;
  image.shape = {1, whole.channels, request_.height, request_.width};
  FindConstants();
  for (OnnxNode& node : model_->nodes) RETURN_IF_ERROR(One(&node));
  const Extent& end = At(model_->outputs[0].name);
  if (!end.reaches || end.size[0] * end.size[1] != 1) {
    return refuse("it ends in more than one number a label");
  }
  if (request_.pick > 1 && !picked_) return refuse("it has no layer that sees all of a patch");
  model_->outputs[0].shape = {};
  form.stride = static_cast<int>(end.step);
  form.outputs_logits = outputs_logits_;
  RETURN_IF_ERROR(Cut());
  form.cut = cut_;
  return form;
}

}  // namespace

Result<DenseForm> MakeFullyConvolutional(OnnxModel* model, const DenseRequest& request) {
  return Rewriter(model, request).Rewrite();
}

}  // namespace insitu
