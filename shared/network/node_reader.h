// One node of the graph as its lowering sees it. Every attribute a lowering understands is asked for
// by name; what is left over at the end is reported, so that nothing in a model is silently ignored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/network/onnx.h"
#include "shared/result.h"

namespace insitu {

class NodeReader {
 public:
  NodeReader(const OnnxNode& node, int64_t opset) : node_(node), opset_(opset) {}

  const OnnxNode& node() const { return node_; }
  int64_t opset() const { return opset_; }

  bool HasInput(size_t index) const {
    return index < node_.inputs.size() && !node_.inputs[index].empty();
  }
  bool HasOutput(size_t index) const {
    return index < node_.outputs.size() && !node_.outputs[index].empty();
  }

  // Each marks the attribute as understood. The plain forms return the fallback where it is absent.
  bool HasAttribute(std::string_view name);
  int64_t Integer(std::string_view name, int64_t fallback);
  float Number(std::string_view name, float fallback);
  std::string Text(std::string_view name, std::string_view fallback);
  std::vector<int64_t> Integers(std::string_view name);
  std::vector<float> Numbers(std::string_view name);
  const Tensor* TensorValue(std::string_view name);

  // "Conv 'layer1.0.conv1'"
  std::string Where() const;

  // kModelUnsupported: "The model cannot be run: Conv 'x' <what>."
  Error Unsupported(std::string_view what) const;
  // kModelCorrupt: "The model contradicts itself: Conv 'x' <what>."
  Error Invalid(std::string_view what) const;

  // Fails when an attribute is left that no lowering asked for.
  Status CheckAllUnderstood() const;

 private:
  const OnnxAttribute* Find(std::string_view name);

  const OnnxNode& node_;
  int64_t opset_;
  std::vector<std::string_view> understood_;
};

}  // namespace insitu
