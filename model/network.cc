#include "model/network.h"

#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <sstream>

#include "model/symmetry.h"

namespace insitu {
namespace {

using torch::Tensor;
using Sizes = std::vector<int64_t>;

// glibc gives blocks beyond these sizes back to the system at once; a step frees and takes hundreds
// of MB again, and the page faults cost a third of its time.
constexpr int kKeptBlockBytes = 32 << 20;
constexpr int kKeptHeapBytes = 1 << 30;

constexpr double kStatisticsMomentum = 0.01;
constexpr double kVarianceFloor = 1e-5;

// Undefined where the layer has none.
struct LayerTensors {
  Tensor depthwise, weight, bias;
  Tensor gain;            // of a residual layer: how much of it is added
  Tensor mean, variance;  // of each filter over the batches seen so far, newer ones more
};
using Layers = std::vector<LayerTensors>;

// What of a layer the optimiser moves, in the order of their initialisation.
std::vector<Tensor LayerTensors::*> ParameterFields() {
  return {&LayerTensors::depthwise, &LayerTensors::weight, &LayerTensors::bias,
          &LayerTensors::gain};
}

// The last layer, which gives the logits, is not listed in a description.
LayerSpec SpecOf(const NetworkSpec& spec, size_t layer) {
  if (layer < spec.layers.size()) return spec.layers[layer];
  LayerSpec last;
  last.kind = LayerKind::kDense;
  last.filters = spec.labels;
  return last;
}

// Dense layers are convolutions over the whole of their input: the same sums, but through oneDNN,
// so that neither speed nor result depends on the BLAS that is installed.
Sizes TorchSizes(const LayerSpec& layer, const Sizes& onnx, const Extent& in) {
  if (layer.kind != LayerKind::kDense) return onnx;
  return {onnx[0], in.channels, in.side, in.side};
}

// He's initialisation for layers that feed a ReLU; biases start at zero.
Tensor InitialWeight(const Sizes& sizes) {
  if (sizes.empty()) return {};
  Tensor weight = torch::empty(sizes);
  torch::nn::init::kaiming_uniform_(weight, 0.0, torch::kFanIn, torch::kReLU);
  return weight;
}

// One turn of the `axis` of these: what is learnt of them.
Sizes Learnt(Sizes sizes, size_t axis, int turns) {
  if (!sizes.empty()) sizes[axis] /= turns;
  return sizes;
}

Layers InitialLayers(const NetworkSpec& spec) {
  const std::vector<LayerShapes> shapes = WeightShapes(spec);
  const std::vector<Extent> extents = Extents(spec);
  Layers layers(shapes.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    if (shapes[i].weight.empty()) continue;
    const LayerSpec layer = SpecOf(spec, i);
    // The last layer's outputs have no turns, but what it takes has.
    const bool last = i == spec.layers.size();
    const Sizes fields = last ? shapes[i].bias : Learnt(shapes[i].bias, 0, spec.turns);
    const Sizes weight = TorchSizes(layer, shapes[i].weight, extents[i]);
    layers[i].depthwise = InitialWeight(Learnt(shapes[i].depthwise, 0, spec.turns));
    layers[i].weight = InitialWeight(Learnt(weight, last ? 1 : 0, spec.turns));
    layers[i].bias = torch::zeros(fields);
    if (!layer.convolves()) continue;
    layers[i].mean = torch::zeros(shapes[i].bias);
    layers[i].variance = torch::ones(shapes[i].bias);
    if (layer.residual) layers[i].gain = torch::ones(fields);
  }
  return layers;
}

// Layers as they are applied, from what is learnt of them.
Layers AsApplied(const NetworkSpec& spec, Layers layers) {
  const int turns = spec.turns;
  if (turns == 1) return layers;
  for (size_t i = 0; i < layers.size(); ++i) {
    LayerTensors& t = layers[i];
    if (!t.weight.defined()) continue;
    if (i == spec.layers.size()) {
      t.weight = FromFields(t.weight, turns);
      continue;
    }
    if (t.depthwise.defined()) t.depthwise = EachTurn(t.depthwise, turns);
    t.weight = i == 0 ? EachTurn(t.weight, turns) : BetweenFields(t.weight, turns);
    t.bias = t.bias.repeat({turns});
    if (t.gain.defined()) t.gain = t.gain.repeat({turns});
  }
  return layers;
}

Tensor Convolve(const LayerSpec& layer, const LayerTensors& t, Tensor x, const Tensor& bias) {
  if (layer.kind == LayerKind::kSeparable) {
    const int64_t channels = x.size(1);
    x = torch::conv2d(x, t.depthwise, {}, layer.stride, layer.padding, 1, channels);
    return torch::conv2d(x, t.weight, bias);
  }
  return torch::conv2d(x, t.weight, bias, layer.stride, layer.padding);
}

// Convolution, pool, batch normalisation (in training), ReLU. Pooling first gives the same values
// with a quarter of the work for what follows.
Tensor ConvolutionLayer(const LayerSpec& layer, const LayerTensors& t, const Tensor& in,
                        bool training) {
  Tensor x = Convolve(layer, t, in, training ? Tensor() : t.bias);
  if (layer.pool > 1) x = torch::max_pool2d(x, layer.pool);
  if (training) {
    x = torch::batch_norm(x, t.gain, {}, t.mean, t.variance, true, kStatisticsMomentum,
                          kVarianceFloor, false);
    x.add_(t.bias.view({1, -1, 1, 1}));
  }
  if (layer.residual) {
    const int64_t rim = layer.rim();
    x.add_(in.slice(2, rim, in.size(2) - rim).slice(3, rim, in.size(3) - rim));
  }
  return torch::relu_(x);
}

// images: (N, channels, side, side) -> logits (N, labels).
Tensor Forward(const NetworkSpec& spec, const Layers& layers, Tensor x, bool training) {
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const LayerTensors& t = layers[i];
    if (layer.convolves()) x = ConvolutionLayer(layer, t, x, training);
    if (layer.kind == LayerKind::kMaxPool) x = torch::max_pool2d(x, layer.side);
    if (layer.kind == LayerKind::kGlobalAveragePool) x = x.mean({2, 3}, true);
    if (layer.kind == LayerKind::kDense) x = torch::relu(torch::conv2d(x, t.weight, t.bias));
    if (training && layer.dropout > 0) x = torch::dropout(x, layer.dropout, true);
  }
  return torch::conv2d(x, layers.back().weight, layers.back().bias).flatten(1);
}

Tensor ImagesToTensor(const NetworkSpec& spec, const float* images, size_t count) {
  // from_blob wants a pointer to non-const; it is only read.
  Tensor view = torch::from_blob(const_cast<float*>(images), {static_cast<int64_t>(count),
                                                              spec.side, spec.side, spec.channels});
  return view.permute({0, 3, 1, 2}).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<float> Values(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  const Tensor dense = tensor.detach().contiguous();
  const float* data = dense.data_ptr<float>();
  return std::vector<float>(data, data + dense.numel());
}

Tensor FromValues(const std::vector<float>& values, const Sizes& sizes) {
  if (sizes.empty()) return {};
  return torch::from_blob(const_cast<float*>(values.data()), sizes).clone();
}

// The weight and bias that give without batch normalisation what these give with it.
LayerTensors Folded(const LayerTensors& t, int turns) {
  LayerTensors folded = t;
  if (!t.mean.defined()) return folded;
  // What the turns of a field measured differs by chance only.
  const Tensor mean = t.mean.view({turns, -1}).mean(0);
  Tensor scale = torch::rsqrt(t.variance.view({turns, -1}).mean(0) + kVarianceFloor);
  if (t.gain.defined()) scale = scale * t.gain;
  folded.bias = t.bias - mean * scale;
  folded.weight = t.weight * scale.view({-1, 1, 1, 1});
  return folded;
}

}  // namespace

struct NetworkTrainer::State {
  NetworkSpec spec;
  Optimizer settings;
  Layers layers;
  std::vector<Tensor> parameters;  // those of the layers
  std::vector<Tensor> average;     // of the parameters
  std::unique_ptr<torch::optim::AdamW> adam;
  int64_t steps = 0;
};

NetworkTrainer::NetworkTrainer(const NetworkSpec& spec, const Optimizer& optimizer, uint64_t seed,
                               int threads)
    : state_(std::make_unique<State>()) {
  mallopt(M_MMAP_THRESHOLD, kKeptBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptHeapBytes);
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, false);
  torch::manual_seed(seed);
  State& state = *state_;
  state.spec = spec;
  state.settings = optimizer;
  state.layers = InitialLayers(spec);
  for (LayerTensors& layer : state.layers) {
    for (const auto field : ParameterFields()) {
      if (!(layer.*field).defined()) continue;
      state.average.push_back((layer.*field).clone());
      (layer.*field).requires_grad_(true);
      state.parameters.push_back(layer.*field);
    }
  }
  state.adam = std::make_unique<torch::optim::AdamW>(
      state.parameters,
      torch::optim::AdamWOptions(optimizer.learning_rate).weight_decay(optimizer.weight_decay));
}

