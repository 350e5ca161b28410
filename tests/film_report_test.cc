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
    repeat.patches.push_back({{high, high > 0.5, abnormal}, i, {}});
  }
  return repeat;
}

TEST_CASE("Marks that are all right give figures of one", "[film_report]") {
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {RepeatOf(true)}, {});
  CHECK(figures.patch_auc.value == 1.0);
  CHECK(figures.film_auc.value == 1.0);
  CHECK(figures.on_normal_films[0].value == 1.0);
  REQUIRE(figures.film_auc.interval);
  CHECK(figures.film_auc.interval->low == 1);
  CHECK(figures.film_auc.interval->high == 1);
}

TEST_CASE("Figures are the mean over the repeats", "[film_report]") {
  const FilmFigures figures =
      ComputeFilmFigures(FourFilms(), {RepeatOf(true), RepeatOf(false)}, {});
  CHECK(figures.patch_auc.value == 0.5);
  CHECK(figures.film_auc.value == 0.5);
  // The second repeat's findings, at .1, are above .05 only: two false marks a film.
  CHECK(figures.on_normal_films[0].value == 0.5);
  CHECK(figures.on_normal_films[1].value == 1.0);
}

TEST_CASE("Patches are gathered by woman, every repeat's", "[film_report]") {
  const auto cases = PatchesByWoman(FourFilms(), {RepeatOf(true), RepeatOf(false)}).cases;
  REQUIRE(cases.size() == 2);
  CHECK(cases[0].id == "a");
  REQUIRE(cases[1].scored.size() == 4);
  CHECK(cases[1].scored[0].score == 0.1);
  CHECK(cases[1].scored[3].score == 0.1);  // the second repeat has it the wrong way round
}

TEST_CASE("What cannot be measured is absent", "[film_report]") {
  FilmRepeat repeat = RepeatOf(true);
  repeat.patches.clear();
  const FilmFigures figures = ComputeFilmFigures(FourFilms(), {repeat}, {});
  CHECK_FALSE(figures.patch_auc.value);
  CHECK_FALSE(figures.patch_auc.interval);
  CHECK(PatchesByWoman(FourFilms(), {repeat}).cases.empty());
}

TEST_CASE("A patch is called at the threshold of the model that judged it", "[film_report]") {
  const std::vector<FilmPatch> patches = {{{0, 0}, 0}, {{0, 0}, 1}};
  const auto low = JudgePatches(patches, {0.25, 0.3}, {0.3, {}}, 7);
  const auto high = JudgePatches(patches, {0.25, 0.3}, {0.301, {}}, 7);
  REQUIRE(low.size() == 2);
  CHECK_FALSE(low[0].scored.decision);
  CHECK(low[1].scored.decision);
  CHECK_FALSE(high[1].scored.decision);
  CHECK_FALSE(low[0].scored.truth);
  CHECK(low[1].scored.truth);
  CHECK(low[1].scored.score == 0.3);
  CHECK(low[1].film == 7);
}

TEST_CASE("Each patch keeps the band of the model that judged it", "[film_report]") {
  FilmRepeat first = RepeatOf(true), second = RepeatOf(true);
  for (JudgedPatch& patch : first.patches) patch.band = StatedBand{0.2, 0.4, 0.9};
  for (JudgedPatch& patch : second.patches) patch.band = StatedBand{0.3, 0.5, 0.9};
  first.patches.erase(first.patches.begin(), first.patches.begin() + 2);  // all of woman a
  second.patches.erase(second.patches.begin(), second.patches.begin() + 2);
  const WomenPatches women = PatchesByWoman(FourFilms(), {first, second});
  REQUIRE(women.cases.size() == 1);
  CHECK(women.cases[0].id == "b");
  REQUIRE(women.bands.size() == 1);
  REQUIRE(women.bands[0].size() == 4);
  CHECK(women.bands[0][1].low == 0.2);
  CHECK(women.bands[0][2].low == 0.3);

  second.patches[0].band.reset();
  CHECK(PatchesByWoman(FourFilms(), {first, second}).bands.empty());
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
