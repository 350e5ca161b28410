// The values of a plan: how they lie in memory, what of them is known, and their copies.
#include <algorithm>

#include "shared/limits.h"
#include "shared/network/onnx_tensor.h"
#include "shared/network/planner.h"

namespace insitu {

size_t MemoryAxis(size_t place, size_t rank, Layout layout) {
  if (layout == Layout::kPlain || rank < 3 || place == 0) return place;
  return place + 1 < rank ? place + 1 : 1;
}

void AppendTable(size_t axis, int64_t count, int64_t stride, const IndexMap* source,
                 List<int32_t>* tables) {
  for (int64_t at = 0; at < count; ++at) {
    const int64_t from = source == nullptr ? at : (*source)(axis, at);
    tables->push_back(static_cast<int32_t>(from == Remap::kFill ? from : from * stride));
  }
}

namespace {

Shape StridesOf(const Shape& shape, Layout layout) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t place = shape.size(); place-- > 0;) {
    const size_t axis = MemoryAxis(place, shape.size(), layout);
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Both layouts put the elements in one order: strides differ only along dimensions of one element.
bool SameOrder(const Shape& shape) {
  const Shape plain = StridesOf(shape, Layout::kPlain);
  const Shape channels_last = StridesOf(shape, Layout::kChannelsLast);
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] > 1 && plain[axis] != channels_last[axis]) return false;
  }
  return true;
}

}  // namespace

Result<size_t> NormaliseAxis(const NodeReader& node, int64_t axis, size_t rank) {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return node.Invalid("names dimension % of %", axis, rank);
  }
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

Status CheckShape(const NodeReader& node, const Shape& shape) {
  if (shape.size() > static_cast<size_t>(kMaxTensorRank)) {
    return node.Unsupported("makes a tensor of more than % dimensions", kMaxTensorRank);
  }
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim < 0) return node.Invalid("makes a negative dimension: %", ShapeText(shape));
    if (dim > kMaxTensorElements || count * dim > kMaxTensorElements) {
      return node.Unsupported("makes a tensor of %, beyond % elements", ShapeText(shape),
                              kMaxTensorElements);
    }
    count *= std::max<int64_t>(1, dim);  // strides count dimensions beside an empty one too
  }
  return {};
}

Shape Planner::Strides(ValueId id) const { return StridesOf(shape(id), value(id).layout); }

Result<ValueId> Planner::Find(const NodeReader& node, size_t index) {
  if (!node.HasInput(index)) return node.Invalid("lacks its input %", index);
  const ValueId id = Named(node.node().inputs[index]);
  if (id == kNoValue) {
    return node.Invalid("reads '%', which nothing before it makes", node.InputName(index));
  }
  return id;
}

Result<ValueId> Planner::Input(const NodeReader& node, size_t index) {
  ASSIGN_OR_RETURN(const ValueId id, Find(node, index));
  const ValueId source = value(id).flattened;
  if (source < 0) return id;
  ASSIGN_OR_RETURN(const ValueId plain, InLayout(node, source, Layout::kPlain));
  Value& waiting = values_[static_cast<size_t>(id)];
  waiting.buffer = value(plain).buffer;
  waiting.flattened = -1;
  return id;
}

Result<ValueId> Planner::UncopiedInput(const NodeReader& node, size_t index) {
  return Find(node, index);
}

Result<const Tensor*> Planner::KnownInput(const NodeReader& node, size_t index) {
  ASSIGN_OR_RETURN(const ValueId id, Find(node, index));
  if (!value(id).known) {
    return node.Unsupported("computes its input '%' while running; it has to be constant",
                            node.InputName(index));
  }
  Widen(value(id).known);
  return value(id).known;
}

// A constant may have several names, and a node may read it twice.
bool Planner::IsLastRead(const NodeReader& node, size_t index) const {
  const List<NameId>& inputs = node.node().inputs;
  const Constant* known = value(Named(inputs[index])).known;
  const auto is_it = [this, known](NameId name) {
    const ValueId id = name == kNoName ? kNoValue : Named(name);
    return id != kNoValue && value(id).known == known;
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i != index && is_it(inputs[i])) return false;
  }
  for (size_t name = 0; name < readers_.size(); ++name) {
    const Readers& readers = readers_[name];
    if (readers.count == 0 || !is_it(static_cast<NameId>(name))) continue;
    if (readers.last == nullptr || readers.last > &node.node()) return false;
  }
  return !known->is_read;
}

