// Cutting a graph in two behind one of its nodes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/network/onnx.h"

namespace insitu {

// Operators of one element, and the same for every element.
bool IsElementwise(std::string_view op);

// The last node of the first part: `node`, or the last of those that follow it element by element,
// which fuse with it. Null where a later node reads more of the first part than what that gives.
// image_values: by NameId, whether a value is made of the image; the others, weights, go with both.
OnnxNode* FindCutEnd(OnnxModel* model, OnnxNode* node, std::span<const bool> image_values);

// Leaves one of the parts, whose output or input is what `end` gives.
void KeepFirstPart(OnnxModel* model, const OnnxNode* end, std::span<const bool> image_values);
void KeepSecondPart(OnnxModel* model, const OnnxNode* end, std::span<const bool> image_values);

}  // namespace insitu
