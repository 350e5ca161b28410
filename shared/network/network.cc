#include "shared/network/network.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "shared/divide_up.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// The steps between which a buffer holds something that is still needed.
struct Lifetime {
  int first = std::numeric_limits<int>::max();
  int last = -1;

  void Include(int step) {
    first = std::min(first, step);
    last = std::max(last, step);
  }
  bool Overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

List<Lifetime> Lifetimes(const Plan& plan) {
  List<Lifetime> lifetimes(plan.buffers.size(), Lifetime());
  const auto include = [&lifetimes](int buffer, int step) {
    if (buffer >= 0) lifetimes[static_cast<size_t>(buffer)].Include(step);
  };
  for (const PlannedEnd& input : plan.inputs) include(input.place.buffer, 0);
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const int step = static_cast<int>(i) + 1;
    for (const PlannedOperand& input : plan.steps[i].inputs()) include(input.buffer, step);
    include(plan.steps[i].output, step);
  }
  const int end = static_cast<int>(plan.steps.size()) + 1;
  for (const PlannedEnd& output : plan.outputs) include(output.place.buffer, end);
  return lifetimes;
}

// A larger batch goes in parts: as many items at a time as have their buffers in so much of a
// core's second cache, or in as much again as the weights take, which every part reads anew.
constexpr int64_t kCachedBytes = 512 << 10;

constexpr int64_t kAlignment = 16;  // elements: 64 bytes, a cache line

int64_t Aligned(int64_t elements) { return RoundUp(elements, kAlignment); }

}  // namespace

Result<Network> Network::Create(OnnxModel model, const PlanOptions& options) {
  ASSIGN_OR_RETURN(Plan plan, MakePlan(std::move(model), options));
  Network network(std::move(plan));
  network.PlaceBuffers();
  RETURN_IF_ERROR(network.Reserve(1));
  return network;
}

