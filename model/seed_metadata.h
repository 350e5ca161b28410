// What the seed model says of itself: the entries of shared/model_info.h.
#pragma once

#include <string>
#include <vector>

#include "model/metrics.h"
#include "shared/model_info.h"
#include "shared/preprocess.h"

namespace insitu {

struct SeedFacts {
  std::string id;
  std::string version;
  InputSpec input;
  double threshold = 0.5;
  Metrics held_out;  // at the threshold
  std::string training_data;
  std::string commit;
  std::vector<double> known_answer;  // probabilities, one a label
};

Metadata SeedMetadata(const SeedFacts& facts);

}  // namespace insitu
