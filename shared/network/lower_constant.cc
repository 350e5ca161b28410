// Operators whose result is known while planning: Constant, ConstantOfShape, Shape, Cast.
#include <algorithm>
#include <cmath>

#include "shared/limits.h"
#include "shared/network/planner.h"

namespace insitu {
namespace {

Status SetConstant(NodeReader* node, Planner* planner, Tensor tensor) {
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(tensor)));
  return {};
}

Tensor IntTensor(const Shape& shape, List<int64_t> ints) {
  return {DataType::kInt64, shape, {}, std::move(ints)};
}

Status LowerConstant(NodeReader* node, Planner* planner) {
  if (const Tensor* tensor = node->TensorValue("value")) return SetConstant(node, planner, *tensor);
  Tensor tensor;
  if (node->HasAttribute("value_float")) {
    tensor.floats = {node->Number("value_float", 0)};
  } else if (node->HasAttribute("value_floats")) {
    const auto numbers = node->Numbers("value_floats");
    tensor.floats = List<float>(numbers);
    tensor.shape.push_back(static_cast<int64_t>(numbers.size()));
  } else if (node->HasAttribute("value_int")) {
    tensor.type = DataType::kInt64;
    tensor.ints = {node->Integer("value_int", 0)};
  } else if (node->HasAttribute("value_ints")) {
    const auto numbers = node->Integers("value_ints");
    tensor.type = DataType::kInt64;
    tensor.ints = List<int64_t>(numbers);
    tensor.shape.push_back(static_cast<int64_t>(numbers.size()));
  } else {
    return node->Unsupported("holds neither floats nor whole numbers");
  }
  return SetConstant(node, planner, std::move(tensor));
}

Status LowerConstantOfShape(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const Shape shape, planner->KnownShape(*node, 0));
  RETURN_IF_ERROR(CheckShape(*node, shape));
  const Tensor* value = node->TensorValue("value");
  const auto size = static_cast<size_t>(ElementCount(shape));
  if (value != nullptr && value->type == DataType::kInt64) {
    if (value->ints.size() != 1) return node->Invalid("repeats more than one value");
    return SetConstant(node, planner, IntTensor(shape, List<int64_t>(size, value->ints[0])));
  }
  if (value != nullptr && value->floats.size() != 1)
    return node->Invalid("repeats more than one value");
  const float repeated = value == nullptr ? 0 : value->floats[0];
  return SetConstant(node, planner, {DataType::kFloat, shape, List<float>(size, repeated), {}});
}

Status LowerShape(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->UncopiedInput(*node, 0));
  const Shape shape = planner->shape(input);
  const auto rank = static_cast<int64_t>(shape.size());
  const auto bound = [rank](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound(node->Integer("start", 0));
  const int64_t end = std::max(start, bound(node->Integer("end", rank)));
  const auto dims = shape.part(static_cast<size_t>(start), static_cast<size_t>(end));
  return SetConstant(node, planner, IntTensor({end - start}, List<int64_t>(dims)));
}

// onnx.TensorProto.DataType of the types that a Tensor can stand for.
bool IsFloatType(int64_t type) { return type == kOnnxFloat; }
bool IsIntType(int64_t type) { return type == 6 || type == 7; }  // int32, int64

Status LowerCast(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->UncopiedInput(*node, 0));
  const int64_t to = node->Integer("to", 0);
  (void)node->Integer("saturate", 1);  // of 8-bit floats
  if (!IsFloatType(to) && !IsIntType(to)) {
    return node->Unsupported("casts to element type %; float, int32 and int64 are supported", to);
  }
  const bool from_int = planner->IsInt(input);
  if (from_int == IsIntType(to)) return (planner->SetOutput(node->Output(), input), Status());
  ASSIGN_OR_RETURN(const auto known, planner->KnownInput(*node, 0));
  Tensor cast;
  cast.shape = known->shape;
  if (from_int) {
    for (int64_t v : known->ints) cast.floats.push_back(static_cast<float>(v));
  } else {
    cast.type = DataType::kInt64;
    for (float v : known->floats) {
      if (!(std::fabs(v) < 9e18F))
        return node->Unsupported("casts a float that is no whole number's size");
      cast.ints.push_back(static_cast<int64_t>(v));
    }
  }
  return SetConstant(node, planner, std::move(cast));
}

}  // namespace

std::span<const NamedLowering> ConstantLowerings() {
  static constexpr NamedLowering kTable[] = {{"Constant", LowerConstant},
                                             {"ConstantOfShape", LowerConstantOfShape},
                                             {"Shape", LowerShape},
                                             {"Cast", LowerCast}};
  return kTable;
}

}  // namespace insitu
