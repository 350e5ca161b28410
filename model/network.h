// A network and its training step in libtorch, which symmetry.h uses too. This header stays within
// C++17 and the standard library, because Debian 12's torch headers do not compile as C++20 with
// clang.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/network_spec.h"

namespace insitu {

struct Optimizer {
  double learning_rate = 1e-3;
  double weight_decay = 1e-3;
  double average = 0.999;  // decay a step of the running mean of the weights
};

class NetworkTrainer {
 public:
  // Weights start from seed. threads: of torch; results are reproducible for one number of threads.
  // spec must have no NetworkFault.
  NetworkTrainer(const NetworkSpec& spec, const Optimizer& optimizer, uint64_t seed, int threads);
  NetworkTrainer(const NetworkTrainer&) = delete;
  NetworkTrainer& operator=(const NetworkTrainer&) = delete;
  ~NetworkTrainer();

  // One step of AdamW at rate * learning_rate. images: (N, side, side, channels), normalised;
  // targets: (N, labels), the probability of each label. Returns the mean cross-entropy.
  double Step(const std::vector<float>& images, const std::vector<float>& targets, double rate);

  // The running mean, which generalises better than the last step's weights, with the batch
  // normalisation folded in.
  NetworkWeights AveragedWeights() const;

  // All that the next steps depend on, so that a trainer of the same arguments goes on from it as
  // if there had been no break. Restore returns false, and leaves the trainer unusable, when the
  // bytes are not of such a trainer.
  std::string Save() const;
  bool Restore(const std::string& saved);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// images: (count, side, side, channels), normalised -> logits (count, labels).
std::vector<float> NetworkLogits(const NetworkWeights& weights, const std::vector<float>& images);

}  // namespace insitu
