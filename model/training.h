// Training of the seed network on a set of patches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/augment.h"
#include "model/patch_set.h"
#include "model/seed_network.h"
#include "shared/preprocess.h"

namespace insitu {

inline constexpr size_t kBatch = 64;

struct TrainingSettings {
  int epochs = 20;
  int steps = 128;  // of one epoch, each of kBatch patches, whatever the size of the set
  uint64_t seed = 1;
  int threads = 1;
  SeedShape shape;
  Optimizer optimizer;
  Augmentation augmentation;
  InputSpec input;  // normalisation
  // Patches are drawn from both classes alike, and within a class from its cases in proportion to
  // (patches of the case)^case_power: 0 treats cases alike, 1 treats patches alike.
  double case_power = 0.5;
  double mixup = 0;
  double label_smoothing = 0;
};

struct EpochReport {
  int epoch = 0;  // from 1
  double loss = 0;
  const SeedWeights* weights = nullptr;
};

// indices: of the patches of set to train on; both classes must be among them.
SeedWeights TrainSeed(const PatchSet& set, const std::vector<size_t>& indices,
                      const TrainingSettings& settings,
                      const std::function<void(const EpochReport&)>& after_epoch);

}  // namespace insitu
