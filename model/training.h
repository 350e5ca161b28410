// Training of a network on a set of patches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/augment.h"
#include "model/network.h"
#include "model/patch_set.h"
#include "shared/preprocess.h"

namespace insitu {

class Normaliser;

struct TrainingSettings {
  int epochs = 20;
  int steps = 128;  // of one epoch, each of a batch, whatever the size of the set
  int batch = 64;   // patches
  uint64_t seed = 1;
  int threads = 1;
  NetworkSpec network;
  Optimizer optimizer;
  Augmentation augmentation;
  // Patches are drawn from both classes alike, and within a class from its cases in proportion to
  // (patches of the case)^case_power: 0 treats cases alike, 1 treats patches alike.
  double case_power = 0.5;
  double mixup = 0;
  double label_smoothing = 0;
  double distillation = 0;  // weight of the teachers' probability in the target; the label's is 1 -
};

// What a network is fitted to.
struct TrainingData {
  const PatchSet* set = nullptr;
  std::vector<size_t> indices;  // of the patches of set to train on; both classes are among them
  InputSpec input;              // normalisation
  std::vector<double> soft;     // (set->size()) the teachers' probability; empty without teachers
};

struct EpochReport {
  int epoch = 0;  // from 1
  double loss = 0;
};

// One training, epoch by epoch.
class Training {
 public:
  Training(const TrainingData& data, const TrainingSettings& settings);
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;
  ~Training();

  bool done() const;
  int epoch() const { return epoch_; }  // that are done
  EpochReport RunEpoch();
  NetworkWeights Weights() const { return trainer_.AveragedWeights(); }

  // Between epochs: all that the next ones depend on beside data and settings. Restore returns
  // false when the bytes are not of such a training, which cannot go on then.
  std::string Save() const;
  bool Restore(const std::string& saved);

 private:
  class Sampler;
  struct Batch;
  void DrawInto(float weight, size_t item, Batch* batch);
  void DrawBatch(Batch* batch);

  const TrainingData& data_;
  TrainingSettings settings_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Normaliser> normaliser_;
  Random random_;
  NetworkTrainer trainer_;
  int epoch_ = 0;
};

// The positive logit minus the negative one of each of the patches. turns: the mean over this many
// flips and quarter turns, 1 or 8.
std::vector<double> LogitDifferences(const NetworkWeights& weights, const PatchSet& set,
                                     std::span<const size_t> indices, const InputSpec& input,
                                     int turns = 1);

}  // namespace insitu
