// Graph -> plan: one pass over the nodes in order. Here, and nowhere else, it is decided how a
// tensor lies in memory, what is known before any image is seen, and which nodes fuse.
//
// Memory. Convolution and pooling want channels last (NHWC); ONNX means NCHW. Each value carries
// its layout; operators that work on any strides take it as it comes, the others ask for one, and a
// copy is planned only where the two orders really differ (not for one channel, nor for one pixel).
// A flatten of a channels-last value is not copied at all when a dense layer follows: the layer's
// weights are put in the order of the memory instead.
//
// Batch. A plan is made for one item (a batch dimension of 1) and run for any number of them.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/list.h"
#include "shared/network/kernels.h"
#include "shared/network/node_reader.h"
#include "shared/network/onnx.h"
#include "shared/network/operation.h"
#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

enum class Layout {
  kPlain,         // ONNX's order: dense, last dimension fastest
  kChannelsLast,  // dimension 1 moved to the end: (N, spatial…, C)
};

// What a step is, for a person.
struct StepInfo {
  std::string op;    // ONNX operator; what was fused with it is not told
  std::string name;  // of the node
  Shape output;      // of one item, in ONNX's order
  int64_t multiply_adds = 0;
  int64_t parameters = 0;
};

struct PlannedOperand {
  int buffer = -1;                   // index into Plan::buffers, or -1:
  const Tensor* constant = nullptr;  // one of Plan::constants
};

// A value that is known before any image is seen.
struct Constant : Tensor {
  bool is_read = false;  // by a step or an output; others are dropped when the plan is made
};

struct PlannedStep {
  NameId op = kNoName;  // this and the following: see StepInfo
  NameId name = kNoName;
  Shape shape;
  int64_t multiply_adds = 0;
  int64_t parameters = 0;
  PlannedOperand operands[kMaxOperands];
  size_t operand_count = 0;
  int output = -1;  // buffer
  std::unique_ptr<Operation> operation;

  std::span<const PlannedOperand> inputs() const { return {operands, operand_count}; }
};

// A graph input or output.
struct PlannedEnd {
  NameId name = kNoName;
  Shape shape;  // of one item, in ONNX's order
  Layout layout = Layout::kPlain;
  PlannedOperand place;
};

struct Plan {
  List<PlannedStep> steps;
  List<int64_t> buffers;  // elements of each, for one item
  List<PlannedEnd> inputs;
  List<PlannedEnd> outputs;
  List<std::unique_ptr<Constant>> constants;
  NameTable names;
};

// The value that an input will have: its shape where the file leaves it open, and its numbers for
// operators that need them before running (an axis, a kernel supplied as an input, as in ONNX's own
// tests).
struct GivenInput {
  std::string name;
  Tensor value;
};

struct PlanOptions {
  // The 4-dimensional input is an image that the caller supplies as (height, width, channels).
  bool image_input = false;
  // So are the outputs, which have 4 dimensions then.
  bool image_output = false;
  std::vector<GivenInput> given_inputs;

  static PlanOptions ForImages() {
    PlanOptions options;
    options.image_input = true;
    return options;
  }
};

Result<Plan> MakePlan(OnnxModel model, const PlanOptions& options);

using ValueId = int;
inline constexpr ValueId kNoValue = -1;

struct Value {
  Shape shape;  // ONNX's order
  Layout layout = Layout::kPlain;
  int buffer = -1;
  Constant* known = nullptr;     // always plain
  bool folds = false;            // `known` is all there is to it: not also a run-time input
  ValueId flattened = kNoValue;  // a reshape whose copy to plain order is not planned yet
};

// Which index of the input's dimension the index `at` of a result reads, or Remap::kFill. Refers to
// the function it is made of, which has to outlive it.
class IndexMap {
 public:
  template <typename Function>
  IndexMap(const Function& function)  // NOLINT: implicit
      : function_(&function), call_([](const void* f, size_t axis, int64_t at) {
          return (*static_cast<const Function*>(f))(axis, at);
        }) {}
  int64_t operator()(size_t axis, int64_t at) const { return call_(function_, axis, at); }

 private:
  const void* function_;
  int64_t (*call_)(const void*, size_t, int64_t);
};

// output[i, j, …] = input[source(0, i), source(1, j), …]
struct Move {
  ValueId input = kNoValue;
  ValueId output = kNoValue;
  Shape dims = {};                   // of the part that is written; none: all of the input
  const IndexMap* source = nullptr;  // none: the same index
  Shape axes = {};                   // the input's dimension for each of the output; none: the same
  int64_t output_offset = 0;         // elements
  float fill = 0;
};

// Appends what a Remap reads along one dimension of `count` indices, a stride apart.
void AppendTable(size_t axis, int64_t count, int64_t stride, const IndexMap* source,
                 List<int32_t>* tables);

// The state of planning, as the lowerings (lower_*.cc) use it.
class Planner {
 public:
  explicit Planner(OnnxModel model)
      : model_(std::move(model)),
        layout_step_(model_.names.Intern("layout")),
        end_step_(model_.names.Intern("output")) {}
  Result<Plan> Make(const PlanOptions& options);

  const OnnxModel& model() const { return model_; }
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  const Shape& shape(ValueId id) const { return value(id).shape; }
  bool IsInt(ValueId id) const {
    return value(id).known && value(id).known->type == DataType::kInt64;
  }

  // Elements between neighbours along each dimension, as the value lies in memory.
  Shape Strides(ValueId id) const;

