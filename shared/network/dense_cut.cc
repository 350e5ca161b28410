#include "shared/network/dense_cut.h"

#include <algorithm>

namespace insitu {
namespace {

bool IsImageValue(NameId name, std::span<const bool> image_values) {
  const auto at = static_cast<size_t>(name);
  return at < image_values.size() && image_values[at];
}

void KeepPart(OnnxModel* model, const OnnxNode* end, bool second,
              std::span<const bool> image_values) {
  model->nodes.remove_if([&](const OnnxNode& node) {
    return (&node <= end) == second && IsImageValue(node.outputs[0], image_values);
  });
}

}  // namespace

bool IsElementwise(std::string_view op) {
  static constexpr const char* kOps[] = {
      "Relu", "LeakyRelu", "Sigmoid",  "HardSigmoid", "HardSwish",         "Tanh",
      "Clip", "Cast",      "Identity", "Dropout",     "BatchNormalization"};
  return std::any_of(std::begin(kOps), std::end(kOps), [op](const char* o) { return op == o; });
}

OnnxNode* FindCutEnd(OnnxModel* model, OnnxNode* node, std::span<const bool> image_values) {
  OnnxNode* end = node;
  for (OnnxNode* next = end + 1;
       next < model->nodes.end() && IsElementwise(model->names.text(next->op_type)) &&
       next->inputs[0] == end->outputs[0];
       ++next) {
    end = next;
  }
  const NameId value = end->outputs[0];
  for (const OnnxNode* later = end + 1; later < model->nodes.end(); ++later) {
    for (const NameId input : later->inputs) {
      if (input == value || !IsImageValue(input, image_values)) continue;
      const bool is_later = std::any_of(end + 1, model->nodes.end(), [input](const OnnxNode& made) {
        return made.outputs[0] == input;
      });
      if (!is_later) return nullptr;
    }
  }
  return end;
}

void KeepFirstPart(OnnxModel* model, const OnnxNode* end, std::span<const bool> image_values) {
  model->outputs[0].name = end->outputs[0];
  KeepPart(model, end, /*second=*/false, image_values);
}

void KeepSecondPart(OnnxModel* model, const OnnxNode* end, std::span<const bool> image_values) {
  model->inputs[0].name = end->outputs[0];
  KeepPart(model, end, /*second=*/true, image_values);
}

}  // namespace insitu
