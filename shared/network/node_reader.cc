#include "shared/network/node_reader.h"

#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kMaxUnderstood = 64;

}  // namespace

const OnnxAttribute* NodeReader::Find(std::string_view name) {
  for (size_t i = 0; i < node_.attributes.size(); ++i) {
    if (model_.names.text(node_.attributes[i].name) != name) continue;
    if (i < kMaxUnderstood) understood_ |= uint64_t{1} << i;
    return &node_.attributes[i];
  }
  return nullptr;
}

bool NodeReader::HasAttribute(std::string_view name) { return Find(name) != nullptr; }

int64_t NodeReader::Integer(std::string_view name, int64_t fallback) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? fallback : attribute->integer;
}

float NodeReader::Number(std::string_view name, float fallback) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? fallback : attribute->number;
}

std::string_view NodeReader::Text(std::string_view name, std::string_view fallback) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr ? fallback : model_.names.text(attribute->text);
}

std::span<const int64_t> NodeReader::Integers(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  if (attribute == nullptr) return {};
  return attribute->tensor.ints;
}

std::span<const float> NodeReader::Numbers(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  if (attribute == nullptr) return {};
  return attribute->tensor.floats;
}

const Tensor* NodeReader::TensorValue(std::string_view name) {
  const OnnxAttribute* attribute = Find(name);
  return attribute == nullptr || !attribute->has_tensor ? nullptr : &attribute->tensor;
}

std::string NodeReader::Where() const {
  const NameId name =
      node_.name == kNoName && !node_.outputs.empty() ? node_.outputs[0] : node_.name;
  return StrCat(op_type(), " '", model_.names.text(name), "'");
}

Failed NodeReader::RefuseWith(const char* pattern, const TextPart* parts, size_t count) const {
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: % %.", Where(),
              Fill(pattern, parts, count));
}

Failed NodeReader::ContradictWith(const char* pattern, const TextPart* parts, size_t count) const {
  return Fail(ErrorCode::kModelCorrupt, "The model contradicts itself: % %.", Where(),
              Fill(pattern, parts, count));
}

Status NodeReader::CheckAllUnderstood() const {
  for (size_t i = 0; i < node_.attributes.size(); ++i) {
    if (i < kMaxUnderstood && (understood_ >> i & 1) != 0) continue;
    return Unsupported("has the attribute '%', which is not supported",
                       model_.names.text(node_.attributes[i].name));
  }
  return {};
}

}  // namespace insitu
