// A planned network with its memory: runs any number of items and allocates nothing while it does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/list.h"
#include "shared/network/onnx.h"
#include "shared/network/planner.h"
#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

class Network {
 public:
  // Plans the model and makes room for one item. Errors: kModelUnsupported, kModelCorrupt,
  // kOutOfMemory.
  static Result<Network> Create(OnnxModel model, const PlanOptions& options);

  // Makes room for runs of up to `batch` items at a time, or of fewer where more would only be
  // slower; larger runs go in parts of that size.
  Status Reserve(int batch);

  // inputs[i]: `batch` items of input i, dense, each in the layout of inputs()[i]; outputs
  // likewise, in the layout of outputs()[i]: ONNX's order, if nothing else was asked for. Allocates
  // nothing. Errors: kInvalidArgument when a size does not fit.
  Status Run(int batch, std::span<const std::span<const float>> inputs,
             std::span<const std::span<float>> outputs);

  // A network of one input and one output.
  Status Run(int batch, std::span<const float> input, std::span<float> output);

  // One item of a network of one input and one output, without a copy of either: what RunInPlace
  // reads, and what it writes. Valid until Reserve.
  std::span<float> InputMemory();
  std::span<const float> OutputMemory();
  Status RunInPlace();

  const List<PlannedEnd>& inputs() const { return plan_.inputs; }
  const List<PlannedEnd>& outputs() const { return plan_.outputs; }

  std::string_view NameOf(const PlannedEnd& end) const { return plan_.names.text(end.name); }

  // What will run, in order.
  std::vector<StepInfo> Steps() const;
  // Items that run at a time.
  int reserved() const { return reserved_; }
  // Runs one of Steps() again, on what the memory holds since the last Run(): for profiles.
  void RunStep(size_t step) { plan_.steps[step].operation->Run(); }
  int64_t MultiplyAdds() const;
  int64_t Parameters() const;
  int64_t ArenaBytes() const { return static_cast<int64_t>(arena_.size() * sizeof(float)); }

 private:
  explicit Network(Plan plan) : plan_(std::move(plan)) {}
  void PlaceBuffers();
  Status Bind(int batch);
  float* BufferData(int buffer, int batch);

  Plan plan_;
  List<int64_t> offsets_;      // of each buffer in the arena, elements of one item
  int64_t item_elements_ = 0;  // of the arena, for one item
  List<float> arena_;
  int reserved_ = 0;  // items that the arena has room for
  int bound_ = 0;     // items that the operations are set up for
};

}  // namespace insitu