Result<List<float>> Planner::TakenFloats(const NodeReader& node, size_t index) {
  ASSIGN_OR_RETURN(const auto floats, KnownInput(node, index));
  if (floats->type != DataType::kFloat) return node.Unsupported("computes with whole numbers");
  const ValueId id = Named(node.node().inputs[index]);
  Constant* known = value(id).known;
  return IsLastRead(node, index) ? std::move(known->floats) : List<float>(floats->floats);
}

Result<std::span<const int64_t>> Planner::KnownInts(const NodeReader& node, size_t index) {
  ASSIGN_OR_RETURN(const auto known, KnownInput(node, index));
  if (known->type != DataType::kInt64) {
    return node.Invalid("takes whole numbers as its input %", index);
  }
  return std::span<const int64_t>(known->ints);
}

Result<Shape> Planner::KnownShape(const NodeReader& node, size_t index) {
  ASSIGN_OR_RETURN(const auto dims, KnownInts(node, index));
  if (dims.size() > static_cast<size_t>(kMaxTensorRank)) {
    return node.Unsupported("makes a tensor of more than % dimensions", kMaxTensorRank);
  }
  return Shape(dims);
}

Result<ValueId> Planner::Add(const NodeReader& node, const Shape& shape, Layout layout) {
  RETURN_IF_ERROR(CheckShape(node, shape));
  plan_.buffers.push_back(ElementCount(shape));
  values_.push_back(
      {shape, layout, static_cast<int>(plan_.buffers.size()) - 1, nullptr, false, kNoValue});
  return static_cast<ValueId>(values_.size()) - 1;
}

ValueId Planner::Alias(ValueId source, const Shape& shape, Layout layout) {
  Value alias = value(source);
  alias.layout = layout;
  if (alias.known) {
    Tensor tensor = *alias.known;
    tensor.shape = shape;
    alias.known = Keep(std::move(tensor));
  }
  alias.shape = shape;
  values_.push_back(alias);
  return static_cast<ValueId>(values_.size()) - 1;
}

Constant* Planner::Keep(Tensor tensor) {
  plan_.constants.push_back(std::make_unique<Constant>(Constant{std::move(tensor)}));
  return plan_.constants.back().get();
}

ValueId Planner::AddConstant(Tensor tensor) {
  Value constant;
  constant.shape = tensor.shape;
  constant.known = Keep(std::move(tensor));
  constant.folds = true;
  values_.push_back(constant);
  return static_cast<ValueId>(values_.size()) - 1;
}

ValueId Planner::Reshaped(ValueId source, const Shape& shape) {
  const Value& from = value(source);
  if (from.layout == Layout::kPlain || SameOrder(from.shape)) {
    return Alias(source, shape, Layout::kPlain);
  }
  Value waiting;
  waiting.shape = shape;
  waiting.flattened = source;
  values_.push_back(waiting);
  return static_cast<ValueId>(values_.size()) - 1;
}

Result<ValueId> Planner::InLayout(const NodeReader& node, ValueId id, Layout layout) {
  const Value from = value(id);
  if (from.layout == layout) return id;
  if (SameOrder(from.shape)) return Alias(id, from.shape, layout);
  ASSIGN_OR_RETURN(const ValueId copy, Add(node, from.shape, layout));
  EmitMove(node, {.input = id, .output = copy});
  plan_.steps.back().op = layout_step_;
  return copy;
}

void Planner::EmitMove(const NodeReader& node, const Move& move) {
  const Shape& from_dims = shape(move.input);
  const Shape strides = Strides(move.input);
  const Shape output_strides = Strides(move.output);
  Remap remap;
  remap.fill = move.fill;
  remap.output_offset = move.output_offset;
  const Layout layout = value(move.output).layout;
  for (size_t place = 0; place < output_strides.size(); ++place) {
    const size_t axis = MemoryAxis(place, output_strides.size(), layout);
    const size_t from = move.axes.empty() ? axis : static_cast<size_t>(move.axes[axis]);
    const int64_t count = move.dims.empty() ? from_dims[from] : move.dims[axis];
    AppendTable(axis, count, strides[from], move.source, &remap.tables);
    remap.dims.push_back(count);
    remap.output_strides.push_back(output_strides[axis]);
  }
  Emit(node, {move.input}, move.output, MakeOperation(std::move(remap)));
}

}  // namespace insitu
