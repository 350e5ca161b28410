// What an evaluation on films found, and its figures with their intervals.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/bootstrap.h"
#include "model/film_patches.h"
#include "model/film_set.h"
#include "model/froc.h"
#include "model/metrics.h"
#include "model/uncertain.h"

namespace insitu {

// The rates of false marks a film at which sensitivity is told.
inline constexpr std::array<double, 4> kFalseMarkRates = {0.5, 1, 2, 4};

struct JudgedPatch {
  Scored scored;
  size_t film = 0;
  std::optional<StatedBand> band;  // of the model that judged it
};

// What a model calls a patch by: its own, fitted without the films that it judges.
struct CalledBy {
  double threshold = 0;
  std::optional<StatedBand> band;
};

// probabilities: that each patch is suspicious, by that model. film: its place in the list.
std::vector<JudgedPatch> JudgePatches(const std::vector<FilmPatch>& patches,
                                      const std::vector<double>& probabilities, const CalledBy& by,
                                      size_t film);

// One repeat: every film judged once, by a model of its own.
struct FilmRepeat {
  std::vector<JudgedFilm> films;  // in the order of the film list
  std::vector<JudgedPatch> patches;
};

struct Figure {
  std::optional<double> value;
  std::optional<Interval> interval;  // 95 %
};

// Each area and each sensitivity of the FROC is the mean over the repeats.
struct FilmFigures {
  Figure patch_auc;
  Figure film_auc;  // film with a finding or without, by its strongest mark
  std::array<Figure, kFalseMarkRates.size()> on_normal_films;  // sensitivity, FROC
  std::array<Figure, kFalseMarkRates.size()> on_all_films;
};

// How many findings of one kind are marked at kKindRate false marks on a normal film.
struct KindFigures {
  std::string kind;     // an abnormality, "benign" or "malignant"
  size_t findings = 0;  // with a place
  double found = 0;     // mean over the repeats
};
inline constexpr double kKindRate = 1;
std::vector<KindFigures> ComputeKindFigures(const std::vector<Film>& films,
                                            const std::vector<FilmRepeat>& repeats);

// The patches of all repeats by woman, in the order of their first films; women without any are
// left out.
struct WomenPatches {
  std::vector<Case> cases;
  std::vector<std::vector<StatedBand>> bands;  // by case and patch; empty when a patch has none
};
WomenPatches PatchesByWoman(const std::vector<Film>& films, const std::vector<FilmRepeat>& repeats);

// repeats: at least one. Only films.size() and the women of the films are used of `films`.
FilmFigures ComputeFilmFigures(const std::vector<Film>& films,
                               const std::vector<FilmRepeat>& repeats,
                               const BootstrapOptions& bootstrap);

}  // namespace insitu
