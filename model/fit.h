// One network fitted to one part of a training set, with its teachers if it has any, from the
// checkpoint as far as that goes.
#pragma once

#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/training.h"
#include "shared/result.h"

namespace insitu {

// name: of the fit, for people and for the checkpoint's files in the folder checkpoint, "" for
// none. indices: of the patches of set that may be learnt from; teachers learn from the same, so
// that nothing of what is held out reaches the network through them. Errors: a checkpoint that
// cannot be written.
Result<NetworkWeights> Fit(const std::string& name, const PatchSet& set,
                           const std::vector<size_t>& indices, const InputSpec& input,
                           const ModelConfig& config, const std::string& checkpoint);

}  // namespace insitu
