// One node of the graph as its lowering sees it. Every attribute a lowering understands is asked
// for by name; what is left over at the end is reported, so that nothing in a model is silently
// ignored.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "shared/network/onnx.h"
#include "shared/result.h"
#include "shared/str_cat.h"

namespace insitu {

class NodeReader {
 public:
  NodeReader(const OnnxNode& node, const OnnxModel& model) : node_(node), model_(model) {}

  const OnnxNode& node() const { return node_; }
  int64_t opset() const { return model_.opset; }

  bool HasInput(size_t index) const {
    return index < node_.inputs.size() && node_.inputs[index] != kNoName;
  }
  bool HasOutput(size_t index) const {
    return index < node_.outputs.size() && node_.outputs[index] != kNoName;
  }
  const std::string& InputName(size_t index) const {
    return model_.names.text(node_.inputs[index]);
  }
  NameId Output() const { return node_.outputs[0]; }  // a node that is lowered has one

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
  template <typename... Parts>
  [[gnu::always_inline]] inline Failed Unsupported(const Parts&... what) const {
    return Describe(ErrorCode::kModelUnsupported, {TextPart(what)...});
  }
  // kModelCorrupt: "The model contradicts itself: Conv 'x' <what>."
  template <typename... Parts>
  [[gnu::always_inline]] inline Failed Invalid(const Parts&... what) const {
    return Describe(ErrorCode::kModelCorrupt, {TextPart(what)...});
  }

  // Fails when an attribute is left that no lowering asked for.
  Status CheckAllUnderstood() const;

 private:
  const OnnxAttribute* Find(std::string_view name);
  Failed Describe(ErrorCode code, std::initializer_list<TextPart> what) const;

  const OnnxNode& node_;
  const OnnxModel& model_;
  std::vector<std::string_view> understood_;
};

}  // namespace insitu
