// What insitu-train is asked to do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_config.h"
#include "shared/result.h"

namespace insitu {

struct TrainOptions {
  ModelConfig config;
  std::string data;        // folder of patches
  std::string list;        // file of case ids: trained on and held out
  std::string more;        // file of case ids that are trained on only; "" for none
  std::string counts;      // file of CaseCounts; "" for none
  std::string out;         // "" to measure by hold-out only
  std::string answers;     // file for what libtorch says of some patches; "" for none
  std::string checkpoint;  // folder; "" for none
  int64_t only = -1;  // one fit, kept in the checkpoint: a fold from 1, 0 the final one; -1 all
  std::string films;  // folder of mini-MIAS in place of data and list; "" for none
  std::string fold_models;  // folder for the models of a film training's folds; "" for none
  size_t repeats = 1;       // of a film training's folds, each with the women dealt out anew
  size_t mined = 2;         // false marks of a film that a fit learns from, at most; 0: no mining
  std::string commit, source;
};

std::string_view TrainUsage();

// Reads the config too. Errors: kInvalidArgument for what is missing, not understood or out of its
// limits.
Result<TrainOptions> ReadTrainOptions(const std::vector<std::string>& words);

}  // namespace insitu
