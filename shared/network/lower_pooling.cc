// MaxPool, AveragePool, the global pools, ReduceMean and LRN: sums and maxima over neighbours.
#include "shared/network/planner.h"
#include "shared/network/window.h"

namespace insitu {
namespace {

Status LowerPool(NodeReader* node, Planner* planner, Pool::Kind kind) {
  ASSIGN_OR_RETURN(const ValueId any, planner->Input(*node, 0));
  const Shape input_shape = planner->shape(any);
  if (kind == Pool::Kind::kMax && planner->ReadsOutput(*node, 1)) {
    return node->Unsupported("returns the places of its maxima");
  }
  if (node->Integer("storage_order", 0) != 0) return node->Unsupported("has storage_order 1");
  ASSIGN_OR_RETURN(const Window window, ReadWindow(node, input_shape, {}));
  Pool pool{kind, window, input_shape[1], node->Integer("count_include_pad", 0) != 0,
            input_shape[0]};
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, any, Layout::kChannelsLast));
  const Shape shape = WindowedShape(input_shape, pool.channels, window);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kChannelsLast));
  planner->Emit(*node, {input}, output, MakeOperation(pool));
  planner->SetOutput(node->Output(), output);
  return {};
}

Status LowerMaxPool(NodeReader* node, Planner* planner) {
  return LowerPool(node, planner, Pool::Kind::kMax);
}

Status LowerAveragePool(NodeReader* node, Planner* planner) {
  return LowerPool(node, planner, Pool::Kind::kMean);
}

// The mean over the given dimensions; keeps them as 1 when keep.
Status EmitReduce(NodeReader* node, Planner* planner, AxisSet reduced, bool keep) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const Shape shape = planner->shape(input);
  const Layout layout = planner->value(input).layout;
  Shape kept_shape = shape;
  Shape dropped_shape;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (reduced.Has(axis)) {
      kept_shape[axis] = 1;
    } else {
      dropped_shape.push_back(shape[axis]);
    }
  }
  ASSIGN_OR_RETURN(ValueId output, planner->Add(*node, kept_shape, layout));
  const Shape output_strides = planner->Strides(output);
  Reduce reduce{{}, {}, ElementCount(kept_shape)};
  for (size_t place = 0; place < shape.size(); ++place) {
    const size_t axis = MemoryAxis(place, shape.size(), layout);
    reduce.dims.push_back(shape[axis]);
    reduce.output_strides.push_back(reduced.Has(axis) ? 0 : output_strides[axis]);
  }
  planner->Emit(*node, {input}, output, MakeOperation(reduce));
  if (!keep) output = planner->Reshaped(output, dropped_shape);
  planner->SetOutput(node->Output(), output);
  return {};
}

// A pool whose window is the whole image, as one line.
Status LowerGlobalPool(NodeReader* node, Planner* planner, Pool::Kind kind) {
  ASSIGN_OR_RETURN(const ValueId any, planner->Input(*node, 0));
  Shape shape = planner->shape(any);
  if (shape.size() < 3) return node->Invalid("pools an input without spatial dimensions");
  Pool pool{kind, {}, shape[1], false, shape[0]};
  for (size_t axis = 2; axis < shape.size(); ++axis) {
    pool.window.input[1] *= shape[axis];
    shape[axis] = 1;
  }
  pool.window.kernel[1] = pool.window.input[1];
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, any, Layout::kChannelsLast));
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kChannelsLast));
  planner->Emit(*node, {input}, output, MakeOperation(pool));
  planner->SetOutput(node->Output(), output);
  return {};
}

Status LowerGlobalMaxPool(NodeReader* node, Planner* planner) {
  return LowerGlobalPool(node, planner, Pool::Kind::kMax);
}

Status LowerGlobalAveragePool(NodeReader* node, Planner* planner) {
  return LowerGlobalPool(node, planner, Pool::Kind::kMean);
}

Status LowerReduceMean(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId input, planner->Input(*node, 0));
  const size_t rank = planner->shape(input).size();
  std::span<const int64_t> axes = node->Integers("axes");  // before opset 18; then an input
  if (node->HasInput(1)) {
    ASSIGN_OR_RETURN(axes, planner->KnownInts(*node, 1));
  }
  const bool keep = node->Integer("keepdims", 1) != 0;
  if (axes.empty() && node->Integer("noop_with_empty_axes", 0) != 0) {
    planner->SetOutput(node->Output(), input);
    return {};
  }
  AxisSet reduced;
  for (size_t axis = 0; axes.empty() && axis < rank; ++axis) reduced.Insert(axis);
  for (int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t at, NormaliseAxis(*node, axis, rank));
    reduced.Insert(at);
  }
  return EmitReduce(node, planner, reduced, keep);
}

Status LowerLocalResponse(NodeReader* node, Planner* planner) {
  ASSIGN_OR_RETURN(const ValueId any, planner->Input(*node, 0));
  ASSIGN_OR_RETURN(const ValueId input, planner->InLayout(*node, any, Layout::kChannelsLast));
  const Shape shape = planner->shape(input);
  if (shape.size() < 2) return node->Invalid("normalises an input without channels");
  LocalResponse kernel;
  kernel.channels = shape[1];
  kernel.pixels = kernel.channels == 0 ? 0 : ElementCount(shape) / kernel.channels;
  kernel.size = node->Integer("size", 1);
  kernel.alpha = node->Number("alpha", 1e-4F);
  kernel.beta = node->Number("beta", 0.75F);
  kernel.bias = node->Number("bias", 1);
  if (kernel.size < 1) return node->Invalid("has size %", kernel.size);
  ASSIGN_OR_RETURN(const ValueId output, planner->Add(*node, shape, Layout::kChannelsLast));
  planner->Emit(*node, {input}, output, MakeOperation(kernel));
  planner->SetOutput(node->Output(), output);
  return {};
}

}  // namespace

std::span<const NamedLowering> PoolingLowerings() {
  static constexpr NamedLowering kTable[] = {{"MaxPool", LowerMaxPool},
                                             {"AveragePool", LowerAveragePool},
                                             {"GlobalMaxPool", LowerGlobalMaxPool},
                                             {"GlobalAveragePool", LowerGlobalAveragePool},
                                             {"ReduceMean", LowerReduceMean},
                                             {"LRN", LowerLocalResponse}};
  return kTable;
}

}  // namespace insitu
