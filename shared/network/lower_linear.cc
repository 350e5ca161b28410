// Conv, Gemm, MatMul: weighted sums, with the BatchNormalization, clamp and pool that follow fused
// in.
#include <cmath>

#include "shared/network/convolution.h"
#include "shared/network/planner.h"
#include "shared/network/window.h"

namespace insitu {
namespace {

// A convolution's constants in ONNX's order: weights (outputs, group inputs, kernel…).
struct ConvolutionWeights {
  List<float> weights;
  List<float> bias;
};

// Folds a BatchNormalization that alone reads *output, if one does. Returns whether it did.
Result<bool> FuseBatchNormalization(Planner* planner, NameId* output, ConvolutionWeights* weights) {
  const OnnxNode* next = planner->SoleReader(*output);
  if (next == nullptr || next->inputs.size() != 5 || next->outputs.size() != 1) return false;
  NodeReader reader(*next, planner->model());
  if (reader.op_type() != "BatchNormalization") return false;
  const float* parameters[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const auto known = planner->KnownInput(reader, i + 1);
    if (!known.ok() || known.value()->floats.size() != weights->bias.size()) return false;
    parameters[i] = known.value()->floats.data();
  }
  const float epsilon = reader.Number("epsilon", 1e-5F);
  (void)reader.Number("momentum", 0);  // matters only when training
  (void)reader.Integer("spatial", 1);
  if (reader.Integer("training_mode", 0) != 0) return false;
  RETURN_IF_ERROR(reader.CheckAllUnderstood());
  const size_t per_output = weights->weights.size() / weights->bias.size();
  for (size_t c = 0; c < weights->bias.size(); ++c) {
    const float scale = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon);
    for (size_t i = 0; i < per_output; ++i) weights->weights[c * per_output + i] *= scale;
    weights->bias[c] = (weights->bias[c] - parameters[2][c]) * scale + parameters[1][c];
  }
  planner->MarkFused(next);
  *output = next->outputs[0];
  return true;
}

Result<ConvolutionWeights> ReadWeights(const NodeReader& node, Planner* planner) {
  ConvolutionWeights read;
  ASSIGN_OR_RETURN(const auto kernel, planner->KnownInput(node, 1));
  ASSIGN_OR_RETURN(read.weights, planner->TakenFloats(node, 1));
  const int64_t outputs = kernel->shape[0];
  read.bias.resize(static_cast<size_t>(outputs));
  if (node.HasInput(2)) {
    ASSIGN_OR_RETURN(const auto bias, planner->KnownInput(node, 2));
    if (bias->floats.size() != read.bias.size()) {
      return node.Invalid("has % biases for % outputs", bias->floats.size(), outputs);
    }
    read.bias = bias->floats;
  }
  return read;
}

// The side of the squares whose maximum alone reads *output of that shape, if the convolution
// takes it into its pass; else 1.
int64_t FusePool(Planner* planner, NameId* output, const Shape& shape, ConvolutionSpec spec) {
  const OnnxNode* next = planner->SoleReader(*output);
  if (next == nullptr || next->outputs.size() != 1) return 1;
  NodeReader reader(*next, planner->model());
  if (reader.op_type() != "MaxPool" || reader.Integer("storage_order", 0) != 0) return 1;
  const auto read = ReadWindow(&reader, shape, {});
  if (!read.ok() || !reader.CheckAllUnderstood().ok()) return 1;
  const Window& pool = read.value();
  spec.pool = pool.kernel[1];
  for (int axis : {0, 1}) {
    if (pool.kernel[axis] != spec.pool || pool.stride[axis] != spec.pool ||
        pool.dilation[axis] != 1 || pool.pad_begin[axis] != 0 ||
        pool.output[axis] != pool.input[axis] / spec.pool) {
      return 1;
    }
  }
  if (!PoolsInOnePass(spec)) return 1;
  planner->MarkFused(next);
  *output = next->outputs[0];
  return spec.pool;
}

Status LowerConv(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId raw_input, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(const auto kernel, planner->KnownInput(*node, 1));
  const Shape input_shape = planner->shape(raw_input);
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, raw_input, Layout::kChannelsLast));
  const Shape& kernel_shape = kernel->shape;
  if (kernel_shape.size() != input_shape.size())
    return node->Invalid("has weights of another rank than its input");
  ASSIGN_OR_RETURN(const Window window, ReadWindow(node, input_shape, kernel_shape));
  ConvolutionSpec spec;
  spec.window = window;
  spec.items = input_shape[0];
  spec.groups = node->Integer("group", 1);
  spec.group_inputs = kernel_shape[1];
  const int64_t outputs = kernel_shape[0];
  if (spec.groups < 1 || outputs < 1 || outputs % spec.groups != 0 ||
      spec.group_inputs * spec.groups != input_shape[1] || ElementCount(kernel_shape) == 0) {
    return node->Invalid("has weights % in % groups for an input of %", ShapeText(kernel_shape),
                         spec.groups, ShapeText(input_shape));
  }
  spec.group_outputs = outputs / spec.groups;
  ASSIGN_OR_RETURN(ConvolutionWeights weights, ReadWeights(*node, planner));

  NameId output_name = node->Output();
  ASSIGN_OR_RETURN(const bool normalised, FuseBatchNormalization(planner, &output_name, &weights));
  (void)normalised;
  spec.clamp = planner->FuseClamp(&output_name);

  const int64_t taps = window.kernel[0] * window.kernel[1];
  spec.weights = WeightView::ChannelsFirst(weights.weights.data(), spec.group_inputs, taps);
  spec.bias = weights.bias.data();
  Shape output_shape = WindowedShape(input_shape, outputs, window);
  RETURN_IF_ERROR(CheckShape(*node, output_shape));
  const int64_t products = ElementCount(output_shape) * taps * spec.group_inputs;
  spec.pool = FusePool(planner, &output_name, output_shape, spec);
  for (size_t axis = 2; axis < output_shape.size(); ++axis) output_shape[axis] /= spec.pool;
  ASSIGN_OR_RETURN(auto operation, MakeConvolution(spec));
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, output_shape, Layout::kChannelsLast));
  planner->Emit(*node, {input}, output, std::move(operation), products,
                static_cast<int64_t>(weights.weights.size() + weights.bias.size()));
  planner->SetOutput(output_name, output);
  return {};
}

