// Which women are held out together. mini-MIAS is ordered by kind of finding, so contiguous blocks
// of it would each lack some kind: women are shuffled instead, those with a malignant finding, with
// a benign one and with none dealt out separately. Both films of a woman always stay together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/calibration.h"
#include "model/film_set.h"

namespace insitu {

// The fold, from 0, of every woman. repeat: another one gives another shuffle. folds > 0.
std::map<std::string, size_t> FoldsOfWomen(const std::vector<Film>& films, size_t folds,
                                           uint64_t repeat);

// What the model of a fold is calibrated on: of the answers, each of a network that had not seen
// the woman, those about the women whom the fold does not hold out, its model's training women.
// Nothing about a woman whom the model is reported on is among them. women: by case_index.
std::vector<HeldOut> AnswersAbout(const std::set<std::string>& trained_on,
                                  std::span<const HeldOut> answers,
                                  const std::vector<std::string>& women);

}  // namespace insitu
