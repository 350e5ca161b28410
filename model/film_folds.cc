#include "model/film_folds.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "model/random.h"

namespace insitu {

std::map<std::string, size_t> FoldsOfWomen(const std::vector<Film>& films, size_t folds,
                                           uint64_t repeat) {
  // 0 no finding, 1 benign ones only, 2 a malignant one.
  std::map<std::string, size_t> worst;
  for (const Film& film : films) {
    size_t& of_woman = worst[film.woman];
    for (const Finding& finding : film.findings) {
      of_woman = std::max<size_t>(of_woman, finding.malignant ? 2 : 1);
    }
  }
  std::array<std::vector<std::string>, 3> groups;
  for (const auto& [woman, group] : worst) groups[group].push_back(woman);
  Random random(repeat);
  std::map<std::string, size_t> fold_of;
  size_t next = 0;
  for (std::vector<std::string>& women : groups) {
    for (size_t left = women.size(); left > 1; --left) {
      std::swap(women[left - 1], women[random.Below(left)]);
    }
    for (const std::string& woman : women) fold_of[woman] = next++ % folds;
  }
  return fold_of;
}

std::vector<HeldOut> AnswersAbout(const std::set<std::string>& trained_on,
                                  std::span<const HeldOut> answers,
                                  const std::vector<std::string>& women) {
  std::vector<HeldOut> about;
  std::copy_if(
      answers.begin(), answers.end(), std::back_inserter(about),
      [&](const HeldOut& answer) { return trained_on.contains(women[answer.case_index]); });
  return about;
}

}  // namespace insitu