struct DenseLayer {
  int64_t inputs = 0;
  int64_t outputs = 0;
  List<float> weights = {};              // (inputs, outputs)
  std::span<const uint8_t> halves = {};  // or, in their place, float16 numbers
  bool transposed = false;               // they are (outputs, inputs)
  List<float> bias = {};                 // (outputs) or empty

  WeightView View() const {
    const int64_t across = transposed ? inputs : 1;
    const int64_t down = transposed ? 1 : outputs;
    return {weights.data(), 1, inputs, across, 0, down, halves.data()};
  }
};

// The weights of the node's input 1, times alpha.
Status TakeWeights(const NodeReader& node, Planner* planner, float alpha, DenseLayer* layer) {
  const Tensor* known = planner->value(planner->Named(node.node().inputs[1])).known;
  layer->halves = alpha == 1 ? known->halves : std::span<const uint8_t>();
  if (!layer->halves.empty()) return {};
  ASSIGN_OR_RETURN(layer->weights, planner->TakenFloats(node, 1));
  for (float& weight : layer->weights) weight *= alpha;
  return {};
}

// weights: their channels are inputs in ONNX's order. When the input is a flatten of a
// channels-last value, reads them in the order of that memory and returns the value itself.
ValueId ReadFlattenedDirectly(Planner* planner, ValueId input, WeightView* weights) {
  const ValueId source = planner->value(input).flattened;
  if (source < 0) return input;
  const Shape from = planner->shape(source);
  const Shape to = planner->shape(input);
  if (to.size() != 2 || from.empty() || to[0] != from[0]) return input;
  weights->channels = from[1];
  weights->taps = ElementCount(from) / std::max<int64_t>(1, from[0] * from[1]);
  weights->tap_stride = weights->channel_stride;
  weights->channel_stride *= weights->taps;
  return planner->Alias(source, to, Layout::kPlain);
}

// input_index 0 of the node times constant weights, clamped by what follows.
Status EmitDense(NodeReader* node, Planner* planner, DenseLayer layer, const Shape& output_shape,
                 NameId output_name) {
  DenseSpec spec;
  spec.weights = layer.View();
  ASSIGN_OR_RETURN(ValueId input, planner->UncopiedInput(*node, 0));
  input = ReadFlattenedDirectly(planner, input, &spec.weights);
  if (planner->value(input).flattened >= 0 || planner->value(input).layout != Layout::kPlain) {
    ASSIGN_OR_RETURN(const ValueId copied, planner->Input(*node, 0));
    ASSIGN_OR_RETURN(input, planner->InLayout(*node, copied, Layout::kPlain));
  }
  spec.inputs = layer.inputs;
  spec.outputs = layer.outputs;
  spec.rows = layer.inputs == 0 ? 0 : ElementCount(planner->shape(input)) / layer.inputs;
  spec.bias = layer.bias.empty() ? nullptr : layer.bias.data();
  spec.clamp = planner->FuseClamp(&output_name);
  ASSIGN_OR_RETURN(auto operation, MakeDense(spec));
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, output_shape, Layout::kPlain));
  planner->Emit(*node, {input}, output, std::move(operation),
                spec.rows * spec.inputs * spec.outputs,
                layer.inputs * layer.outputs + static_cast<int64_t>(layer.bias.size()));
  planner->SetOutput(output_name, output);
  return {};
}

