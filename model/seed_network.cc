#include "model/seed_network.h"

#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>

namespace insitu {
namespace {

using torch::Tensor;

constexpr size_t kTensors = 8;

// glibc gives blocks beyond these sizes back to the system at once; a step frees and takes hundreds
// of MB again, and the page faults cost a third of its time.
constexpr int kKeptBlockBytes = 32 << 20;
constexpr int kKeptHeapBytes = 1 << 30;

using Parameters = std::array<Tensor, kTensors>;
using Sizes = std::vector<int64_t>;

// The dense layers are convolutions over the whole of their input: the same sums, but through
// oneDNN, so that neither speed nor result depends on the BLAS that is installed.
std::array<Sizes, kTensors> ParameterSizes(const SeedShape& s) {
  return {{{s.conv1_filters, kSeedChannels, s.conv1_side, s.conv1_side},
           {s.conv1_filters},
           {s.conv2_filters, s.conv1_filters, s.conv2_side, s.conv2_side},
           {s.conv2_filters},
           {s.dense, s.conv2_filters, s.side2(), s.side2()},
           {s.dense},
           {kSeedLabels, s.dense, 1, 1},
           {kSeedLabels}}};
}

// He's initialisation for layers that feed a ReLU; biases start at zero.
Parameters InitialParameters(const SeedShape& shape) {
  const std::array<Sizes, kTensors> sizes = ParameterSizes(shape);
  Parameters parameters;
  for (size_t i = 0; i < kTensors; ++i) {
    parameters[i] = torch::empty(sizes[i]);
    if (sizes[i].size() == 1) {
      parameters[i].zero_();
    } else {
      torch::nn::init::kaiming_uniform_(parameters[i], 0.0, torch::kFanIn, torch::kReLU);
    }
  }
  return parameters;
}

// Mean and variance of each filter's pooled output over the batches seen so far, newer ones more.
struct BatchStatistics {
  Tensor mean, variance;
};
using Statistics = std::array<BatchStatistics, 2>;  // of the two convolutions

constexpr double kStatisticsMomentum = 0.01;
constexpr double kVarianceFloor = 1e-5;

// Convolution, pool, ReLU. Pooling first gives the same values with a quarter of the work for what
// follows. statistics: null unless each filter is brought to mean 0 and variance 1 over the batch.
Tensor Convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, int pool,
                BatchStatistics* statistics) {
  if (statistics == nullptr) {
    return torch::relu(torch::max_pool2d(torch::conv2d(x, weight, bias), pool));
  }
  const Tensor normalised =
      torch::batch_norm(torch::max_pool2d(torch::conv2d(x, weight), pool), {}, {}, statistics->mean,
                        statistics->variance, true, kStatisticsMomentum, kVarianceFloor, false);
  return torch::relu(normalised + bias.view({1, -1, 1, 1}));
}

// The weight and bias that give without batch normalisation what these give with it. It only scales
// by a positive number, so it may move from behind the max pool into the convolution.
void FoldStatistics(const BatchStatistics& statistics, Tensor* weight, Tensor* bias) {
  const Tensor scale = torch::rsqrt(statistics.variance + kVarianceFloor);
  *bias = *bias - statistics.mean * scale;
  *weight = *weight * scale.view({-1, 1, 1, 1});
}

// images: (N, 3, 50, 50) -> logits (N, 2). dropout and statistics: for training only.
Tensor Forward(const SeedShape& shape, const Parameters& p, const Tensor& images,
               double dropout = 0, Statistics* statistics = nullptr) {
  const bool normalise = statistics != nullptr;
  Tensor x = Convolve(images, p[0], p[1], shape.pool1, normalise ? &(*statistics)[0] : nullptr);
  x = Convolve(x, p[2], p[3], shape.pool2, normalise ? &(*statistics)[1] : nullptr);
  x = torch::relu(torch::conv2d(x, p[4], p[5]));  // (N, dense, 1, 1)
  x = torch::dropout(x, dropout, dropout > 0);
  return torch::conv2d(x, p[6], p[7]).flatten(1);
}

Tensor ImagesToTensor(const float* images, size_t count) {
  // from_blob wants a pointer to non-const; it is only read.
  Tensor view = torch::from_blob(const_cast<float*>(images), {static_cast<int64_t>(count),
                                                              kSeedSide, kSeedSide, kSeedChannels});
  return view.permute({0, 3, 1, 2}).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<float> Values(const Tensor& tensor) {
  const Tensor dense = tensor.detach().contiguous();
  const float* data = dense.data_ptr<float>();
  return std::vector<float>(data, data + dense.numel());
}

Tensor FromValues(const std::vector<float>& values, const Sizes& sizes) {
  return torch::from_blob(const_cast<float*>(values.data()), sizes).clone();
}

Parameters FromWeights(const SeedWeights& w) {
  const std::array<const std::vector<float>*, kTensors> values = {
      &w.conv1,  &w.conv1_bias,  &w.conv2,  &w.conv2_bias,
      &w.dense1, &w.dense1_bias, &w.dense2, &w.dense2_bias};
  const std::array<Sizes, kTensors> sizes = ParameterSizes(w.shape);
  Parameters parameters;
  for (size_t i = 0; i < kTensors; ++i) parameters[i] = FromValues(*values[i], sizes[i]);
  return parameters;
}

}  // namespace

struct SeedTrainer::State {
  SeedShape shape;
  Optimizer settings;
  Parameters parameters;
  Parameters average;
  Statistics statistics;
  std::unique_ptr<torch::optim::AdamW> adam;
  int64_t steps = 0;
};

SeedTrainer::SeedTrainer(const SeedShape& shape, const Optimizer& optimizer, uint64_t seed,
                         int threads)
    : state_(std::make_unique<State>()) {
  mallopt(M_MMAP_THRESHOLD, kKeptBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptHeapBytes);
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, false);
  torch::manual_seed(seed);
  state_->shape = shape;
  state_->settings = optimizer;
  state_->parameters = InitialParameters(shape);
  for (size_t i = 0; i < kTensors; ++i) {
    state_->average[i] = state_->parameters[i].clone();
    state_->parameters[i].requires_grad_(true);
  }
  state_->statistics[0] = {torch::zeros({shape.conv1_filters}), torch::ones({shape.conv1_filters})};
  state_->statistics[1] = {torch::zeros({shape.conv2_filters}), torch::ones({shape.conv2_filters})};
  state_->adam = std::make_unique<torch::optim::AdamW>(
      std::vector<Tensor>(state_->parameters.begin(), state_->parameters.end()),
      torch::optim::AdamWOptions(optimizer.learning_rate).weight_decay(optimizer.weight_decay));
}