NetworkTrainer::~NetworkTrainer() = default;

double NetworkTrainer::Step(const std::vector<float>& images, const std::vector<float>& targets,
                            double rate) {
  State& state = *state_;
  for (auto& group : state.adam->param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options())
        .lr(state.settings.learning_rate * rate);
  }
  const size_t count = targets.size() / static_cast<size_t>(state.spec.labels);
  const Tensor target = FromValues(targets, {static_cast<int64_t>(count), state.spec.labels});
  const Tensor logits = Forward(state.spec, AsApplied(state.spec, state.layers),
                                ImagesToTensor(state.spec, images.data(), count), true);
  const Tensor loss = torch::nn::functional::cross_entropy(logits, target);
  state.adam->zero_grad();
  loss.backward();
  state.adam->step();

  torch::NoGradGuard no_grad;
  ++state.steps;
  const double steps = static_cast<double>(state.steps);
  const double decay = std::min(state.settings.average, (1 + steps) / (10 + steps));
  for (size_t i = 0; i < state.parameters.size(); ++i) {
    state.average[i].mul_(decay).add_(state.parameters[i], 1 - decay);
  }
  return loss.item<double>();
}

NetworkWeights NetworkTrainer::AveragedWeights() const {
  torch::NoGradGuard no_grad;
  NetworkWeights weights;
  weights.spec = state_->spec;
  size_t next = 0;
  Layers layers = state_->layers;
  for (LayerTensors& layer : layers) {
    for (const auto field : ParameterFields()) {
      if ((layer.*field).defined()) layer.*field = state_->average[next++];
    }
    layer = Folded(layer, weights.spec.turns);
  }
  for (const LayerTensors& layer : AsApplied(weights.spec, layers)) {
    weights.layers.push_back({Values(layer.depthwise), Values(layer.weight), Values(layer.bias)});
  }
  return weights;
}