// a * b for two matrices, strided; both may be known only at run time.
Result<ValueId> EmitProduct(NodeReader* node, Planner* planner, MatrixProduct product,
                            const Shape& output_shape) {
  ASSIGN_OR_RETURN(ValueId a, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(ValueId b, planner->Input(*node, 1));
  ASSIGN_OR_RETURN(a, planner->InLayout(*node, a, Layout::kPlain));
  ASSIGN_OR_RETURN(b, planner->InLayout(*node, b, Layout::kPlain));
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, output_shape, Layout::kPlain));
  const int64_t multiply_adds =
      static_cast<int64_t>(product.offsets.size()) * product.m * product.k * product.n;
  planner->Emit(*node, {a, b}, output, MakeOperation(std::move(product)), multiply_adds);
  return output;
}

// Strides that broadcast `shape` to `to` (aligned at the last dimension).
Shape BroadcastStrides(const Shape& shape, const Shape& strides, const Shape& to) {
  Shape out(to.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    out[to.size() - shape.size() + i] = shape[i] == 1 ? 0 : strides[i];
  }
  return out;
}

// factor * value, which is the value itself for 1.
Result<ValueId> EmitScaled(const NodeReader& node, Planner* planner, ValueId id, float factor) {
  if (factor == 1) return id;
  const Shape shape = planner->shape(id);
  ASSIGN_OR_RETURN(const ValueId scaled, planner->Add(node, shape, planner->value(id).layout));
  planner->Emit(node, {id}, scaled,
                MakeOperation(UnaryKernel{Unary::kAffine, factor, 0, ElementCount(shape)}));
  return scaled;
}

Status LowerGemm(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId a, planner->UncopiedInput(*node, 0));
  ASSIGN_OR_RETURN(const ValueId b, planner->UncopiedInput(*node, 1));
  const Shape a_shape = planner->shape(a);
  const Shape b_shape = planner->shape(b);
  const float alpha = node->Number("alpha", 1);
  const float beta = node->Number("beta", 1);
  const bool a_transposed = node->Integer("transA", 0) != 0;
  const bool b_transposed = node->Integer("transB", 0) != 0;
  (void)node->Integer("broadcast", 0);  // of opset 6; later ones always broadcast
  if (a_shape.size() != 2 || b_shape.size() != 2)
    return node->Unsupported("multiplies tensors that are not matrices");
  const int64_t m = a_shape[a_transposed ? 1 : 0];
  const int64_t k = a_shape[a_transposed ? 0 : 1];
  const int64_t n = b_shape[b_transposed ? 0 : 1];
  if (b_shape[b_transposed ? 1 : 0] != k) {
    return node->Invalid("multiplies % by %", ShapeText(a_shape), ShapeText(b_shape));
  }
  NameId output_name = node->Output();
  const auto weights = planner->value(b).known;
  const bool has_bias = node->HasInput(2) && beta != 0;
  const auto bias = has_bias ? planner->KnownInput(*node, 2) : Result<const Tensor*>(nullptr);
  // One bias an output, or one for all: the dense layer takes it in.
  const bool bias_fits =
      !has_bias || (bias.ok() && (bias.value()->floats.size() == 1 ||
                                  (bias.value()->floats.size() == static_cast<size_t>(n) &&
                                   bias.value()->shape.back() == n)));
  if (weights && !a_transposed && bias_fits && m > 0 && k > 0 && n > 0) {
    DenseLayer layer{.inputs = k, .outputs = n, .transposed = b_transposed};
    RETURN_IF_ERROR(TakeWeights(*node, planner, alpha, &layer));
    if (has_bias) {
      const List<float>& biases = bias.value()->floats;
      for (int64_t i = 0; i < n; ++i) {
        layer.bias.push_back(biases[biases.size() == 1 ? 0 : static_cast<size_t>(i)] * beta);
      }
    }
    return EmitDense(node, planner, std::move(layer), {m, n}, output_name);
  }
  MatrixProduct product{m, k, n, {a_shape[1], 1}, {b_shape[1], 1}, {{0, 0}}};
  if (a_transposed) std::swap(product.a_strides[0], product.a_strides[1]);
  if (b_transposed) std::swap(product.b_strides[0], product.b_strides[1]);
  ASSIGN_OR_RETURN(ValueId result, EmitProduct(node, planner, std::move(product), {m, n}));
  ASSIGN_OR_RETURN(result, EmitScaled(*node, planner, result, alpha));
  if (has_bias) {
    ASSIGN_OR_RETURN(ValueId c, planner->Input(*node, 2));
    if (planner->shape(c).size() > 2) return node->Invalid("has a bias of too many dimensions");
    ASSIGN_OR_RETURN(c, EmitScaled(*node, planner, c, beta));
    ASSIGN_OR_RETURN(result, EmitBinary(*node, planner, Binary::kAdd, result, c, &output_name));
  }
  planner->SetOutput(output_name, result);
  return {};
}

