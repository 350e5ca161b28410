#include "shared/network/planner.h"

#include <algorithm>

#include "shared/limits.h"
#include "shared/network/onnx_tensor.h"

namespace insitu {
namespace {

const NamedLowering* FindLowering(std::string_view op_type) {
  for (const auto& table : {LinearLowerings(), PoolingLowerings(), ElementwiseLowerings(),
                            LayoutLowerings(), ConstantLowerings()}) {
    for (const NamedLowering& entry : table) {
      if (op_type == entry.op_type) return &entry;
    }
  }
  return nullptr;
}

}  // namespace

// Not of another domain, whose operators may have the same names.
bool Planner::IsOnnxOwn(const OnnxNode& node) const {
  const std::string_view domain = model_.names.text(node.domain);
  return domain.empty() || domain == "ai.onnx";
}

const OnnxNode* Planner::SoleReader(NameId name) const {
  const Readers& readers = readers_[static_cast<size_t>(name)];
  const bool alone = readers.count == 1 && readers.last != nullptr &&
                     readers.last->inputs[0] == name && IsOnnxOwn(*readers.last);
  return alone ? readers.last : nullptr;
}

// A node's constant parameter as a bound for fusing: absent means no bound.
bool Planner::KnownBound(const OnnxNode& node, size_t index, float* bound) const {
  if (index >= node.inputs.size() || node.inputs[index] == kNoName) return true;
  const ValueId id = Named(node.inputs[index]);
  if (id == kNoValue || !value(id).known) return false;
  Widen(value(id).known);
  if (value(id).known->floats.size() != 1) return false;
  *bound = value(id).known->floats[0];
  return true;
}

Clamp Planner::FuseClamp(NameId* output) {
  Clamp clamp;
  while (const OnnxNode* next = SoleReader(*output)) {
    if (next->outputs.empty()) break;  // which is refused when it is lowered
    Clamp step;
    const std::string_view op_type = model_.names.text(next->op_type);
    if (op_type == "Relu") {
      step.low = 0;
    } else if (op_type != "Clip" || !next->attributes.empty() || next->inputs[0] != *output ||
               !KnownBound(*next, 1, &step.low) || !KnownBound(*next, 2, &step.high)) {
      break;
    }
    clamp = {step(clamp.low), step(clamp.high)};
    MarkFused(next);
    *output = next->outputs[0];
  }
  return clamp;
}

PlannedOperand Planner::OperandOf(ValueId id) const {
  const Value& from = value(id);
  if (from.buffer >= 0) return {from.buffer, nullptr};
  if (from.known != nullptr) {
    from.known->is_read = true;
    Widen(from.known);
  }
  return {-1, from.known};
}

void Planner::Emit(const NodeReader& node, std::initializer_list<ValueId> inputs, ValueId output,
                   std::unique_ptr<Operation> operation, int64_t multiply_adds,
                   int64_t parameters) {
  PlannedStep& step = plan_.steps.emplace_back();
  step.op = node.node().op_type;
  step.name = node.node().name;
  step.shape = shape(output);
  step.multiply_adds = multiply_adds;
  step.parameters = parameters;
  for (ValueId input : inputs) step.operands[step.operand_count++] = OperandOf(input);
  step.output = value(output).buffer;
  step.operation = std::move(operation);
}

Status Planner::AddInput(const OnnxValueInfo& input, const PlanOptions& options) {
  const std::string_view name = model_.names.text(input.name);
  const auto bad = [&name](std::string_view what) {
    return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: its input '%' %.", name,
                what);
  };
  Value value;
  value.shape = input.shape;
  for (const GivenInput& given : options.given_inputs) {
    if (given.name != name) continue;
    value.shape = given.value.shape;
    value.known = Keep(given.value);
    value.folds = given.value.type == DataType::kInt64;
  }
  if (!value.known) {
    if (!value.shape.empty() && value.shape[0] == -1) value.shape[0] = 1;  // the batch
    if (std::find(value.shape.begin(), value.shape.end(), -1) != value.shape.end()) {
      return bad("has no fixed size; export the model with one");
    }
  }
  if (value.folds && !IsOnnxInteger(input.element_type))
    return bad("is not of a type that is known");
  if (!value.folds) {
    if (input.element_type != kOnnxFloat) return bad("is not of type float");
    if (value.shape.size() > static_cast<size_t>(kMaxTensorRank))
      return bad("has too many dimensions");
    int64_t count = 1;
    for (int64_t dim : value.shape) {
      if (dim > kMaxTensorElements || count * dim > kMaxTensorElements) return bad("is too large");
      count *= dim;
    }
    // An image comes as (height, width, channels), which is a plain N, H, W, C input as it stands.
    const bool is_nhwc = value.shape.size() == 4 && value.shape[1] > 4 && value.shape[3] <= 4;
    if (options.image_input && value.shape.size() == 4 && !is_nhwc) {
      value.layout = Layout::kChannelsLast;
    }
    plan_.buffers.push_back(count);
    value.buffer = static_cast<int>(plan_.buffers.size()) - 1;
    plan_.inputs.push_back({input.name, value.shape, value.layout, {value.buffer, nullptr}});
  }
  values_.push_back(value);
  SetOutput(input.name, static_cast<ValueId>(values_.size()) - 1);
  return {};
}

