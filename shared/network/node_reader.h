// One node of the graph as its lowering sees it. Every attribute a lowering understands is asked
// for by name; what is left over at the end is reported, so that nothing in a model is silently
// ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/network/onnx.h"
#include "shared/result.h"
#include "shared/str_cat.h"

namespace insitu {

class NodeReader {
 public:
  NodeReader(const OnnxNode& node, const OnnxModel& model) : node_(node), model_(model) {}

  const OnnxNode& node() const { return node_; }
  std::string_view op_type() const { return model_.names.text(node_.op_type); }
  int64_t opset() const { return model_.opset; }

  bool HasInput(size_t index) const {
    return index < node_.inputs.size() && node_.inputs[index] != kNoName;
  }
  bool HasOutput(size_t index) const {
    return index < node_.outputs.size() && node_.outputs[index] != kNoName;
  }
  std::string_view InputName(size_t index) const { return model_.names.text(node_.inputs[index]); }
  NameId Output() const { return node_.outputs[0]; }  // a node that is lowered has one

  // Each marks the attribute as understood. The plain forms return the fallback where it is absent;
  // lists and texts are the model's own.
  bool HasAttribute(std::string_view name);
  int64_t Integer(std::string_view name, int64_t fallback);
  float Number(std::string_view name, float fallback);
  std::string_view Text(std::string_view name, std::string_view fallback);
  std::span<const int64_t> Integers(std::string_view name);
  std::span<const float> Numbers(std::string_view name);
  const Tensor* TensorValue(std::string_view name);

  // "Conv 'layer1.0.conv1'"
  std::string Where() const;

  // kModelUnsupported: "The model cannot be run: Conv 'x' <filled pattern>."
  template <typename... Parts>
  [[gnu::always_inline]] inline Failed Unsupported(const char* pattern,
                                                   const Parts&... parts) const {
    return WithParts([this](const char* p, const TextPart* array,
                            size_t count) { return RefuseWith(p, array, count); },
                     pattern, parts...);
  }
  // kModelCorrupt: "The model contradicts itself: Conv 'x' <filled pattern>."
  template <typename... Parts>
  [[gnu::always_inline]] inline Failed Invalid(const char* pattern, const Parts&... parts) const {
    return WithParts([this](const char* p, const TextPart* array,
                            size_t count) { return ContradictWith(p, array, count); },
                     pattern, parts...);
  }

  // Fails when an attribute is left that no lowering asked for.
  Status CheckAllUnderstood() const;

 private:
  const OnnxAttribute* Find(std::string_view name);
  Failed RefuseWith(const char* pattern, const TextPart* parts, size_t count) const;
  Failed ContradictWith(const char* pattern, const TextPart* parts, size_t count) const;

  const OnnxNode& node_;
  const OnnxModel& model_;
  uint64_t understood_ = 0;  // a bit an attribute; no operator has as many
};

}  // namespace insitu