  // The node's input. An error when it is left out or nothing made it.
  Result<ValueId> Input(const NodeReader& node, size_t index);
  // The same, but a flatten may still be uncopied: see Value::flattened.
  Result<ValueId> UncopiedInput(const NodeReader& node, size_t index);
  // Its value, known before running; the error says which input has to be.
  Result<const Tensor*> KnownInput(const NodeReader& node, size_t index);
  // Its numbers: a copy, or themselves where nothing after the node reads them. What is packed of
  // them then has room where they lay; memory that was once in use is never given back.
  Result<List<float>> TakenFloats(const NodeReader& node, size_t index);
  Result<std::span<const int64_t>> KnownInts(const NodeReader& node, size_t index);

  // A list of those, as long as a shape may be.
  Result<Shape> KnownShape(const NodeReader& node, size_t index);

  // A value in a buffer of its own, still to be written.
  Result<ValueId> Add(const NodeReader& node, const Shape& shape, Layout layout);
  // Another shape for the same memory.
  ValueId Alias(ValueId source, const Shape& shape, Layout layout);
  ValueId AddConstant(Tensor tensor);
  // A reshape of a value, copied to plain order only if somebody needs it.
  ValueId Reshaped(ValueId source, const Shape& shape);

  // The value in the layout asked for: itself, an alias, or a planned copy.
  Result<ValueId> InLayout(const NodeReader& node, ValueId id, Layout layout);

  void SetOutput(NameId name, ValueId id) { named_[static_cast<size_t>(name)] = id; }
  // The value of that name, or kNoValue while nothing has made it.
  ValueId Named(NameId name) const { return named_[static_cast<size_t>(name)]; }

  // Whether anything reads the node's output of that index.
  bool ReadsOutput(const NodeReader& node, size_t index) const {
    return node.HasOutput(index) &&
           readers_[static_cast<size_t>(node.node().outputs[index])].count > 0;
  }
  // The only node that reads the value, as its first input and of ONNX's own, when nothing else
  // does and it is not a graph output.
  const OnnxNode* SoleReader(NameId name) const;
  // Takes the node as done: its work is fused into the one being lowered.
  void MarkFused(const OnnxNode* node) { fused_[IndexOf(node)] = true; }
  // Fuses the Relu and Clip nodes that follow; *output becomes the last one's output.
  Clamp FuseClamp(NameId* output);

  void EmitMove(const NodeReader& node, const Move& move);
  void Emit(const NodeReader& node, std::initializer_list<ValueId> inputs, ValueId output,
            std::unique_ptr<Operation> operation, int64_t multiply_adds = 0,
            int64_t parameters = 0);

 private:
  bool IsOnnxOwn(const OnnxNode& node) const;
  bool IsLastRead(const NodeReader& node, size_t index) const;
  Status AddInputs(const PlanOptions& options);
  Status AddInput(const OnnxValueInfo& input, const PlanOptions& options);
  Status CountReaders();
  Status LowerNode(const OnnxNode& node);
  Status FoldSteps(size_t first_step, const NodeReader& node);
  Result<ValueId> Find(const NodeReader& node, size_t index);
  Status FinishOutputs(const PlanOptions& options);
  PlannedOperand OperandOf(ValueId id) const;
  Constant* Keep(Tensor tensor);
  bool KnownBound(const OnnxNode& node, size_t index, float* bound) const;
  size_t IndexOf(const OnnxNode* node) const {
    return static_cast<size_t>(node - model_.nodes.data());
  }

  struct Readers {
    int count = 0;
    const OnnxNode* last = nullptr;  // null for a graph output
  };

  OnnxModel model_;
  Plan plan_;
  List<Value> values_;
  List<ValueId> named_;    // by NameId
  List<Readers> readers_;  // by NameId
  List<uint8_t> fused_;    // by node
  NameId layout_step_;     // what steps are called that the planner adds by itself
  NameId end_step_;
};

// Plans function(a, b) with broadcasting, clamped by what reads *output_name, which becomes the
// name of the result. (lower_elementwise.cc)
Result<ValueId> EmitBinary(const NodeReader& node, Planner* planner, Binary function, ValueId a,
                           ValueId b, NameId* output_name);

// Some of a tensor's dimensions.
class AxisSet {
 public:
  bool Has(size_t axis) const { return (bits_ >> axis & 1) != 0; }
  void Insert(size_t axis) { bits_ |= 1U << axis; }

 private:
  uint32_t bits_ = 0;
};

// Which dimension lies at that place in the order of memory, outermost first.
size_t MemoryAxis(size_t place, size_t rank, Layout layout);

// Normalises a dimension index that may be negative; an error when it is outside of the rank.
Result<size_t> NormaliseAxis(const NodeReader& node, int64_t axis, size_t rank);

// Whether a tensor that a node makes is within the limits of limits.h. Errors: kModelUnsupported,
// and kModelCorrupt for a negative dimension.
Status CheckShape(const NodeReader& node, const Shape& shape);

// How each operator is planned, by ONNX name.
using Lowering = Status (*)(NodeReader* node, Planner* planner);
struct NamedLowering {
  const char* op_type;
  Lowering lower;
};
// lower_linear.cc, lower_pooling.cc, lower_elementwise.cc, lower_layout.cc, lower_constant.cc
std::span<const NamedLowering> LinearLowerings();
std::span<const NamedLowering> PoolingLowerings();
std::span<const NamedLowering> ElementwiseLowerings();
std::span<const NamedLowering> LayoutLowerings();
std::span<const NamedLowering> ConstantLowerings();

}  // namespace insitu
