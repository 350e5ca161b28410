// Functions of one element, of two, and of a channel; and Softmax.
#include <cmath>

#include "shared/network/planner.h"

namespace insitu {
namespace {

Status EmitUnary(NodeReader* node, Planner* planner, Unary function, float alpha, float beta) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, planner->value(input).layout));
  planner->Emit(*node, {input}, output,
                MakeOperation(UnaryKernel{function, alpha, beta, ElementCount(shape)}));
  planner->SetOutput(node->Output(), output);
  return {};
}

Status LowerRelu(NodeReader* node, Planner* planner) {
  return EmitUnary(node, planner, Unary::kClip, 0, Clamp().high);
}

Status LowerLeakyRelu(NodeReader* node, Planner* planner) {
  return EmitUnary(node, planner, Unary::kLeakyRelu, node->Number("alpha", 0.01F), 0);
}

Status LowerSigmoid(NodeReader* node, Planner* planner) {
  return EmitUnary(node, planner, Unary::kSigmoid, 0, 0);
}

Status LowerHardSigmoid(NodeReader* node, Planner* planner) {
  const float alpha = node->Number("alpha", 0.2F);
  return EmitUnary(node, planner, Unary::kHardSigmoid, alpha, node->Number("beta", 0.5F));
}

Status LowerHardSwish(NodeReader* node, Planner* planner) {
  return EmitUnary(node, planner, Unary::kHardSwish, 0, 0);
}

Status LowerTanh(NodeReader* node, Planner* planner) {
  return EmitUnary(node, planner, Unary::kTanh, 0, 0);
}

Status LowerClip(NodeReader* node, Planner* planner) {
  const Clamp none;
  float bounds[2] = {node->Number("min", none.low), node->Number("max", none.high)};  // opset < 11
  for (size_t i = 0; i < 2; ++i) {
    if (!node->HasInput(i + 1)) continue;
    ASSIGN_OR_RETURN(const auto bound, planner->KnownInput(*node, i + 1));
    if (bound->floats.size() != 1) return node->Unsupported("has a bound that is not one float");
    bounds[i] = bound->floats[0];
  }
  return EmitUnary(node, planner, Unary::kClip, bounds[0], bounds[1]);
}

Result<Shape> Broadcast(const NodeReader& node, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {  // from the last dimension on
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return node.Invalid("combines % with %", ShapeText(a), ShapeText(b));
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

// Steps of an operand along each dimension of the result: 0 where it repeats.
Shape OperandStrides(const Planner& planner, ValueId id, const Shape& result) {
  const Shape& shape = planner.shape(id);
  const Shape strides = planner.Strides(id);
  Shape out(result.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t axis = result.size() - shape.size() + i;
    out[axis] = shape[i] == 1 ? 0 : strides[i];
  }
  return out;
}

// Whole numbers are worked out at once: they exist only while planning.
Status FoldBinary(NodeReader* node, Planner* planner, Binary function) {
  ASSIGN_OR_RETURN(const auto a, planner->KnownInput(*node, 0));
  ASSIGN_OR_RETURN(const auto b, planner->KnownInput(*node, 1));
  if (a->type != b->type) return node->Invalid("combines whole numbers with floats");
  const size_t longer = std::max(a->ints.size(), b->ints.size());
  Tensor result{DataType::kInt64, a->ints.size() == longer ? a->shape : b->shape, {}, {}};
  if (a->ints.empty() || b->ints.empty() ||
      (a->ints.size() != b->ints.size() && a->ints.size() != 1 && b->ints.size() != 1)) {
    return node->Unsupported("broadcasts whole numbers");
  }
  for (size_t i = 0; i < longer; ++i) {
    // Unsigned, so that overflow in a hostile file wraps instead of being undefined.
    const auto x = static_cast<uint64_t>(a->ints[a->ints.size() == 1 ? 0 : i]);
    const auto y = static_cast<uint64_t>(b->ints[b->ints.size() == 1 ? 0 : i]);
    const auto divisor = static_cast<int64_t>(y);
    switch (function) {
      case Binary::kAdd:
        result.ints.push_back(static_cast<int64_t>(x + y));
        break;
      case Binary::kSub:
        result.ints.push_back(static_cast<int64_t>(x - y));
        break;
      case Binary::kMul:
        result.ints.push_back(static_cast<int64_t>(x * y));
        break;
      default:
        if (function != Binary::kDiv || divisor == 0 || divisor == -1)
          return node->Unsupported("divides whole numbers by 0 or -1");
        result.ints.push_back(static_cast<int64_t>(x) / divisor);
    }
  }
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(result)));
  return {};
}

}  // namespace

