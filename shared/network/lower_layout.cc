// Operators that only move elements: each is a Remap (kernels.h) or another shape for the same
// memory. Whole numbers (shapes, indices) are moved while planning, by the same tables.
#include <algorithm>
#include <numeric>

#include "shared/limits.h"
#include "shared/network/planner.h"

namespace insitu {
namespace {

Status MoveInts(NodeReader* node, Planner* planner, ValueId input, Sources sources,
                const Shape& shape) {
  const auto known = planner->value(input).known;
  if (!known) return node->Unsupported("moves whole numbers that are not constant");
  const Shape strides = DenseStrides(known->shape);
  for (size_t axis = 0; axis < sources.size(); ++axis) {
    for (int32_t& source : sources[axis]) {
      if (source != Remap::kFill) source *= static_cast<int32_t>(strides[axis]);
    }
  }
  RETURN_IF_ERROR(CheckShape(*node, shape));
  Remap remap;
  remap.dims = shape;
  remap.output_strides = DenseStrides(shape);
  remap.tables = std::move(sources);
  Tensor moved{
      DataType::kInt64, shape, {}, std::vector<int64_t>(static_cast<size_t>(ElementCount(shape)))};
  remap.Copy(known->ints.data(), moved.ints.data());
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(moved)));
  return {};
}

// Plans output[i, j, …] = input[sources[0][i], sources[1][j], …] in the input's own layout.
Status MoveTo(NodeReader* node, Planner* planner, Sources sources, float fill = 0) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  Shape shape;
  for (const auto& axis : sources) shape.push_back(static_cast<int64_t>(axis.size()));
  if (planner->IsInt(input)) return MoveInts(node, planner, input, std::move(sources), shape);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, planner->value(input).layout));
  planner->EmitMove(
      *node, {.input = input, .output = output, .sources = std::move(sources), .fill = fill});
  planner->SetOutput(node->Output(), output);
  return {};
}

Sources WholeInput(const Shape& shape) {
  Sources sources;
  for (int64_t dim : shape) sources.push_back(Iota(dim));
  return sources;
}

Status SetReshaped(NodeReader* node, Planner* planner, ValueId input, Shape shape) {
  RETURN_IF_ERROR(CheckShape(*node, shape));
  if (ElementCount(shape) != ElementCount(planner->shape(input))) {
    return node->Invalid("turns ", ShapeText(planner->shape(input)), " into ", ShapeText(shape));
  }
  planner->SetOutput(node->Output(), planner->Reshaped(input, std::move(shape)));
  return {};
}

Status LowerReshape(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(Shape shape, planner->KnownInts(*node, 1));
  const bool zero_means_zero = node->Integer("allowzero", 0) != 0;
  const Shape& from = planner->shape(input);
  int64_t known = 1;
  size_t open = shape.size();
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 0 && !zero_means_zero) {
      if (axis >= from.size()) return node->Invalid("copies a dimension its input does not have");
      shape[axis] = from[axis];
    }
    if (shape[axis] == -1 && open == shape.size()) {
      open = axis;
      continue;
    }
    const bool fits = shape[axis] >= 0 && shape[axis] <= kMaxTensorElements;
    if (fits) known *= shape[axis];
    if (!fits || known > kMaxTensorElements) {
      return node->Invalid("has ", shape[axis], " in its shape");
    }
  }
  if (open < shape.size()) shape[open] = known == 0 ? 0 : ElementCount(from) / known;
  return SetReshaped(node, planner, input, std::move(shape));
}

Status LowerFlatten(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape& from = planner->shape(input);
  const auto rank = static_cast<int64_t>(from.size());
  int64_t axis = node->Integer("axis", 1);
  if (axis < -rank || axis > rank) return node->Invalid("names dimension ", axis, " of ", rank);
  if (axis < 0) axis += rank;
  Shape shape = {1, 1};
  for (int64_t i = 0; i < rank; ++i) shape[i < axis ? 0 : 1] *= from[static_cast<size_t>(i)];
  return SetReshaped(node, planner, input, std::move(shape));
}

// The axes attribute (before opset 13) or input.
Result<std::vector<int64_t>> Axes(NodeReader* node, Planner* planner) {
  if (node->HasInput(1)) return planner->KnownInts(*node, 1);
  return node->Integers("axes");
}

Status LowerSqueeze(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  ASSIGN_OR_RETURN(const std::vector<int64_t> axes, Axes(node, planner));
  std::vector<bool> dropped(from.size(), false);
  for (int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t at, NormaliseAxis(*node, axis, from.size()));
    if (from[at] != 1) return node->Invalid("squeezes a dimension of ", from[at]);
    dropped[at] = true;
  }
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (axes.empty() ? from[i] != 1 : !dropped[i]) shape.push_back(from[i]);
  }
  return SetReshaped(node, planner, input, std::move(shape));
}