Status Planner::AddInputs(const PlanOptions& options) {
  named_.assign(model_.names.size(), kNoValue);
  for (auto& [name, tensor] : model_.initializers) SetOutput(name, AddConstant(std::move(tensor)));
  model_.initializers.clear();
  for (const OnnxValueInfo& input : model_.inputs) RETURN_IF_ERROR(AddInput(input, options));
  return {};
}

Status Planner::CountReaders() {
  readers_.assign(model_.names.size(), {});
  fused_.assign(model_.nodes.size(), false);
  const auto read = [this](NameId name, const OnnxNode* by) {
    if (name == kNoName) return;
    Readers& readers = readers_[static_cast<size_t>(name)];
    ++readers.count;
    readers.last = by;
  };
  List<uint8_t> made(model_.names.size());
  for (const OnnxNode& node : model_.nodes) {
    for (NameId input : node.inputs) read(input, &node);
    for (NameId output : node.outputs) {
      if (output == kNoName) continue;
      if (Named(output) != kNoValue || made[static_cast<size_t>(output)]++ != 0) {
        return Fail(ErrorCode::kModelCorrupt, "The model contradicts itself: '%' is made twice.",
                    model_.names.text(output));
      }
    }
  }
  for (const OnnxValueInfo& output : model_.outputs) read(output.name, nullptr);
  return {};
}

Status Planner::LowerNode(const OnnxNode& node) {
  NodeReader reader(node, model_);
  const NamedLowering* entry = FindLowering(reader.op_type());
  const std::string_view domain = model_.names.text(node.domain);
  if (entry == nullptr || !IsOnnxOwn(node)) {
    return Fail(ErrorCode::kModelUnsupported,
                "The model cannot be run: operator %% (node '%') is not supported.",
                domain.empty() ? "" : StrCat(domain, "."), reader.op_type(),
                model_.names.text(node.name));
  }
  if (!reader.HasOutput(0)) return reader.Invalid("has no output");
  bool folds = true;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!reader.HasInput(i)) continue;
    ASSIGN_OR_RETURN(const ValueId id, Find(reader, i));
    folds = folds && value(id).folds;
  }
  const size_t first_step = plan_.steps.size();
  RETURN_IF_ERROR(entry->lower(&reader, this));
  RETURN_IF_ERROR(reader.CheckAllUnderstood());
  for (size_t i = first_step; i < plan_.steps.size(); ++i) {
    for (const PlannedOperand& input : plan_.steps[i].inputs()) {
      if (input.buffer < 0 && (!input.constant || input.constant->type != DataType::kFloat)) {
        return reader.Unsupported("computes with whole numbers");
      }
    }
  }
  return folds && plan_.steps.size() > first_step ? FoldSteps(first_step, reader) : Status();
}