Result<ValueId> EmitBinary(const NodeReader& node, Planner* planner, Binary function, ValueId a,
                           ValueId b, NameId* output_name) {
  ASSIGN_OR_RETURN(const Shape shape, Broadcast(node, planner->shape(a), planner->shape(b)));
  Layout layout = Layout::kPlain;
  for (ValueId id : {a, b}) {
    if (planner->shape(id).size() == shape.size() &&
        planner->value(id).layout == Layout::kChannelsLast) {
      layout = Layout::kChannelsLast;
    }
  }
  const Shape a_strides = OperandStrides(*planner, a, shape);
  const Shape b_strides = OperandStrides(*planner, b, shape);
  BinaryKernel kernel{function, {}, {}, {}, planner->FuseClamp(output_name)};
  for (size_t place = 0; place < shape.size(); ++place) {
    const size_t axis = MemoryAxis(place, shape.size(), layout);
    kernel.dims.push_back(shape[axis]);
    kernel.a_strides.push_back(a_strides[axis]);
    kernel.b_strides.push_back(b_strides[axis]);
  }
  kernel.Simplify();
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(node, shape, layout));
  planner->Emit(node, {a, b}, output, MakeOperation(kernel));
  return output;
}

namespace {

Status LowerBinary(NodeReader* node, Planner* planner, Binary function) {
  ASSIGN_OR_RETURN(const ValueId a, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(const ValueId b, planner->Input(*node, 1));
  (void)node->Integer("broadcast", 0);  // of opset 6; later ones always broadcast
  if (planner->IsInt(a) || planner->IsInt(b)) return FoldBinary(node, planner, function);
  NameId output_name = node->Output();
  ASSIGN_OR_RETURN(const ValueId output, EmitBinary(*node, planner, function, a, b, &output_name));
  planner->SetOutput(output_name, output);
  return {};
}

// Any number of terms: a chain of additions.
Status LowerSum(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(ValueId sum, planner->Input(*node, 0));
  NameId output_name = node->Output();
  const size_t terms = node->node().inputs.size();
  for (size_t i = 1; i < terms; ++i) {
    ASSIGN_OR_RETURN(const ValueId term, planner->Input(*node, i));
    NameId partial = kNoName;  // read by nothing, so nothing fuses with it
    NameId* name = i + 1 == terms ? &output_name : &partial;
    ASSIGN_OR_RETURN(sum, EmitBinary(*node, planner, Binary::kAdd, sum, term, name));
  }
  planner->SetOutput(output_name, sum);
  return {};
}

Status LowerAdd(NodeReader* node, Planner* planner) {
  return LowerBinary(node, planner, Binary::kAdd);
}
Status LowerSub(NodeReader* node, Planner* planner) {
  return LowerBinary(node, planner, Binary::kSub);
}
Status LowerMul(NodeReader* node, Planner* planner) {
  return LowerBinary(node, planner, Binary::kMul);
}
Status LowerDiv(NodeReader* node, Planner* planner) {
  return LowerBinary(node, planner, Binary::kDiv);
}

Status LowerPRelu(NodeReader* node, Planner* planner) {
  constexpr int64_t kFirstToBroadcast = 7;  // before it a list of slopes was one a channel
  if (node->opset() >= kFirstToBroadcast) return LowerBinary(node, planner, Binary::kPRelu);
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(ValueId slope, planner->Input(*node, 1));
  Shape shape = planner->shape(slope);
  if (shape.size() == 1) {
    for (size_t axis = 2; axis < planner->shape(input).size(); ++axis) shape.push_back(1);
    slope = planner->Reshaped(slope, shape);
  }
  NameId output_name = node->Output();
  ASSIGN_OR_RETURN(const ValueId output,
                   EmitBinary(*node, planner, Binary::kPRelu, input, slope, &output_name));
  planner->SetOutput(output_name, output);
  return {};
}

Status LowerBatchNormalization(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId any, planner->Input(*node, 0));
  const Shape shape = planner->shape(any);
  if (shape.size() < 2) return node->Invalid("normalises an input without channels");
  if (node->Integer("training_mode", 0) != 0) return node->Unsupported("is in training mode");
  if (planner->ReadsOutput(*node, 1))
    return node->Unsupported("returns the statistics of training");
  (void)node->Number("momentum", 0);  // matters only when training
  if (node->Integer("spatial", 1) != 1) return node->Unsupported("is not spatial");
  const float epsilon = node->Number("epsilon", 1e-5F);
  const float* parameters[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    ASSIGN_OR_RETURN(const auto known, planner->KnownInput(*node, i + 1));
    parameters[i] = known->floats.data();
    if (known->floats.size() != static_cast<size_t>(shape[1])) {
      return node->Invalid("has % parameters for % channels", known->floats.size(), shape[1]);
    }
  }
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, any, Layout::kChannelsLast));
  NameId output_name = node->Output();
  ChannelAffine kernel;
  kernel.pixels = shape[1] == 0 ? 0 : ElementCount(shape) / shape[1];
  for (size_t c = 0; c < static_cast<size_t>(shape[1]); ++c) {
    kernel.scale.push_back(parameters[0][c] / std::sqrt(parameters[3][c] + epsilon));
    kernel.shift.push_back(parameters[1][c] - parameters[2][c] * kernel.scale[c]);
  }
  kernel.clamp = planner->FuseClamp(&output_name);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kChannelsLast));
  planner->Emit(*node, {input}, output, MakeOperation(std::move(kernel)), 0, 4 * shape[1]);
  planner->SetOutput(output_name, output);
  return {};
}

