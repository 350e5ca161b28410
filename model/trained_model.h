// From trained weights, and what the folds said of them, to the file.
#pragma once

#include <string>
#include <vector>

#include "model/calibration.h"
#include "model/model_config.h"
#include "model/network.h"
#include "model/operating_point.h"
#include "shared/model_info.h"
#include "shared/result.h"

namespace insitu {

// What is fitted to patches that the network had not seen.
struct Chosen {
  Calibration calibration;
  List<OperatingPoint> points;
  List<CalibrationPoint> interval;
  UncertainBand uncertain;
};

// Prints what it chose. counts, case_ids: as for Weigh. Errors: those of Weigh.
Result<Chosen> Choose(const ModelConfig& config, const CaseCounts& counts,
                      const std::vector<std::string>& case_ids, std::vector<HeldOut> held_out);

// "The probability is for patches of which 28.4 % are IDC".
std::string PrevalenceText(const ModelConfig& config);

struct Provenance {
  const ModelConfig& config;
  const InputSpec& input;
  const Chosen& chosen;
  std::string training_data;
  std::string commit;
};

// Puts the calibration into the weights and writes them as an ONNX file with all that using it
// needs. Returns the weights as they are stored there. Errors: a file that cannot be written.
Result<NetworkWeights> WriteModel(const Provenance& provenance, NetworkWeights weights,
                                  const std::string& path);

}  // namespace insitu
