// Free-response receiver operating characteristic: how many of the findings are marked, at how many
// false marks a film (Chakraborty, Maximum likelihood analysis of free-response receiver operating
// characteristic data, Medical Physics 16, 1989).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "model/film_patches.h"
#include "model/film_set.h"
#include "shared/film_map.h"

namespace insitu {

// A mark hits a finding whose centre is no farther away than the finding's radius, or than
// kLeastHit pixels (5 mm, half a patch) where that is less.
inline constexpr double kLeastHit = 25;

// A film's marks as right and wrong ones.
struct JudgedFilm {
  bool abnormal = false;
  bool located = false;      // every finding has a place; false marks are only known then
  double score = 0;          // of the strongest mark; 0 without any
  std::vector<double> hits;  // of each finding with a place: the strongest mark that hits it, or
                             // kMissed
  std::vector<double> false_marks;  // scores of the marks that hit none; none unless located

  static constexpr double kMissed = -1;
};

JudgedFilm JudgeMarks(const Film& film, std::span<const Mark> marks);

// False marks are counted on the films without a finding, or on every film whose findings all have
// a place. Findings are always those with a place, on any film.
enum class FalseMarksOn { kNormalFilms, kAllFilms };

class Froc {
 public:
  Froc(std::span<const JudgedFilm> films, FalseMarksOn where);

  // The least score above which there are no more than `rate` false marks a film; kMissed where
  // there are no more of them at all. weights: how often each film counts (as in a bootstrap
  // sample). Absent when no film to count false marks on is left.
  std::optional<double> LimitAt(double rate, std::span<const double> weights) const;

  // The share of findings with a mark above that score. Absent when there is none, or no finding is
  // left.
  std::optional<double> SensitivityAt(double rate, std::span<const double> weights) const;

 private:
  struct Scored {
    double score = 0;
    size_t film = 0;
  };
  std::vector<Scored> findings_;     // strongest first
  std::vector<Scored> false_marks_;  // strongest first
  std::vector<bool> counted_;        // films on which false marks are counted
};

}  // namespace insitu
