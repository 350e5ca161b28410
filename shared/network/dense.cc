#include "shared/network/dense.h"

#include "shared/network/dense_cut.h"
#include "shared/network/dense_rewriter.h"

namespace insitu {
namespace {

bool IsBinary(std::string_view op) {
  return op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Sum";
}

}  // namespace

// Initializers, constants, and what Casts make of them.
void DenseRewriter::FindConstants() {
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

Status DenseRewriter::One(OnnxNode* node) {
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
Status DenseRewriter::Cut() {
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

Result<DenseForm> DenseRewriter::Rewrite() {
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

Result<DenseForm> MakeFullyConvolutional(OnnxModel* model, const DenseRequest& request) {
  return DenseRewriter(model, request).Rewrite();
}

}  // namespace insitu