// Runs the steps just planned, which read constants only, and keeps their result as a constant.
Status Planner::FoldSteps(size_t first_step, const NodeReader& node) {
  // With a fused Relu the result belongs to that node's output: the newest name.
  NameId name = node.Output();
  while (Named(name) == kNoValue) name = SoleReader(name)->outputs[0];
  ASSIGN_OR_RETURN(const ValueId plain, InLayout(node, Named(name), Layout::kPlain));
  List<List<float>> memory(plan_.buffers.size());
  const auto of = [&memory](int buffer) { return &memory[static_cast<size_t>(buffer)]; };
  for (size_t i = first_step; i < plan_.steps.size(); ++i) {
    PlannedStep& step = plan_.steps[i];
    List<float>& output = *of(step.output);
    output.resize(static_cast<size_t>(plan_.buffers[static_cast<size_t>(step.output)]) + 4);
    Operand operands[kMaxOperands];
    for (size_t k = 0; k < step.operand_count; ++k) {
      const PlannedOperand& input = step.operands[k];
      operands[k].data =
          input.buffer >= 0 ? of(input.buffer)->data() : input.constant->floats.data();
    }
    RETURN_IF_ERROR(step.operation->Bind(1, {operands, step.operand_count}, output.data(), 0));
    step.operation->Run();
  }
  Tensor tensor{DataType::kFloat, shape(plain), std::move(*of(value(plain).buffer)), {}};
  tensor.floats.resize(static_cast<size_t>(ElementCount(tensor.shape)));
  plan_.steps.truncate(first_step);
  SetOutput(name, AddConstant(std::move(tensor)));
  return {};
}

Status Planner::FinishOutputs(const PlanOptions& options) {
  const Layout layout = options.image_output ? Layout::kChannelsLast : Layout::kPlain;
  for (const OnnxValueInfo& output : model_.outputs) {
    OnnxNode end;  // stands for the graph's end where a copy to plain order is needed
    end.op_type = end_step_;
    end.name = output.name;
    end.inputs.push_back(output.name);
    const NodeReader reader(end, model_);
    ASSIGN_OR_RETURN(const ValueId found, Input(reader, 0));
    ASSIGN_OR_RETURN(const ValueId id, InLayout(reader, found, layout));
    plan_.outputs.push_back({output.name, shape(id), layout, OperandOf(id)});
  }
  if (plan_.outputs.empty()) {
    return Fail(ErrorCode::kModelCorrupt, "The model contradicts itself: its graph has no output.");
  }
  return {};
}

Result<Plan> Planner::Make(const PlanOptions& options) {
  RETURN_IF_ERROR(AddInputs(options));
  RETURN_IF_ERROR(CountReaders());
  // Constants first: exporters write them just before the node they belong to, which would be too
  // late for the node before that one to fuse with it.
  for (const OnnxNode& node : model_.nodes) {
    if (model_.names.text(node.op_type) != "Constant") continue;
    RETURN_IF_ERROR(LowerNode(node));
    MarkFused(&node);
  }
  for (const OnnxNode& node : model_.nodes) {
    if (!fused_[IndexOf(&node)]) RETURN_IF_ERROR(LowerNode(node));
  }
  RETURN_IF_ERROR(FinishOutputs(options));
  plan_.constants.remove_if([](const auto& constant) { return !constant->is_read; });
  plan_.names = std::move(model_.names);
  return std::move(plan_);
}

Result<Plan> MakePlan(OnnxModel model, const PlanOptions& options) {
  return Planner(std::move(model)).Make(options);
}

}  // namespace insitu