Status LowerUnsqueeze(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  ASSIGN_OR_RETURN(const std::vector<int64_t> axes, Axes(node, planner));
  std::vector<bool> added(from.size() + axes.size(), false);
  if (added.size() > static_cast<size_t>(kMaxTensorRank))
    return node->Unsupported("makes too many dimensions");
  for (int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t at, NormaliseAxis(*node, axis, added.size()));
    if (added[at]) return node->Invalid("names a dimension twice");
    added[at] = true;
  }
  Shape shape;
  size_t next = 0;
  for (bool is_new : added) shape.push_back(is_new ? 1 : from[next++]);
  return SetReshaped(node, planner, input, std::move(shape));
}

Status LowerTranspose(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  std::vector<int64_t> order = node->Integers("perm");
  if (order.empty()) {
    for (size_t axis = from.size(); axis-- > 0;) order.push_back(static_cast<int64_t>(axis));
  }
  std::vector<bool> named(from.size(), false);
  bool permutes = order.size() == from.size();
  for (size_t i = 0; permutes && i < order.size(); ++i) {
    const auto axis = static_cast<size_t>(order[i]);  // a negative one is beyond any size
    permutes = axis < named.size() && !named[axis];
    if (permutes) named[axis] = true;
  }
  if (!permutes) return node->Invalid("has a perm that is no permutation");
  if (planner->IsInt(input)) return node->Unsupported("transposes whole numbers");
  Shape shape;
  for (int64_t axis : order) shape.push_back(from[static_cast<size_t>(axis)]);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kPlain));
  planner->EmitMove(*node, {.input = input, .output = output, .axes = std::move(order)});
  planner->SetOutput(node->Output(), output);
  return {};
}

Status ConcatInts(NodeReader* node, Planner* planner) {
  Tensor joined{DataType::kInt64, {0}, {}, {}};
  for (size_t i = 0; i < node->node().inputs.size(); ++i) {
    ASSIGN_OR_RETURN(const auto part, planner->KnownInput(*node, i));
    if (part->type != DataType::kInt64 || part->shape.size() != 1)
      return node->Unsupported("joins whole numbers that are not lists");
    joined.shape[0] += part->shape[0];
  }
  RETURN_IF_ERROR(CheckShape(*node, joined.shape));
  for (size_t i = 0; i < node->node().inputs.size(); ++i) {
    ASSIGN_OR_RETURN(const auto part, planner->KnownInput(*node, i));
    joined.ints.insert(joined.ints.end(), part->ints.begin(), part->ints.end());
  }
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(joined)));
  return {};
}

Status LowerConcat(NodeReader* node, Planner* planner) {
  std::vector<ValueId> inputs;
  Layout layout = Layout::kPlain;
  for (size_t i = 0; i < node->node().inputs.size(); ++i) {
    ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, i));
    inputs.push_back(input);
    if (planner->value(input).layout == Layout::kChannelsLast) layout = Layout::kChannelsLast;
  }
  if (inputs.empty()) return node->Invalid("joins nothing");
  Shape shape = planner->shape(inputs[0]);
  ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, node->Integer("axis", 1), shape.size()));
  if (planner->IsInt(inputs[0])) return ConcatInts(node, planner);
  shape[axis] = 0;
  for (ValueId input : inputs) {
    Shape part = planner->shape(input);
    if (planner->IsInt(input) || part.size() != shape.size())
      return node->Invalid("joins values of different kinds");
    shape[axis] += std::exchange(part[axis], shape[axis]);
    if (part[axis] = shape[axis]; part != shape)
      return node->Invalid("joins values whose other dimensions differ");
  }
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, layout));
  const int64_t stride = planner->Strides(output)[axis];
  int64_t offset = 0;
  for (ValueId input : inputs) {
    planner->EmitMove(*node, {.input = input, .output = output, .output_offset = offset * stride});
    offset += planner->shape(input)[axis];
  }
  planner->SetOutput(node->Output(), output);
  return {};
}

// The indices that start:end:step selects of `count`, by ONNX's clamping rules.
std::vector<int32_t> SliceIndices(int64_t start, int64_t end, int64_t step, int64_t count) {
  const auto clamp = [count, step](int64_t at) {
    if (at < 0) at = at < -count ? -1 : at + count;  // -count - 1 and below lie before the start
    return step > 0 ? std::clamp<int64_t>(at, 0, count) : std::clamp<int64_t>(at, -1, count - 1);
  };
  std::vector<int32_t> indices;
  const int64_t last = end < -count ? (step > 0 ? 0 : -1) : clamp(end);
  for (int64_t at = clamp(start); step > 0 ? at < last : at > last; at += step) {
    indices.push_back(static_cast<int32_t>(at));
    if (step > count || step < -count) break;  // the next would be outside; also avoids overflow
  }
  return indices;
}

Status LowerSlice(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  std::vector<int64_t> starts = node->Integers("starts");  // opset 9 and older
  std::vector<int64_t> ends = node->Integers("ends");
  std::vector<int64_t> axes = node->Integers("axes");
  std::vector<int64_t> steps;
  std::vector<int64_t>* const parameters[] = {&starts, &ends, &axes, &steps};
  for (size_t i = 0; i < 4; ++i) {
    if (!node->HasInput(i + 1)) continue;
    ASSIGN_OR_RETURN(*parameters[i], planner->KnownInts(*node, i + 1));
  }
  if (axes.empty()) {
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return node->Invalid("has starts, ends, axes and steps of different lengths");
  }
  Sources sources = WholeInput(shape);
  for (size_t i = 0; i < starts.size(); ++i) {
    ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, axes[i], shape.size()));
    if (steps[i] == 0) return node->Invalid("has a step of 0");
    sources[axis] = SliceIndices(starts[i], ends[i], steps[i], shape[axis]);
  }
  return MoveTo(node, planner, std::move(sources));
}

