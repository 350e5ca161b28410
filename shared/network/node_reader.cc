#include "shared/network/node_reader.h"

#include <algorithm>

#include "shared/str_cat.h"

namespace insitu {

const OnnxAttribute* NodeReader::Find(std::string_view name) {
  understood_.push_back(name);
  for (const OnnxAttribute& attribute : node_.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

bool NodeReader::HasAttribute(std::string_view name) { return Find(name) != nullptr; }

int64_t NodeReader::Integer(std::string_view name, int64_t fallback) {
  const OnnxAttribute* attribute = Find(name);
  // proto3 leaves a zero out, so an attribute that is there without a number means 0.
  return attribute == nullptr ? fallback : attribute->integer.value_or(0);
}

float NodeReader::Number(std::string_view name, float fallback) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? fallback : attribute->number.value_or(0);
}

std::string NodeReader::Text(std::string_view name, std::string_view fallback) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? std::string(fallback) : attribute->text.value_or("");
}

std::vector<int64_t> NodeReader::Integers(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? std::vector<int64_t>() : attribute->integers;
}

std::vector<float> NodeReader::Numbers(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? std::vector<float>() : attribute->numbers;
}

const Tensor* NodeReader::TensorValue(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr || !attribute->tensor ? nullptr : &*attribute->tensor;
}

std::string NodeReader::Where() const {
  std::string_view name = node_.name;
  if (name.empty() && !node_.outputs.empty()) name = model_.names.text(node_.outputs[0]);
  return StrCat(node_.op_type, " '", name, "'");
}

Failed NodeReader::Describe(ErrorCode code, std::initializer_list<TextPart> what) const {
  const std::string_view so = code == ErrorCode::kModelCorrupt ? "The model contradicts itself: "
                                                               : "The model cannot be run: ";
  return Fail(code, so, Where(), " ", Join(what), ".");
}

Status NodeReader::CheckAllUnderstood() const {
  for (const OnnxAttribute& attribute : node_.attributes) {
    if (std::find(understood_.begin(), understood_.end(), attribute.name) == understood_.end()) {
      return Unsupported("has the attribute '", attribute.name, "', which is not supported");
    }
  }
  return {};
}

}  // namespace insitu
