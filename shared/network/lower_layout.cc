// Operators that only move elements: each is a Remap (kernels.h) or another shape for the same
// memory. Whole numbers (shapes, indices) are moved while planning, by the same tables.
#include <algorithm>
#include <cstdlib>

#include "shared/limits.h"
#include "shared/network/planner.h"

namespace insitu {
namespace {

Status MoveInts(NodeReader* node, Planner* planner, ValueId input, const Shape& shape,
                const IndexMap& source) {
  const auto known = planner->value(input).known;
  if (!known) return node->Unsupported("moves whole numbers that are not constant");
  RETURN_IF_ERROR(CheckShape(*node, shape));
  const Shape strides = DenseStrides(known->shape);
  Remap remap;
  remap.dims = shape;
  remap.output_strides = DenseStrides(shape);
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    AppendTable(axis, shape[axis], strides[axis], &source, &remap.tables);
  }
  Tensor moved{
      DataType::kInt64, shape, {}, List<int64_t>(static_cast<size_t>(ElementCount(shape)))};
  remap.Copy(known->ints.data(), moved.ints.data());
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(moved)));
  return {};
}

// Plans output[i, j, …] = input[source(0, i), source(1, j), …] in the input's own layout.
Status MoveTo(NodeReader* node, Planner* planner, const Shape& shape, const IndexMap& source,
              float fill = 0) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  if (planner->IsInt(input)) return MoveInts(node, planner, input, shape, source);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, planner->value(input).layout));
  planner->EmitMove(
      *node, {.input = input, .output = output, .dims = shape, .source = &source, .fill = fill});
  planner->SetOutput(node->Output(), output);
  return {};
}

Status SetReshaped(NodeReader* node, Planner* planner, ValueId input, const Shape& shape) {
  RETURN_IF_ERROR(CheckShape(*node, shape));
  if (ElementCount(shape) != ElementCount(planner->shape(input))) {
    return node->Invalid("turns % into %", ShapeText(planner->shape(input)), ShapeText(shape));
  }
  planner->SetOutput(node->Output(), planner->Reshaped(input, shape));
  return {};
}

Status LowerReshape(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(Shape shape, planner->KnownShape(*node, 1));
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
      return node->Invalid("has % in its shape", shape[axis]);
    }
  }
  if (open < shape.size()) shape[open] = known == 0 ? 0 : ElementCount(from) / known;
  return SetReshaped(node, planner, input, shape);
}

Status LowerFlatten(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape& from = planner->shape(input);
  const auto rank = static_cast<int64_t>(from.size());
  int64_t axis = node->Integer("axis", 1);
  if (axis < -rank || axis > rank) return node->Invalid("names dimension % of %", axis, rank);
  if (axis < 0) axis += rank;
  Shape shape = {1, 1};
  for (int64_t i = 0; i < rank; ++i) shape[i < axis ? 0 : 1] *= from[static_cast<size_t>(i)];
  return SetReshaped(node, planner, input, shape);
}

// The axes attribute (before opset 13) or input.
Result<std::span<const int64_t>> Axes(NodeReader* node, Planner* planner) {
  if (node->HasInput(1)) return planner->KnownInts(*node, 1);
  return node->Integers("axes");
}

Status LowerSqueeze(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  ASSIGN_OR_RETURN(const auto axes, Axes(node, planner));
  AxisSet dropped;
  for (int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t at, NormaliseAxis(*node, axis, from.size()));
    if (from[at] != 1) return node->Invalid("squeezes a dimension of %", from[at]);
    dropped.Insert(at);
  }
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (axes.empty() ? from[i] != 1 : !dropped.Has(i)) shape.push_back(from[i]);
  }
  return SetReshaped(node, planner, input, shape);
}

