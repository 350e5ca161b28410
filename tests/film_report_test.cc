#include "model/film_report.h"

#include <catch_amalgamated.hpp>

#include "tests/made_film.h"

namespace insitu {
namespace {

// Two women with a normal and an abnormal film each.
std::vector<Film> FourFilms() {
  std::vector<Film> films;
  for (const char* woman : {"a", "a", "b", "b"}) {
    films.push_back(FilmWith(films.size() % 2 == 0 ? std::vector<Finding>{}
                                                   : std::vector{FindingAt(300, 300, 30)}));
    films.back().woman = woman;
  }
  return films;
}

// good: marks and patches are right, otherwise they are the wrong way round.
FilmRepeat RepeatOf(bool good) {
  FilmRepeat repeat;
  for (size_t i = 0; i < 4; ++i) {
    const bool abnormal = i % 2 == 1;
    const double high = good == abnormal ? 0.9 : 0.1;
    repeat.films.push_back({abnormal, true, high, {}, {}});
    if (abnormal) repeat.films.back().hits = {high};
    if (!abnormal) repeat.films.back().false_marks = {high, 0.05};
    repeat.patches.push_back({high, high > 0.5, abnormal, i});
  }
  return repeat;
}

TEST_CASE("Marks that are all right give figures of one", "[film_report]") {
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {RepeatOf(true)});
  CHECK(figures.patch_auc.value == 1.0);
  CHECK(figures.film_auc.value == 1.0);
  CHECK(figures.patches.accuracy.value == 1.0);
  CHECK(figures.patches.f1.value == 1.0);
  CHECK(figures.on_normal_films[0].value == 1.0);
  REQUIRE(figures.film_auc.interval);
  CHECK(figures.film_auc.interval->low == 1);
  CHECK(figures.film_auc.interval->high == 1);
}

TEST_CASE("Figures are the mean over the repeats", "[film_report]") {
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {RepeatOf(true), RepeatOf(false)});
  CHECK(figures.patch_auc.value == 0.5);
  CHECK(figures.film_auc.value == 0.5);
  CHECK(figures.patches.sensitivity.value == 0.5);
  // The second repeat's findings, at .1, are above .05 only: two false marks a film.
  CHECK(figures.on_normal_films[0].value == 0.5);
  CHECK(figures.on_normal_films[1].value == 1.0);
}

TEST_CASE("Patches at the threshold measure what metrics.h measures", "[film_report]") {
  FilmRepeat repeat = RepeatOf(true);
  repeat.patches = {{0.9, true, true, 0},
                    {0.2, false, true, 1},
                    {0.8, true, false, 2},
                    {0.1, false, false, 3},
                    {0.1, false, false, 3}};
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {repeat});
  const Metrics metrics = PooledPatches({repeat});
  CHECK(metrics.n == 5);
  CHECK(figures.patches.accuracy.value == metrics.accuracy);
  CHECK(figures.patches.balanced_accuracy.value == metrics.balanced_accuracy);
  CHECK(figures.patches.sensitivity.value == metrics.sensitivity);
  CHECK(figures.patches.specificity.value == metrics.specificity);
  CHECK(figures.patches.precision.value == metrics.precision);
  CHECK(figures.patches.f1.value == metrics.f1);
  CHECK(figures.patch_auc.value == metrics.auc);
}

TEST_CASE("What cannot be measured is absent", "[film_report]") {
  FilmRepeat repeat = RepeatOf(true);
  repeat.patches.clear();
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {repeat});
  CHECK_FALSE(figures.patch_auc.value);
  CHECK_FALSE(figures.patches.accuracy.value);
  CHECK_FALSE(figures.patches.accuracy.interval);
}

TEST_CASE("Findings are counted by their kind and severity, over the repeats", "[film_report]") {
  std::vector<Film> films = FourFilms();
  films[3].findings[0].abnormality = "CALC";
  films[3].findings[0].malignant = true;
  FilmRepeat second = RepeatOf(true);
  second.films[3].hits = {JudgedFilm::kMissed};
  const auto kinds = ComputeKindFigures(films, {RepeatOf(true), second});
  REQUIRE(kinds.size() == 4);
  CHECK(kinds[0].kind == "CALC");
  CHECK(kinds[0].findings == 1);
  CHECK(kinds[0].found == 0.5);
  CHECK(kinds[1].kind == "CIRC");
  CHECK(kinds[1].found == 1);
  CHECK(kinds[2].kind == "benign");
  CHECK(kinds[3].kind == "malignant");
}

}  // namespace
}  // namespace insitu
