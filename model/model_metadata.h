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

// "0.976131354,0.023868646", always as long for as many labels. probabilities: one a label.
std::string KnownAnswerText(const std::vector<double>& probabilities);

Metadata ModelMetadata(const ModelConfig& config, const ModelFacts& facts);

}  // namespace insitu
