// The seed network and its training step in libtorch. The only user of torch. This header stays
// within C++17 and the standard library, because Debian 12's torch headers do not compile as C++20
// with clang.
//
//   image (N, 50, 50, 3) -> conv, ReLU, max pool -> conv, ReLU, max pool -> dense, ReLU, dropout
//   -> dense = logits (N, 2)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace insitu {

inline constexpr int kSeedSide = 50;
inline constexpr int kSeedChannels = 3;
inline constexpr int kSeedLabels = 2;
inline constexpr size_t kSeedInputSize = size_t{kSeedSide} * kSeedSide * kSeedChannels;

// The sizes that are free. Convolutions are square, of stride 1 and without padding; pools are
// square, without overlap, and leave out what is over at the right and bottom.
struct SeedShape {
  int conv1_side = 3;
  int conv1_filters = 32;
  int pool1 = 3;
  int conv2_side = 3;
  int conv2_filters = 64;
  int pool2 = 2;
  int dense = 128;

  int side1() const { return (kSeedSide - conv1_side + 1) / pool1; }  // after the first pool
  int side2() const { return (side1() - conv2_side + 1) / pool2; }  // after the second; may be < 1
  int features() const { return conv2_filters * side2() * side2(); }  // read by the dense layer
};

// In ONNX's order: convolutions (out, in, height, width), dense layers (out, in), where the first
// dense layer reads the flattened (conv2_filters, side2, side2).
struct SeedWeights {
  SeedShape shape;
  std::vector<float> conv1, conv1_bias;    // (conv1_filters, 3, side, side), (conv1_filters)
  std::vector<float> conv2, conv2_bias;    // (conv2_filters, conv1_filters, …), (conv2_filters)
  std::vector<float> dense1, dense1_bias;  // (dense, features), (dense)
  std::vector<float> dense2, dense2_bias;  // (2, dense), (2)
};

struct Optimizer {
  double learning_rate = 1e-3;
  double weight_decay = 1e-3;
  double dropout = 0.5;    // of the dense layer's outputs
  double average = 0.999;  // decay a step of the running mean of the weights
  int batch_norm = 1;      // 1: convolutions are normalised over the batch; folded in the end
};

class SeedTrainer {
 public:
  // Weights start from seed. threads: of torch; results are reproducible for one number of threads.
  // shape.side2() must be at least 1.
  SeedTrainer(const SeedShape& shape, const Optimizer& optimizer, uint64_t seed, int threads);
  SeedTrainer(const SeedTrainer&) = delete;
  SeedTrainer& operator=(const SeedTrainer&) = delete;
  ~SeedTrainer();

  // One step of AdamW at rate * learning_rate. images: (N, 50, 50, 3), normalised; targets: (N, 2),
  // the probability of each label. Returns the mean cross-entropy.
  double Step(const std::vector<float>& images, const std::vector<float>& targets, double rate);

  // The running mean, which generalises better than the last step's weights.
  SeedWeights AveragedWeights() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// images: (count, 50, 50, 3), normalised -> logits (count, 2).
std::vector<float> SeedLogits(const SeedWeights& weights, const std::vector<float>& images);

}  // namespace insitu