Status LowerUnsqueeze(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  ASSIGN_OR_RETURN(const auto axes, Axes(node, planner));
  const size_t rank = from.size() + axes.size();
  if (rank > static_cast<size_t>(kMaxTensorRank))
    return node->Unsupported("makes too many dimensions");
  AxisSet added;
  for (int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t at, NormaliseAxis(*node, axis, rank));
    if (added.Has(at)) return node->Invalid("names a dimension twice");
    added.Insert(at);
  }
  Shape shape;
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i) shape.push_back(added.Has(i) ? 1 : from[next++]);
  return SetReshaped(node, planner, input, shape);
}

Status LowerTranspose(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape from = planner->shape(input);
  const std::span<const int64_t> named = node->Integers("perm");
  Shape order;
  if (named.empty()) {
    for (size_t axis = from.size(); axis-- > 0;) order.push_back(static_cast<int64_t>(axis));
  } else if (named.size() == from.size()) {
    order = Shape(named);
  }
  AxisSet seen;
  Shape shape;
  for (int64_t axis : order) {
    const auto at = static_cast<size_t>(axis);  // a negative one is beyond any size
    if (at >= from.size() || seen.Has(at)) break;
    seen.Insert(at);
    shape.push_back(from[at]);
  }
  if (shape.size() != from.size()) return node->Invalid("has a perm that is no permutation");
  if (planner->IsInt(input)) return node->Unsupported("transposes whole numbers");
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kPlain));
  planner->EmitMove(*node, {.input = input, .output = output, .axes = order});
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
    for (int64_t value : part->ints) joined.ints.push_back(value);
  }
  planner->SetOutput(node->Output(), planner->AddConstant(std::move(joined)));
  return {};
}

Status LowerConcat(NodeReader* node, Planner* planner) {
  const size_t count = node->node().inputs.size();
  if (count == 0) return node->Invalid("joins nothing");
  Layout layout = Layout::kPlain;
  ValueId first = kNoValue;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, i));
    if (i == 0) first = input;
    if (planner->value(input).layout == Layout::kChannelsLast) layout = Layout::kChannelsLast;
  }
  Shape shape = planner->shape(first);
  ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, node->Integer("axis", 1), shape.size()));
  if (planner->IsInt(first)) return ConcatInts(node, planner);
  shape[axis] = 0;
  for (size_t i = 0; i < count; ++i) {
    const ValueId input = planner->Named(node->node().inputs[i]);
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
  for (size_t i = 0; i < count; ++i) {
    const ValueId input = planner->Named(node->node().inputs[i]);
    planner->EmitMove(*node, {.input = input, .output = output, .output_offset = offset * stride});
    offset += planner->shape(input)[axis];
  }
  planner->SetOutput(node->Output(), output);
  return {};
}

// A stretch of indices that start:end:step selects.
struct Selected {
  int64_t first = 0;
  int64_t step = 1;
  int64_t count = 0;
};

// Of `size` indices, by ONNX's clamping rules.
Selected Select(int64_t start, int64_t end, int64_t step, int64_t size) {
  const auto clamp = [size, step](int64_t at) {
    at = at < -size ? -1 : (at < 0 ? at + size : at);  // -size - 1 and below lie before the start
    return step > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
  };
  const int64_t first = clamp(start);
  const int64_t length = step > 0 ? clamp(end) - first : first - clamp(end);
  // A longer step selects no more, and may overflow.
  const int64_t stride = std::clamp<int64_t>(step, -size - 1, size + 1);
  const int64_t magnitude = std::abs(stride);
  return {first, stride, length <= 0 ? 0 : (length + magnitude - 1) / magnitude};
}