SeedTrainer::~SeedTrainer() = default;

double SeedTrainer::Step(const std::vector<float>& images, const std::vector<float>& targets,
                         double rate) {
  State& state = *state_;
  for (auto& group : state.adam->param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options())
        .lr(state.settings.learning_rate * rate);
  }
  const size_t count = targets.size() / kSeedLabels;
  const Tensor target = FromValues(targets, {static_cast<int64_t>(count), kSeedLabels});
  const Tensor logits =
      Forward(state.shape, state.parameters, ImagesToTensor(images.data(), count),
              state.settings.dropout, state.settings.batch_norm != 0 ? &state.statistics : nullptr);
  const Tensor loss = torch::nn::functional::cross_entropy(logits, target);
  state.adam->zero_grad();
  loss.backward();
  state.adam->step();

  torch::NoGradGuard no_grad;
  ++state.steps;
  const double steps = static_cast<double>(state.steps);
  const double decay = std::min(state.settings.average, (1 + steps) / (10 + steps));
  for (size_t i = 0; i < kTensors; ++i) {
    state.average[i].mul_(decay).add_(state.parameters[i], 1 - decay);
  }
  return loss.item<double>();
}

SeedWeights SeedTrainer::AveragedWeights() const {
  torch::NoGradGuard no_grad;
  Parameters p = state_->average;
  if (state_->settings.batch_norm != 0) {
    FoldStatistics(state_->statistics[0], &p[0], &p[1]);
    FoldStatistics(state_->statistics[1], &p[2], &p[3]);
  }
  return {state_->shape, Values(p[0]), Values(p[1]), Values(p[2]), Values(p[3]),
          Values(p[4]),  Values(p[5]), Values(p[6]), Values(p[7])};
}

std::vector<float> SeedLogits(const SeedWeights& weights, const std::vector<float>& images) {
  constexpr size_t kBatch = 256;
  torch::NoGradGuard no_grad;
  const Parameters parameters = FromWeights(weights);
  const size_t count = images.size() / kSeedInputSize;
  std::vector<float> logits;
  logits.reserve(count * kSeedLabels);
  for (size_t from = 0; from < count; from += kBatch) {
    const Tensor batch =
        ImagesToTensor(images.data() + from * kSeedInputSize, std::min(kBatch, count - from));
    const std::vector<float> values = Values(Forward(weights.shape, parameters, batch));
    logits.insert(logits.end(), values.begin(), values.end());
  }
  return logits;
}

}  // namespace insitu
