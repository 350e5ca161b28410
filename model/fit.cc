#include "model/fit.h"

#include <array>
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

constexpr int kTurns = 8;               // that a teacher's answer is the mean of
constexpr uint64_t kTeacherSeed = 100;  // beyond the pupil's

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

bool HasBothLabels(const PatchSet& set, const std::vector<size_t>& indices) {
  std::array<bool, 2> has = {};
  for (const size_t i : indices) has[static_cast<size_t>(set.labels[i])] = true;
  return has[0] && has[1];
}

// The probability of each patch that may be learnt from, by index into the set, as a network says
// it, over flips and turns, that was fitted without the patch's case.
Result<std::vector<double>> TeachersAnswers(const std::string& name, const TrainingData& data,
                                            const ModelConfig& config,
                                            const std::string& checkpoint) {
  const PatchSet& set = *data.set;
  TrainingSettings settings = config.training;
  settings.epochs = config.teacher_epochs;
  settings.distillation = 0;
  settings.seed += kTeacherSeed;
  std::vector<double> answers(set.size(), 0);
  for (int part = 0; part < config.teacher_parts; ++part) {
    TrainingData others = {.set = &set, .indices = {}, .input = data.input, .soft = {}};
    std::vector<size_t> left_out;
    for (const size_t i : data.indices) {
      const bool is_out =
          set.case_of[i] % static_cast<size_t>(config.teacher_parts) == static_cast<size_t>(part);
      (is_out ? left_out : others.indices).push_back(i);
    }
    if (!HasBothLabels(set, others.indices)) {
      return Error{ErrorCode::kInvalidArgument,
                   StrCat("Without part ", part + 1, " of ", config.teacher_parts, " of ", name,
                          "'s cases one label is missing; set distillation.parts to less or to 0, "
                          "or give more cases.")};
    }
    ASSIGN_OR_RETURN(const NetworkWeights weights,
                     FitOne(StrCat(name, "-part-", part + 1), others, settings, "", checkpoint));
    const auto logits = LogitDifferences(weights, set, left_out, data.input, kTurns);
    for (size_t i = 0; i < left_out.size(); ++i) {
      answers[left_out[i]] = 1 / (1 + std::exp(-logits[i]));
    }
  }
  return answers;
}

}  // namespace

Result<NetworkWeights> Fit(const std::string& name, const PatchSet& set,
                           const std::vector<size_t>& indices, const InputSpec& input,
                           const ModelConfig& config, const std::string& checkpoint) {
  TrainingData data = {.set = &set, .indices = indices, .input = input, .soft = {}};
  std::string taught_by;
  if (config.teacher_parts > 0) {
    ASSIGN_OR_RETURN(data.soft, TeachersAnswers(name, data, config, checkpoint));
    taught_by = StrCat(" parts ", config.teacher_parts, " ", config.teacher_epochs);
  }
  return FitOne(name, data, config.training, taught_by, checkpoint);
}

}  // namespace insitu