Status LowerSlice(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  std::span<const int64_t> starts = node->Integers("starts");  // opset 9 and older
  std::span<const int64_t> ends = node->Integers("ends");
  std::span<const int64_t> axes = node->Integers("axes");
  std::span<const int64_t> steps;
  std::span<const int64_t>* const parameters[] = {&starts, &ends, &axes, &steps};
  for (size_t i = 0; i < 4; ++i) {
    if (!node->HasInput(i + 1)) continue;
    ASSIGN_OR_RETURN(*parameters[i], planner->KnownInts(*node, i + 1));
  }
  if (ends.size() != starts.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size())) {
    return node->Invalid("has starts, ends, axes and steps of different lengths");
  }
  Selected selected[kMaxTensorRank];
  Shape sizes = shape;
  for (size_t i = 0; i < shape.size(); ++i) selected[i].count = shape[i];
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t named = axes.empty() ? static_cast<int64_t>(i) : axes[i];
    const int64_t step = steps.empty() ? 1 : steps[i];
    ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, named, shape.size()));
    if (step == 0) return node->Invalid("has a step of 0");
    selected[axis] = Select(starts[i], ends[i], step, shape[axis]);
    sizes[axis] = selected[axis].count;
  }
  return MoveTo(node, planner, sizes, [&selected](size_t axis, int64_t at) {
    return selected[axis].first + at * selected[axis].step;
  });
}

Status LowerGather(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  ASSIGN_OR_RETURN(const auto indices, planner->KnownInput(*node, 1));
  ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, node->Integer("axis", 0), shape.size()));
  if (indices->type != DataType::kInt64) return node->Invalid("takes whole numbers as indices");
  const int64_t count = shape[axis];
  for (int64_t index : indices->ints) {
    if (index < -count || index >= count)
      return node->Invalid("takes element % of %", index, count);
  }
  Shape sizes = shape;
  sizes[axis] = static_cast<int64_t>(indices->ints.size());
  RETURN_IF_ERROR(
      MoveTo(node, planner, sizes, [axis, count, indices](size_t moved, int64_t at) -> int64_t {
        if (moved != axis) return at;
        const int64_t index = indices->ints[static_cast<size_t>(at)];
        return index < 0 ? index + count : index;
      }));
  if (indices->shape.size() == 1) return {};
  // The indices' own dimensions take the place of the gathered one.
  if (shape.size() - 1 + indices->shape.size() > static_cast<size_t>(kMaxTensorRank))
    return node->Unsupported("makes too many dimensions");
  Shape gathered(shape.part(0, axis));
  for (int64_t dim : indices->shape) gathered.push_back(dim);
  for (int64_t dim : shape.part(axis + 1)) gathered.push_back(dim);
  return SetReshaped(node, planner, planner->Named(node->Output()), gathered);
}

// Which index of `count` a padded position reads; -1 for the fill.
int64_t PadSource(std::string_view mode, int64_t position, int64_t count) {
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
  const std::string_view mode = node->Text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
    return node->Unsupported("pads in mode %", mode);
  }
  std::span<const int64_t> pads = node->Integers("pads");  // opset 10 and older
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
  std::span<const int64_t> axes;
  if (node->HasInput(3)) {
    ASSIGN_OR_RETURN(axes, planner->KnownInts(*node, 3));
  }
  const size_t count = node->HasInput(3) ? axes.size() : shape.size();
  if (pads.size() != 2 * count)
    return node->Invalid("has pads of another length than its dimensions");
  Shape padded = shape;
  Shape before(shape.size());
  for (size_t i = 0; i < count; ++i) {
    const int64_t named = node->HasInput(3) ? axes[i] : static_cast<int64_t>(i);
    ASSIGN_OR_RETURN(const size_t axis, NormaliseAxis(*node, named, shape.size()));
    const int64_t after = pads[i + count];
    before[axis] = pads[i];
    if (std::max(before[axis], after) > kMaxWindow || std::min(before[axis], after) < -kMaxWindow)
      return node->Unsupported("pads by more than %", kMaxWindow);
    if (shape[axis] == 0 && mode != "constant")
      return node->Invalid("pads nothing by its own elements");
    padded[axis] = std::max<int64_t>(0, before[axis] + shape[axis] + after);
  }
  return MoveTo(
      node, planner, padded,
      [&](size_t axis, int64_t at) { return PadSource(mode, at - before[axis], shape[axis]); },
      fill);
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
    ASSIGN_OR_RETURN(const auto training, planner->KnownInts(*node, 2));
    if (training.size() != 1 || training[0] != 0) return node->Unsupported("is in training mode");
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
