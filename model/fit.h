// One network fitted to one part of a training set, from the checkpoint as far as that goes. With
// teachers it is taught what they say of patches that they have not seen: cross-fitted distillation
// (Dao et al. 2021, "Knowledge distillation as semiparametric inference").
#pragma once

#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/training.h"
#include "shared/result.h"

namespace insitu {

// name: of the fit, for people and for the checkpoint's files in the folder checkpoint, "" for
// none. indices: of the patches of set that may be learnt from; teachers learn from these alone,
// so that nothing of what is held out reaches the network through them. Errors: a checkpoint that
// cannot be written; kInvalidArgument where a part leaves only one label to learn from.
Result<NetworkWeights> Fit(const std::string& name, const PatchSet& set,
                           const std::vector<size_t>& indices, const InputSpec& input,
                           const ModelConfig& config, const std::string& checkpoint);

}  // namespace insitu
