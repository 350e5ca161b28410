// Which patches train a network and which judge it: whole cases, never single patches.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/patch_set.h"
#include "shared/result.h"

namespace insitu {

struct Split {
  std::vector<size_t> train;
  std::vector<size_t> held_out;
};

// Contiguous blocks of the sorted ids are held out, because neighbouring ids of the public release
// may share a section or a woman. listed: by index into set.cases; cases that are not are trained
// on whatever the fold. fold: absent to train on everything. Errors: kInvalidArgument when a part
// lacks a class.
Result<Split> SplitByCase(const PatchSet& set, const std::vector<bool>& listed, size_t folds,
                          std::optional<size_t> fold);

}  // namespace insitu