Status LowerSoftmax(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId any, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, any, Layout::kPlain));
  const Shape shape = planner->shape(input);
  // Before opset 13 everything from the axis on is one dimension.
  const bool flattens = node->opset() < 13;
  const int64_t named = node->Integer("axis", flattens ? 1 : -1);
  ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, named, shape.size()));
  Softmax kernel;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i < axis) {
      kernel.outer *= shape[i];
    } else if (i == axis || flattens) {
      kernel.axis *= shape[i];
    } else {
      kernel.inner *= shape[i];
    }
  }
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kPlain));
  planner->Emit(*node, {input}, output, MakeOperation(kernel));
  planner->SetOutput(node->Output(), output);
  return {};
}

}  // namespace

std::span<const NamedLowering> ElementwiseLowerings() {
  static constexpr NamedLowering kTable[] = {{"Relu", LowerRelu},
                                             {"LeakyRelu", LowerLeakyRelu},
                                             {"Sigmoid", LowerSigmoid},
                                             {"HardSigmoid", LowerHardSigmoid},
                                             {"HardSwish", LowerHardSwish},
                                             {"Tanh", LowerTanh},
                                             {"Clip", LowerClip},
                                             {"Add", LowerAdd},
                                             {"Sum", LowerSum},
                                             {"Sub", LowerSub},
                                             {"Mul", LowerMul},
                                             {"Div", LowerDiv},
                                             {"PRelu", LowerPRelu},
                                             {"BatchNormalization", LowerBatchNormalization},
                                             {"Softmax", LowerSoftmax}};
  return kTable;
}

}  // namespace insitu