// Largest first, each at the lowest offset where nothing that lives at the same time lies.
void Network::PlaceBuffers() {
  const List<Lifetime> lifetimes = Lifetimes(plan_);
  List<size_t> order(plan_.buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto before = [this](size_t a, size_t b) {
    return plan_.buffers[a] != plan_.buffers[b] ? plan_.buffers[a] > plan_.buffers[b] : a < b;
  };
  std::make_heap(order.begin(), order.end(), before);  // std::sort is ten times the code
  std::sort_heap(order.begin(), order.end(), before);
  offsets_.assign(plan_.buffers.size(), 0);
  List<size_t> placed;  // by offset
  for (size_t buffer : order) {
    if (lifetimes[buffer].last < 0) continue;  // fused or folded away
    const int64_t size = Aligned(plan_.buffers[buffer]);
    int64_t offset = 0;
    for (size_t other : placed) {
      if (!lifetimes[buffer].Overlaps(lifetimes[other])) continue;
      if (offsets_[other] >= offset + size) break;
      offset = std::max(offset, offsets_[other] + Aligned(plan_.buffers[other]));
    }
    offsets_[buffer] = offset;
    item_elements_ = std::max(item_elements_, offset + size);
    placed.push_back(buffer);
    for (size_t i = placed.size() - 1; i > 0 && offsets_[placed[i - 1]] > offset; --i) {
      std::swap(placed[i], placed[i - 1]);
    }
  }
}

// Offsets are multiples of the batch, so a smaller batch fits wherever a larger one does.
float* Network::BufferData(int buffer, int batch) {
  return arena_.data() + offsets_[static_cast<size_t>(buffer)] * batch;
}

Status Network::Reserve(int batch) {
  const int64_t fitting = (kCachedBytes / static_cast<int64_t>(sizeof(float)) + Parameters()) /
                          std::max<int64_t>(1, item_elements_);
  if (batch > fitting) {
    batch = 1;  // a power of two, of which common batches are multiples
    while (batch <= fitting / 2) batch *= 2;
  }
  if (batch <= reserved_) return {};
  const int64_t elements = item_elements_ * batch;
  if (elements > kMaxArenaBytes / static_cast<int64_t>(sizeof(float))) {
    return Fail(ErrorCode::kOutOfMemory, "The model needs % MiB to run; the limit is % MiB.",
                elements / (1 << 18), kMaxArenaBytes >> 20);
  }
  arena_.assign(static_cast<size_t>(elements), 0);
  reserved_ = batch;
  return Bind(batch);
}

Status Network::Bind(int batch) {
  bound_ = 0;
  for (PlannedStep& step : plan_.steps) {
    Operand operands[kMaxOperands];
    for (size_t i = 0; i < step.operand_count; ++i) {
      const PlannedOperand& input = step.operands[i];
      if (input.buffer >= 0) {
        operands[i] = {BufferData(input.buffer, batch),
                       plan_.buffers[static_cast<size_t>(input.buffer)]};
      } else {
        operands[i] = {input.constant->floats.data(), 0};
      }
    }
    RETURN_IF_ERROR(step.operation->Bind(batch, {operands, step.operand_count},
                                         BufferData(step.output, batch),
                                         plan_.buffers[static_cast<size_t>(step.output)]));
  }
  bound_ = batch;
  return {};
}

Status Network::Run(int batch, std::span<const std::span<const float>> inputs,
                    std::span<const std::span<float>> outputs) {
  const auto wrong_size = [] {
    return Fail(ErrorCode::kInvalidArgument,
                "The network was given an input or output of another size.");
  };
  if (batch < 1 || inputs.size() != plan_.inputs.size() || outputs.size() != plan_.outputs.size()) {
    return wrong_size();
  }
  const auto count = static_cast<size_t>(batch);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size() != count * static_cast<size_t>(ElementCount(plan_.inputs[i].shape)))
      return wrong_size();
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].size() != count * static_cast<size_t>(ElementCount(plan_.outputs[i].shape)))
      return wrong_size();
  }
  for (int done = 0; done < batch; done += reserved_) {
    const int part = std::min(reserved_, batch - done);
    if (part != bound_) RETURN_IF_ERROR(Bind(part));
    for (size_t i = 0; i < inputs.size(); ++i) {
      const size_t item = inputs[i].size() / count;
      const auto from =
          inputs[i].subspan(static_cast<size_t>(done) * item, static_cast<size_t>(part) * item);
      std::copy(from.begin(), from.end(), BufferData(plan_.inputs[i].place.buffer, part));
    }
    for (PlannedStep& step : plan_.steps) step.operation->Run();
    for (size_t i = 0; i < outputs.size(); ++i) {
      const size_t item = outputs[i].size() / count;
      const PlannedOperand& place = plan_.outputs[i].place;
      float* to = outputs[i].data() + static_cast<size_t>(done) * item;
      if (place.buffer >= 0) {
        std::copy_n(BufferData(place.buffer, part), static_cast<size_t>(part) * item, to);
      } else {
        for (int k = 0; k < part; ++k, to += item)
          std::copy_n(place.constant->floats.data(), item, to);
      }
    }
  }
  return {};
}

Status Network::Run(int batch, std::span<const float> input, std::span<float> output) {
  const std::span<const float> inputs[] = {input};
  const std::span<float> outputs[] = {output};
  return Run(batch, inputs, outputs);
}

std::span<float> Network::InputMemory() {
  const PlannedEnd& end = plan_.inputs[0];
  return {BufferData(end.place.buffer, 1), static_cast<size_t>(ElementCount(end.shape))};
}

std::span<const float> Network::OutputMemory() {
  const PlannedEnd& end = plan_.outputs[0];
  const float* data =
      end.place.buffer >= 0 ? BufferData(end.place.buffer, 1) : end.place.constant->floats.data();
  return {data, static_cast<size_t>(ElementCount(end.shape))};
}

Status Network::RunInPlace() {
  if (bound_ != 1) RETURN_IF_ERROR(Bind(1));
  for (PlannedStep& step : plan_.steps) step.operation->Run();
  return {};
}

std::vector<StepInfo> Network::Steps() const {
  std::vector<StepInfo> steps;
  for (const PlannedStep& step : plan_.steps) {
    steps.push_back({std::string(plan_.names.text(step.op)),
                     std::string(plan_.names.text(step.name)), step.shape, step.multiply_adds,
                     step.parameters});
  }
  return steps;
}

int64_t Network::MultiplyAdds() const {
  int64_t sum = 0;
  for (const PlannedStep& step : plan_.steps) sum += step.multiply_adds;
  return sum;
}

int64_t Network::Parameters() const {
  int64_t sum = 0;
  for (const PlannedStep& step : plan_.steps) sum += step.parameters;
  return sum;
}

}  // namespace insitu
