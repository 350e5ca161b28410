#include "model/froc.h"

#include <catch_amalgamated.hpp>

#include "tests/made_film.h"

namespace insitu {
namespace {

TEST_CASE("A mark hits a finding within its radius, or within 25 pixels of a tiny one", "[froc]") {
  const Film film = FilmWith({FindingAt(300, 300, 60), FindingAt(600, 600, 3)});
  const std::vector<Mark> marks = {{{360, 300}, 0.9},
                                   {{361, 300}, 0.8},
                                   {{600, 625}, 0.7},
                                   {{600, 626}, 0.6},
                                   {{300, 300}, 0.5}};
  const JudgedFilm judged = JudgeMarks(film, marks);
  CHECK(judged.hits == std::vector<double>{0.9, 0.7});
  CHECK(judged.false_marks == std::vector<double>{0.8, 0.6});
  CHECK(judged.score == 0.9);
}

TEST_CASE("A finding without a mark is missed, and a mark may hit two findings", "[froc]") {
  const Film film =
      FilmWith({FindingAt(300, 300, 60), FindingAt(310, 300, 60), FindingAt(800, 800, 30)});
  const std::vector<Mark> marks = {{{305, 300}, 0.4}};
  const JudgedFilm judged = JudgeMarks(film, marks);
  CHECK(judged.hits == std::vector<double>{0.4, 0.4, JudgedFilm::kMissed});
  CHECK(judged.false_marks.empty());
}

TEST_CASE("Where a finding's place is unknown no mark is called false", "[froc]") {
  const Film film = FilmWith({{"CALC", true, std::nullopt}});
  const std::vector<Mark> marks = {{{300, 300}, 0.9}};
  const JudgedFilm judged = JudgeMarks(film, marks);
  CHECK(judged.false_marks.empty());
  CHECK(judged.hits.empty());
  CHECK_FALSE(judged.located);
  CHECK(judged.score == 0.9);
}

// Worked by hand: two normal films and three abnormal ones with four findings.
std::vector<JudgedFilm> WorkedExample() {
  return {{false, true, 0.8, {}, {0.8, 0.4}},
          {false, true, 0.5, {}, {0.5}},
          {true, true, 0.9, {0.9, 0.3}, {0.7}},
          {true, true, 0.6, {0.6}, {}},
          {true, true, 0.2, {JudgedFilm::kMissed}, {0.2}}};
}

TEST_CASE("Sensitivity at a rate of false marks is what counting by hand gives", "[froc]") {
  const auto films = WorkedExample();
  const std::vector<double> once(films.size(), 1);
  const Froc normal(films, FalseMarksOn::kNormalFilms);
  // On the two normal films false marks are at .8, .5 and .4. None allowed: above .8 is .9 alone.
  CHECK(*normal.SensitivityAt(0, once) == 0.25);
  // One allowed (.8): above .5 are .9 and .6. Two allowed: above .4 the same. All three: .3 too.
  CHECK(*normal.SensitivityAt(0.5, once) == 0.5);
  CHECK(*normal.SensitivityAt(1, once) == 0.5);
  CHECK(*normal.SensitivityAt(1.5, once) == 0.75);
  CHECK(*normal.SensitivityAt(100, once) == 0.75);  // the fourth is never marked
  // On all five films: .8, .7, .5, .4, .2. Two allowed at .4 a film: above .5.
  const Froc all(films, FalseMarksOn::kAllFilms);
  CHECK(*all.SensitivityAt(0, once) == 0.25);
  CHECK(*all.SensitivityAt(0.2, once) == 0.25);
  CHECK(*all.SensitivityAt(0.4, once) == 0.5);
  CHECK(*all.SensitivityAt(0.8, once) == 0.75);
}

TEST_CASE("The limit is the score of the first false mark that is one too many", "[froc]") {
  const auto films = WorkedExample();
  const std::vector<double> once(films.size(), 1);
  const Froc normal(films, FalseMarksOn::kNormalFilms);
  CHECK(*normal.LimitAt(0, once) == 0.8);
  CHECK(*normal.LimitAt(0.5, once) == 0.5);
  CHECK(*normal.LimitAt(1.5, once) == JudgedFilm::kMissed);
}

TEST_CASE("A film that counts twice counts as two films would", "[froc]") {
  auto films = WorkedExample();
  const std::vector<double> weights = {2, 1, 0, 1, 3};
  std::vector<JudgedFilm> repeated;
  for (size_t i = 0; i < films.size(); ++i) {
    for (int copies = 0; copies < static_cast<int>(weights[i]); ++copies) {
      repeated.push_back(films[i]);
    }
  }
  const std::vector<double> once(repeated.size(), 1);
  for (const auto where : {FalseMarksOn::kNormalFilms, FalseMarksOn::kAllFilms}) {
    for (const double rate : {0.0, 0.3, 0.5, 1.0, 4.0}) {
      CAPTURE(rate);
      CHECK(Froc(films, where).SensitivityAt(rate, weights) ==
            Froc(repeated, where).SensitivityAt(rate, once));
    }
  }
}

TEST_CASE("A finding marked no more strongly than a false mark too many is not found", "[froc]") {
  const std::vector<JudgedFilm> films = {{false, true, 0.5, {}, {0.5}},
                                         {true, true, 0.5, {0.5}, {}}};
  const std::vector<double> once = {1, 1};
  CHECK(*Froc(films, FalseMarksOn::kNormalFilms).SensitivityAt(0.5, once) == 0);
  CHECK(*Froc(films, FalseMarksOn::kNormalFilms).SensitivityAt(1, once) == 1);
}

TEST_CASE("Without findings, or without films to count on, there is no sensitivity", "[froc]") {
  const auto films = WorkedExample();
  const Froc froc(films, FalseMarksOn::kNormalFilms);
  CHECK_FALSE(froc.SensitivityAt(1, std::vector<double>{1, 1, 0, 0, 0}));
  CHECK_FALSE(froc.SensitivityAt(1, std::vector<double>{0, 0, 1, 1, 1}));
}

}  // namespace
}  // namespace insitu
