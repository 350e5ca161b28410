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

// Everything that the weights depend on beside the program and the machine.
std::string Identity(const TrainingData& data, const TrainingSettings& settings) {
  const PatchSet& set = *data.set;
  std::string text = SettingsText(settings);
  for (size_t c = 0; c < 3; ++c) {
    text += StrCat(" ", DecimalText(data.input.mean[c], 9), " ", DecimalText(data.input.std[c], 9));
  }
  std::vector<uint8_t> pixels;
  for (const size_t i : data.indices) {
    text += StrCat("\n", set.cases[set.case_of[i]], " ", set.labels[i]);
    if (!data.soft.empty()) text += StrCat(" ", DecimalText(data.soft[i], 9));
    const Image image = set.image(i);
    pixels.insert(pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return StrCat(text, HexDigits(Sha256(pixels)));
}

Result<NetworkWeights> FitOne(const std::string& name, const TrainingData& data,
                              const TrainingSettings& settings, const std::string& checkpoint) {
  const Checkpoint kept(checkpoint, name, Identity(data, settings));
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

// The mean over the teachers of what each says, as the mean over flips and turns, of every patch
// that it learnt from.
Result<std::vector<double>> AskTeachers(const std::string& name, const TrainingData& data,
                                        const ModelConfig& config, const std::string& checkpoint) {
  std::vector<double> soft;
  if (config.teachers == 0) return soft;
  soft.assign(data.set->size(), 0);
  for (int teacher = 1; teacher <= config.teachers; ++teacher) {
    TrainingSettings settings = config.teacher;
    settings.seed += static_cast<uint64_t>(teacher) - 1;
    ASSIGN_OR_RETURN(const NetworkWeights weights,
                     FitOne(StrCat(name, "-teacher-", teacher), data, settings, checkpoint));
    const auto logits = LogitDifferences(weights, *data.set, data.indices, data.input, kTurns);
    for (size_t i = 0; i < logits.size(); ++i) {
      soft[data.indices[i]] += 1 / (1 + std::exp(-logits[i])) / config.teachers;
    }
  }
  return soft;
}

}  // namespace

Result<NetworkWeights> Fit(const std::string& name, const PatchSet& set,
                           const std::vector<size_t>& indices, const InputSpec& input,
                           const ModelConfig& config, const std::string& checkpoint) {
  TrainingData data = {.set = &set, .indices = indices, .input = input, .soft = {}};
  ASSIGN_OR_RETURN(data.soft, AskTeachers(name, data, config, checkpoint));
  return FitOne(name, data, config.training, checkpoint);
}

}  // namespace insitu
