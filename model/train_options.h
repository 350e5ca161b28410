// What insitu-train is asked to do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/training.h"
#include "shared/result.h"

namespace insitu {

struct TrainOptions {
  std::string data;  // folder of patches
  std::string list;  // file of case ids
  std::string out;   // "" to measure by hold-out only
  std::string id, version, commit, source;
  size_t folds = 3;
  TrainingSettings training;
};

std::string_view TrainUsage();

// Errors: kInvalidArgument for what is missing, not understood or out of its limits, and for a
// network whose layers leave nothing to the next.
Result<TrainOptions> ReadTrainOptions(const std::vector<std::string>& words);

}  // namespace insitu
