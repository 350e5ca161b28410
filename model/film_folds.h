// Which women are held out together. mini-MIAS is ordered by kind of finding, so contiguous blocks
// of it would each lack some kind: women are shuffled instead, those with a malignant finding, with
// a benign one and with none dealt out separately. Both films of a woman always stay together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/film_set.h"

namespace insitu {

// The fold, from 0, of every woman. repeat: another one gives another shuffle. folds > 0.
std::map<std::string, size_t> FoldsOfWomen(const std::vector<Film>& films, size_t folds,
                                           uint64_t repeat);

}  // namespace insitu