Status LowerMatMul(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId a, planner->UncopiedInput(*node, 0));
  ASSIGN_OR_RETURN(const ValueId b, planner->UncopiedInput(*node, 1));
  Shape a_shape = planner->shape(a);
  Shape b_shape = planner->shape(b);
  if (a_shape.empty() || b_shape.empty()) return node->Invalid("multiplies a scalar");
  // A vector is a matrix of one row (left) or column (right) whose dimension the result drops.
  const bool a_is_vector = a_shape.size() == 1;
  const bool b_is_vector = b_shape.size() == 1;
  if (a_is_vector) a_shape = {1, a_shape[0]};
  if (b_is_vector) b_shape.push_back(1);
  const int64_t m = a_shape[a_shape.size() - 2];
  const int64_t k = a_shape.back();
  const int64_t n = b_shape.back();
  if (b_shape[b_shape.size() - 2] != k) {
    return node->Invalid("multiplies % by %", ShapeText(a_shape), ShapeText(b_shape));
  }
  const Shape a_batch(a_shape.part(0, a_shape.size() - 2));
  const Shape b_batch(b_shape.part(0, b_shape.size() - 2));
  Shape batch(std::max(a_batch.size(), b_batch.size()));
  for (size_t i = 0; i < batch.size(); ++i) {
    const int64_t x =
        i + a_batch.size() < batch.size() ? 1 : a_batch[i + a_batch.size() - batch.size()];
    const int64_t y =
        i + b_batch.size() < batch.size() ? 1 : b_batch[i + b_batch.size() - batch.size()];
    if (x != y && x != 1 && y != 1) {
      return node->Invalid("multiplies % by %", ShapeText(a_shape), ShapeText(b_shape));
    }
    batch[i] = x == 1 ? y : x;
  }
  Shape output_shape = batch;
  if (!a_is_vector) output_shape.push_back(m);
  if (!b_is_vector) output_shape.push_back(n);
  const NameId output_name = node->Output();
  const auto weights = planner->value(b).known;
  if (weights && b_batch.empty() && m > 0 && k > 0 && n > 0) {
    DenseLayer layer{.inputs = k, .outputs = n};
    RETURN_IF_ERROR(TakeWeights(*node, planner, 1, &layer));
    return EmitDense(node, planner, std::move(layer), output_shape, output_name);
  }
  MatrixProduct product{m, k, n, {k, 1}, {n, 1}, {}};
  const Shape a_strides = BroadcastStrides(a_batch, DenseStrides(a_batch), batch);
  const Shape b_strides = BroadcastStrides(b_batch, DenseStrides(b_batch), batch);
  Shape rows = batch;
  rows.push_back(1);
  ForEachRow(rows, [&](const int64_t* at) {
    MatrixProduct::Offsets offsets{};
    for (size_t axis = 0; axis < batch.size(); ++axis) {
      offsets.a += at[axis] * a_strides[axis] * m * k;
      offsets.b += at[axis] * b_strides[axis] * k * n;
    }
    product.offsets.push_back(offsets);
  });
  ASSIGN_OR_RETURN(const ValueId output,
                   EmitProduct(node, planner, std::move(product), output_shape));
  planner->SetOutput(output_name, output);
  return {};
}

}  // namespace

std::span<const NamedLowering> LinearLowerings() {
  static constexpr NamedLowering kTable[] = {
      {"Conv", LowerConv}, {"Gemm", LowerGemm}, {"MatMul", LowerMatMul}};
  return kTable;
}

}  // namespace insitu
