#include "model/fit.h"

#include <cmath>
#include <cstdint>
#include <iostream>

#include "model/checkpoint.h"
#include "model/decimal_text.h"
#include "model/progress.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kTurns = 8;  // that a teacher's answer is the mean of

// Everything that the weights depend on beside the program and the machine. teachers: what made
// data.soft, whose last digits would differ between two runs.
std::string Identity(const TrainingData& data, const TrainingSettings& settings,
                     const std::string& teachers) {
  const PatchSet& set = *data.set;
  std::string text = StrCat(SettingsText(settings), teachers);
  for (size_t c = 0; c < 3; ++c) {
    text += StrCat(" ", DecimalText(data.input.mean[c], 9), " ", DecimalText(data.input.std[c], 9));
  }
  std::vector<uint8_t> pixels;
  for (const size_t i : data.indices) {
    text += StrCat("\n", set.cases[set.case_of[i]], " ", set.labels[i]);
    const Image image = set.image(i);
    pixels.insert(pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return StrCat(text, HexDigits(Sha256(pixels)));
}

Result<NetworkWeights> FitOne(const std::string& name, const TrainingData& data,
                              const TrainingSettings& settings, const std::string& teachers,
                              const std::string& checkpoint) {
  const Checkpoint kept(checkpoint, name, Identity(data, settings, teachers));
  auto training = std::make_unique<Training>(data, settings);
  int reached = 0;
  if (const auto state = kept.Load()) {
    if (training->Restore(*state)) {
      reached = training->epoch();
      std::cerr << name << ": goes on after epoch " << reached << " of " << settings.epochs
                << std::endl;
    } else {
      training = std::make_unique<Training>(data, settings);
    }
  }
  if (training->done()) return training->Weights();
  Progress progress(StrCat(name, ", epoch"), static_cast<size_t>(settings.epochs - reached));
  while (!training->done()) {
    const EpochReport report = training->RunEpoch();
    RETURN_IF_ERROR(kept.Store(training->Save()));
    progress.Update(static_cast<size_t>(report.epoch - reached),
                    StrCat("loss ", DecimalText(report.loss, 3)));
  }
  return training->Weights();
}

// The mean over networks of what each says, itself the mean over flips and turns, of every patch
// that may be learnt from.
class Answers {
 public:
  void Add(const NetworkWeights& weights, const TrainingData& data) {
    const auto logits = LogitDifferences(weights, *data.set, data.indices, data.input, kTurns);
    sums_.resize(data.set->size(), 0);
    for (size_t i = 0; i < logits.size(); ++i) {
      sums_[data.indices[i]] += 1 / (1 + std::exp(-logits[i]));
    }
    networks_ += 1;
  }

  // Empty when no network was asked.
  std::vector<double> Mean() const {
    std::vector<double> mean = sums_;
    for (double& probability : mean) probability /= networks_;
    return mean;
  }

 private:
  std::vector<double> sums_;  // by index into the set
  double networks_ = 0;
};

}  // namespace

Result<NetworkWeights> Fit(const std::string& name, const PatchSet& set,
                           const std::vector<size_t>& indices, const InputSpec& input,
                           const ModelConfig& config, const std::string& checkpoint) {
  TrainingData data = {.set = &set, .indices = indices, .input = input, .soft = {}};
  Answers answers;
  std::string taught_by;
  for (int i = 0; i < config.teachers; ++i) {
    TrainingSettings teacher = config.teacher;
    teacher.seed += static_cast<uint64_t>(i);
    ASSIGN_OR_RETURN(const NetworkWeights weights,
                     FitOne(StrCat(name, "-teacher-", i + 1), data, teacher, "", checkpoint));
    answers.Add(weights, data);
    taught_by += StrCat(" teacher ", SettingsText(teacher));
  }
  for (int i = 1; i < config.generations; ++i) {
    data.soft = answers.Mean();
    ASSIGN_OR_RETURN(const NetworkWeights weights, FitOne(StrCat(name, "-generation-", i), data,
                                                          config.training, taught_by, checkpoint));
    answers.Add(weights, data);
    taught_by += " generation";
  }
  data.soft = answers.Mean();
  return FitOne(name, data, config.training, taught_by, checkpoint);
}

}  // namespace insitu
