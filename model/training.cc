#include "model/training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numbers>

#include "model/random.h"

namespace insitu {
namespace {

// Draws patches with classes balanced and cases damped.
class Sampler {
 public:
  Sampler(const PatchSet& set, const std::vector<size_t>& indices, double case_power) {
    std::array<std::map<size_t, std::vector<size_t>>, 2> by_case;
    for (const size_t i : indices) {
      by_case[static_cast<size_t>(set.labels[i])][set.case_of[i]].push_back(i);
    }
    for (size_t label = 0; label < by_case.size(); ++label) {
      double total = 0;
      for (auto& [id, members] : by_case[label]) {
        total += std::pow(static_cast<double>(members.size()), case_power);
        groups_[label].push_back({total, std::move(members)});
      }
    }
  }

  size_t Draw(Random* random) const {
    const auto& groups = groups_[random->Below(groups_.size())];
    const double at = random->Uniform(0, groups.back().cumulative_weight);
    const auto group =
        std::upper_bound(groups.begin(), groups.end() - 1, at,
                         [](double value, const Group& g) { return value < g.cumulative_weight; });
    return group->members[random->Below(group->members.size())];
  }

 private:
  struct Group {
    double cumulative_weight;
    std::vector<size_t> members;
  };
  std::array<std::vector<Group>, 2> groups_;
};

// A short rise, then half a cosine down to zero.
double Rate(size_t step, size_t steps) {
  constexpr double kRise = 0.03;
  const double at = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
  if (at < kRise) return at / kRise;
  return 0.5 * (1 + std::cos(std::numbers::pi * (at - kRise) / (1 - kRise)));
}

struct Batch {
  std::vector<float> images;   // (kBatch, 50, 50, 3)
  std::vector<float> targets;  // (kBatch, 2)
};

// Adds weight times a patch, drawn and augmented, to item i of the batch.
void DrawInto(const PatchSet& set, const Sampler& sampler, const TrainingSettings& settings,
              float weight, size_t i, Random* random, Batch* batch) {
  const size_t index = sampler.Draw(random);
  const Image image = Augmented(set.image(index), settings.augmentation, random);
  std::vector<float> tensor(kSeedInputSize);
  // Image and tensor are of the specified size, which is all that Preprocess can object to.
  if (!Preprocess(image, settings.input, tensor).ok()) std::abort();
  float* to = batch->images.data() + i * kSeedInputSize;
  for (const float value : tensor) *to++ += weight * value;
  const auto smoothing = static_cast<float>(settings.label_smoothing);
  const auto label = static_cast<size_t>(set.labels[index]);
  batch->targets[2 * i + label] += weight * (1 - smoothing);
  batch->targets[2 * i] += weight * smoothing / 2;
  batch->targets[2 * i + 1] += weight * smoothing / 2;
}

void DrawBatch(const PatchSet& set, const Sampler& sampler, const TrainingSettings& settings,
               Random* random, Batch* batch) {
  batch->images.assign(kBatch * kSeedInputSize, 0);
  batch->targets.assign(kBatch * kSeedLabels, 0);
  for (size_t i = 0; i < kBatch; ++i) {
    const auto other = static_cast<float>(random->Uniform() * settings.mixup);
    DrawInto(set, sampler, settings, 1 - other, i, random, batch);
    if (other > 0) DrawInto(set, sampler, settings, other, i, random, batch);
  }
}

}  // namespace

SeedWeights TrainSeed(const PatchSet& set, const std::vector<size_t>& indices,
                      const TrainingSettings& settings,
                      const std::function<void(const EpochReport&)>& after_epoch) {
  const auto steps = static_cast<size_t>(settings.steps);
  const Sampler sampler(set, indices, settings.case_power);
  Random random(settings.seed);
  SeedTrainer trainer(settings.shape, settings.optimizer, random.Next(), settings.threads);
  Batch batch;
  SeedWeights weights;
  const auto epochs = static_cast<size_t>(settings.epochs);
  for (size_t epoch = 0; epoch < epochs; ++epoch) {
    double loss = 0;
    for (size_t step = 0; step < steps; ++step) {
      DrawBatch(set, sampler, settings, &random, &batch);
      loss += trainer.Step(batch.images, batch.targets, Rate(epoch * steps + step, epochs * steps));
    }
    weights = trainer.AveragedWeights();
    after_epoch({static_cast<int>(epoch) + 1, loss / static_cast<double>(steps), &weights});
  }
  return weights;
}

}  // namespace insitu