Status LowerGather(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  ASSIGN_OR_RETURN(const auto indices, planner->KnownInput(*node, 1));
  ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, node->Integer("axis", 0), shape.size()));
  if (indices->type != DataType::kInt64) return node->Invalid("takes whole numbers as indices");
  Sources sources = WholeInput(shape);
  sources[axis].clear();
  for (int64_t index : indices->ints) {
    if (index < -shape[axis] || index >= shape[axis])
      return node->Invalid("takes element ", index, " of ", shape[axis]);
    sources[axis].push_back(static_cast<int32_t>(index < 0 ? index + shape[axis] : index));
  }
  RETURN_IF_ERROR(MoveTo(node, planner, std::move(sources)));
  if (indices->shape.size() == 1) return {};
  // The indices' own dimensions take the place of the gathered one.
  Shape gathered(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis));
  gathered.insert(gathered.end(), indices->shape.begin(), indices->shape.end());
  gathered.insert(gathered.end(), shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                  shape.end());
  return SetReshaped(node, planner, planner->Named(node->Output()), std::move(gathered));
}

// Which index of `count` a padded position reads; -1 for the fill.
int64_t PadSource(const std::string& mode, int64_t position, int64_t count) {
  if (position >= 0 && position < count) return position;
  if (mode == "edge") return std::clamp<int64_t>(position, 0, count - 1);
  if (mode == "wrap") return (position % count + count) % count;
  if (mode != "reflect") return -1;
  const int64_t period = std::max<int64_t>(1, 2 * (count - 1));
  const int64_t at = (position % period + period) % period;
  return at < count ? at : period - at;
}

Status LowerPad(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  const std::string mode = node->Text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
    return node->Unsupported("pads in mode ", mode);
  }
  std::vector<int64_t> pads = node->Integers("pads");  // opset 10 and older
  if (node->HasInput(1)) {
    ASSIGN_OR_RETURN(pads, planner->KnownInts(*node, 1));
  }
  float fill = node->Number("value", 0);
  if (node->HasInput(2)) {
    ASSIGN_OR_RETURN(const auto value, planner->KnownInput(*node, 2));
    if (value->floats.size() != 1)
      return node->Unsupported("pads with something that is not one float");
    fill = value->floats[0];
  }
  std::vector<int64_t> axes;
  if (node->HasInput(3)) {
    ASSIGN_OR_RETURN(axes, planner->KnownInts(*node, 3));
  } else {
    for (size_t i = 0; i < shape.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (pads.size() != 2 * axes.size())
    return node->Invalid("has pads of another length than its dimensions");
  Sources sources = WholeInput(shape);
  for (size_t i = 0; i < axes.size(); ++i) {
    ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, axes[i], shape.size()));
    const int64_t before = pads[i];
    const int64_t after = pads[i + axes.size()];
    if (std::max(before, after) > kMaxWindow || std::min(before, after) < -kMaxWindow)
      return node->Unsupported("pads by more than ", kMaxWindow);
    if (shape[axis] == 0 && mode != "constant")
      return node->Invalid("pads nothing by its own elements");
    sources[axis].clear();
    for (int64_t at = -before; at < shape[axis] + after; ++at) {
      sources[axis].push_back(static_cast<int32_t>(PadSource(mode, at, shape[axis])));
    }
  }
  return MoveTo(node, planner, std::move(sources), fill);
}

Status LowerIdentity(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->UncopiedInput(*node, 0));
  planner->SetOutput(node->Output(), input);
  return {};
}

// Outside of training, dropout lets everything through.
Status LowerDropout(NodeReader* node, Planner* planner) {
  if (planner->ReadsOutput(*node, 1)) return node->Unsupported("returns the mask of training");
  (void)node->Number("ratio", 0);
  (void)node->Integer("seed", 0);
  if (node->HasInput(2)) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> training, planner->KnownInts(*node, 2));
    if (training != std::vector<int64_t>{0}) return node->Unsupported("is in training mode");
  }
  return LowerIdentity(node, planner);
}

}  // namespace

std::span<const NamedLowering> LayoutLowerings() {
  static constexpr NamedLowering kTable[] = {
      {"Reshape", LowerReshape},     {"Flatten", LowerFlatten},     {"Squeeze", LowerSqueeze},
      {"Unsqueeze", LowerUnsqueeze}, {"Transpose", LowerTranspose}, {"Concat", LowerConcat},
      {"Slice", LowerSlice},         {"Gather", LowerGather},       {"Pad", LowerPad},
      {"Identity", LowerIdentity},   {"Dropout", LowerDropout}};
  return kTable;
}

}  // namespace insitu
