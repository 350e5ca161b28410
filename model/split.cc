#include "model/split.h"

#include <algorithm>

namespace insitu {

Result<Split> SplitByCase(const PatchSet& set, const std::vector<bool>& listed, size_t folds,
                          std::optional<size_t> fold) {
  const auto count = static_cast<size_t>(std::count(listed.begin(), listed.end(), true));
  std::vector<bool> is_held_out(listed.size(), false);
  size_t rank = 0;
  for (size_t i = 0; i < listed.size(); ++i) {
    if (listed[i]) is_held_out[i] = fold && rank++ * folds / count == *fold;
  }
  Split split;
  bool trained_on[2] = {};
  bool held[2] = {};
  for (size_t i = 0; i < set.size(); ++i) {
    const bool held_out = is_held_out[set.case_of[i]];
    (held_out ? split.held_out : split.train).push_back(i);
    (held_out ? held : trained_on)[set.labels[i]] = true;
  }
  if (!trained_on[0] || !trained_on[1] || (fold && (!held[0] || !held[1]))) {
    return Error{ErrorCode::kInvalidArgument,
                 "The cases, or those of one fold, lack patches of one class; give more cases."};
  }
  return split;
}

}  // namespace insitu
