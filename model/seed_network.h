// The seed network and its training step in libtorch. The only user of torch. This header stays
// within C++17 and the standard library, because Debian 12's torch headers do not compile as C++20
// with clang.
//
//   image (N, 50, 50, 3) -> conv 3x3x32, ReLU, max pool 2 -> conv 3x3x64, ReLU, max pool 2
//   -> dense 128, ReLU, dropout -> dense 2 = logits (N, 2)
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

// In ONNX's order: convolutions (out, in, height, width), dense layers (out, in), where the first
// dense layer reads the flattened (64, 11, 11).
struct SeedWeights {
  std::vector<float> conv1, conv1_bias;    // (32, 3, 3, 3), (32)
  std::vector<float> conv2, conv2_bias;    // (64, 32, 3, 3), (64)
  std::vector<float> dense1, dense1_bias;  // (128, 7744), (128)
  std::vector<float> dense2, dense2_bias;  // (2, 128), (2)
};

struct Optimizer {
  double learning_rate = 1e-3;
  double weight_decay = 1e-3;
  double dropout = 0.5;
  double average = 0.999;  // decay a step of the running mean of the weights
};

class SeedTrainer {
 public:
  // Weights start from seed. threads: of torch; results are reproducible for one number of threads.
  SeedTrainer(const Optimizer& optimizer, uint64_t seed, int threads);
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
