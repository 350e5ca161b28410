// What a trained model says of itself: the entries of shared/model_info.h.
#pragma once

#include <string>
#include <vector>

#include "model/model_config.h"
#include "shared/model_info.h"
#include "shared/preprocess.h"

namespace insitu {

// All that is measured is measured on patches that the network had not seen.
struct ModelFacts {
  InputSpec input;                        // of the config, with mean and std
  List<OperatingPoint> operating_points;  // one is "balanced": the threshold
  List<CalibrationPoint> calibration_interval;
  UncertainBand uncertain;
  std::string training_data;
  std::string commit;
  std::vector<double> known_answer;  // probabilities, one a label
};

Metadata ModelMetadata(const ModelConfig& config, const ModelFacts& facts);

}  // namespace insitu