std::string NetworkTrainer::Save() const {
  const State& state = *state_;
  std::vector<Tensor> tensors = state.parameters;
  tensors.insert(tensors.end(), state.average.begin(), state.average.end());
  for (const LayerTensors& layer : state.layers) {
    if (!layer.mean.defined()) continue;
    tensors.push_back(layer.mean);
    tensors.push_back(layer.variance);
  }
  auto generator = at::detail::getDefaultCPUGenerator();
  tensors.push_back(generator.get_state());
  torch::serialize::OutputArchive archive, adam;
  state.adam->save(adam);
  archive.write("adam", adam);
  archive.write("steps", torch::tensor(state.steps));
  for (size_t i = 0; i < tensors.size(); ++i) {
    archive.write("tensor" + std::to_string(i), tensors[i].detach());
  }
  std::ostringstream bytes;
  archive.save_to(bytes);
  return bytes.str();
}

bool NetworkTrainer::Restore(const std::string& saved) {
  State& state = *state_;
  torch::NoGradGuard no_grad;
  std::vector<Tensor> tensors = state.parameters;
  tensors.insert(tensors.end(), state.average.begin(), state.average.end());
  for (const LayerTensors& layer : state.layers) {
    if (!layer.mean.defined()) continue;
    tensors.push_back(layer.mean);
    tensors.push_back(layer.variance);
  }
  auto generator = at::detail::getDefaultCPUGenerator();
  try {
    std::istringstream bytes(saved);
    torch::serialize::InputArchive archive, adam;
    archive.load_from(bytes);
    archive.read("adam", adam);
    state.adam->load(adam);
    const auto read = [&archive](const std::string& name) {
      Tensor
          value;  // a new one each time: read() would write into the storage of one that is there
      archive.read(name, value);
      return value;
    };
    state.steps = read("steps").item<int64_t>();
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Tensor value = read("tensor" + std::to_string(i));
      if (value.sizes() != tensors[i].sizes()) return false;
      tensors[i].copy_(value);
    }
    generator.set_state(read("tensor" + std::to_string(tensors.size())));
  } catch (const std::exception&) {  // how torch says that the bytes are no archive of these
    return false;
  }
  return true;
}

std::vector<float> NetworkLogits(const NetworkWeights& weights, const std::vector<float>& images) {
  constexpr size_t kBatch = 256;
  torch::NoGradGuard no_grad;
  const std::vector<LayerShapes> shapes = WeightShapes(weights.spec);
  const std::vector<Extent> extents = Extents(weights.spec);
  Layers layers(shapes.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    if (shapes[i].weight.empty()) continue;
    const LayerWeights& w = weights.layers[i];
    layers[i].depthwise = FromValues(w.depthwise, shapes[i].depthwise);
    layers[i].weight =
        FromValues(w.weight, TorchSizes(SpecOf(weights.spec, i), shapes[i].weight, extents[i]));
    layers[i].bias = FromValues(w.bias, shapes[i].bias);
  }
  const size_t size = weights.spec.input_size();
  const size_t count = images.size() / size;
  std::vector<float> logits;
  logits.reserve(count * static_cast<size_t>(weights.spec.labels));
  for (size_t from = 0; from < count; from += kBatch) {
    const Tensor batch =
        ImagesToTensor(weights.spec, images.data() + from * size, std::min(kBatch, count - from));
    const std::vector<float> values = Values(Forward(weights.spec, layers, batch, false));
    logits.insert(logits.end(), values.begin(), values.end());
  }
  return logits;
}

}  // namespace insitu
