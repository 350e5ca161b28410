// model/NAME.toml: what a model is and how it is trained, apart from the data.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "model/training.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

struct ModelConfig {
  std::string id, version = "1.0.0", kind;
  double um_per_pixel = 0;
  std::array<std::string, 2> labels;    // negative, positive
  std::array<std::string, 2> verdicts;  // what a person reads
  std::string warning;                  // and is told with every answer; "" for nothing
  // The share of positives among what the model will meet: the probability is calibrated for it.
  double prevalence = 0.5;
  size_t folds = 3;  // parts of the hold-out by case
  std::string fit = "crop";
  TrainingSettings training;

  // Teachers that have not seen what they teach, against labels that are wrong: the cases are dealt
  // into so many parts, and for each a network like the model's, fitted without it, says how
  // probable its labels are, which is a part of the targets (training.distillation). 0: none.
  int teacher_parts = 0;
  int teacher_epochs = 20;

  InputSpec input() const;  // without mean and std
};

// overrides: settings that replace those of the file, as the inside of a TOML inline table, for
// instance `folds = 2, training.epochs = 3`; "" for none. Errors: kInvalidArgument, naming file and
// line: what TOML cannot read, a setting that is unknown, missing or out of its limits, layers that
// are no network.
Result<ModelConfig> ReadModelConfig(const std::string& path, const std::string& overrides);

// The same of the file's text. path: for messages.
Result<ModelConfig> ParseModelConfig(const std::string& text, const std::string& path,
                                     const std::string& overrides);

// All settings that the weights of a fit depend on, as text: two that differ give other weights.
std::string SettingsText(const TrainingSettings& settings);

}  // namespace insitu
