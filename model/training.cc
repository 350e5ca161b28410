#include "model/training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numbers>

#include "model/random.h"

namespace insitu {
namespace {

// A short rise, then half a cosine down to zero.
double Rate(size_t step, size_t steps) {
  constexpr double kRise = 0.03;
  const double at = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
  if (at < kRise) return at / kRise;
  return 0.5 * (1 + std::cos(std::numbers::pi * (at - kRise) / (1 - kRise)));
}

}  // namespace

// Draws patches with classes balanced and cases damped.
class Training::Sampler {
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

// What Preprocess makes of each level in each channel, found once by asking it: the images have the
// input's size already, so that it only normalises.
class Normaliser {
 public:
  explicit Normaliser(const InputSpec& input) : channels_(static_cast<size_t>(input.channels)) {
    constexpr int kLevels = 256;
    Image levels = {kLevels, 1, input.channels, {}};
    for (size_t i = 0; i < kLevels * channels_; ++i) {
      levels.pixels.push_back(static_cast<uint8_t>(i / channels_));
    }
    InputSpec line = input;
    line.width = kLevels;
    line.height = 1;
    table_.resize(levels.pixels.size());
    // Of the one size there is, which is all that Preprocess can object to.
    if (!Preprocess(levels, line, table_).ok()) std::abort();
  }

  // Adds weight times the image to what is there.
  void Add(const Image& image, float weight, float* to) const {
    const uint8_t* from = image.pixels.data();
    for (const uint8_t* end = from + image.pixels.size(); from != end;) {
      for (size_t c = 0; c < channels_; ++c) *to++ += weight * table_[*from++ * channels_ + c];
    }
  }

 private:
  size_t channels_;
  std::vector<float> table_;  // (256, channels)
};

struct Training::Batch {
  std::vector<float> images;   // (batch, side, side, channels)
  std::vector<float> targets;  // (batch, 2)
};

Training::Training(const TrainingData& data, const TrainingSettings& settings)
    : data_(data),
      settings_(settings),
      sampler_(std::make_unique<Sampler>(*data.set, data.indices, settings.case_power)),
      normaliser_(std::make_unique<Normaliser>(data.input)),
      random_(settings.seed),
      trainer_(settings.network, settings.optimizer, random_.Next(), settings.threads) {}

Training::~Training() = default;

bool Training::done() const { return epoch_ == settings_.epochs; }

// Adds weight times a patch, drawn and augmented, to an item of the batch.
void Training::DrawInto(float weight, size_t item, Batch* batch) {
  const size_t index = sampler_->Draw(&random_);
  const Image image = Augmented(data_.set->image(index), settings_.augmentation, &random_);
  normaliser_->Add(image, weight, batch->images.data() + item * settings_.network.input_size());
  const auto smoothing = static_cast<float>(settings_.label_smoothing);
  float positive = static_cast<float>(data_.set->labels[index]);
  if (!data_.soft.empty()) {
    const auto trust = static_cast<float>(settings_.distillation);
    positive += trust * (static_cast<float>(data_.soft[index]) - positive);
  }
  positive = positive * (1 - smoothing) + smoothing / 2;
  batch->targets[2 * item] += weight * (1 - positive);
  batch->targets[2 * item + 1] += weight * positive;
}

void Training::DrawBatch(Batch* batch) {
  const auto items = static_cast<size_t>(settings_.batch);
  batch->images.assign(items * settings_.network.input_size(), 0);
  batch->targets.assign(items * 2, 0);
  for (size_t i = 0; i < items; ++i) {
    const auto other = static_cast<float>(random_.Uniform() * settings_.mixup);
    DrawInto(1 - other, i, batch);
    if (other > 0) DrawInto(other, i, batch);
  }
}

EpochReport Training::RunEpoch() {
  const auto steps = static_cast<size_t>(settings_.steps);
  const auto epochs = static_cast<size_t>(settings_.epochs);
  const auto epoch = static_cast<size_t>(epoch_);
  Batch batch;
  double loss = 0;
  for (size_t step = 0; step < steps; ++step) {
    DrawBatch(&batch);
    loss += trainer_.Step(batch.images, batch.targets, Rate(epoch * steps + step, epochs * steps));
  }
  return {++epoch_, loss / static_cast<double>(steps)};
}

std::string Training::Save() const {
  const uint64_t own[] = {random_.state(), static_cast<uint64_t>(epoch_)};
  std::string saved(sizeof(own), '\0');
  std::memcpy(saved.data(), own, sizeof(own));
  return saved + trainer_.Save();
}

bool Training::Restore(const std::string& saved) {
  uint64_t own[2] = {};
  if (saved.size() < sizeof(own)) return false;
  std::memcpy(own, saved.data(), sizeof(own));
  if (own[1] > static_cast<uint64_t>(settings_.epochs)) return false;
  random_ = Random(own[0]);
  epoch_ = static_cast<int>(own[1]);
  return trainer_.Restore(saved.substr(sizeof(own)));
}

std::vector<double> LogitDifferences(const NetworkWeights& weights, const PatchSet& set,
                                     std::span<const size_t> indices, const InputSpec& input,
                                     int turns) {
  constexpr size_t kChunk = 1024;  // bounds the memory of the normalised images
  std::vector<double> differences(indices.size(), 0);
  const size_t size = set.image_size();
  const Normaliser normaliser(input);
  for (size_t from = 0; from < indices.size(); from += kChunk) {
    const auto chunk = indices.subspan(from, std::min(kChunk, indices.size() - from));
    for (int turn = 0; turn < turns; ++turn) {
      std::vector<float> tensors(chunk.size() * size, 0);
      for (size_t i = 0; i < chunk.size(); ++i) {
        normaliser.Add(Turned(set.image(chunk[i]), turn), 1, tensors.data() + i * size);
      }
      const std::vector<float> logits = NetworkLogits(weights, tensors);
      for (size_t i = 0; i < chunk.size(); ++i) {
        differences[from + i] += (double{logits[2 * i + 1]} - logits[2 * i]) / turns;
      }
    }
  }
  return differences;
}

}  // namespace insitu
