#include "model/film_folds.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "tests/made_film.h"

namespace insitu {
namespace {

// Two films each of `count` women: every third one has a benign finding on her first film, every
// fifth a malignant one on her second.
std::vector<Film> FilmsOf(int count) {
  std::vector<Film> films;
  for (int woman = 0; woman < count; ++woman) {
    for (int side = 0; side < 2; ++side) {
      Film film = FilmWith({});
      film.id = "mdb" + std::to_string(2 * woman + side);
      film.woman = "pair" + std::to_string(woman);
      if (side == 0 && woman % 3 == 0) film.findings = {FindingAt(1, 1, 1)};
      if (side == 1 && woman % 5 == 0) film.findings = {{"CALC", true, std::nullopt}};
      films.push_back(film);
    }
  }
  return films;
}

TEST_CASE("A woman's films share a fold, and the folds are as large as each other",
          "[film_folds]") {
  const auto fold_of = FoldsOfWomen(FilmsOf(60), 5, 1);
  CHECK(fold_of.size() == 60);  // one fold a woman, whatever her films
  std::vector<int> sizes(5);
  for (const auto& [woman, fold] : fold_of) ++sizes[fold];
  for (const int size : sizes) CHECK(size == 12);
}

TEST_CASE("Every fold has its share of women with malignant findings", "[film_folds]") {
  const auto fold_of = FoldsOfWomen(FilmsOf(60), 5, 1);
  std::vector<int> malignant(5);
  for (const auto& [woman, fold] : fold_of) {
    if (std::stoi(woman.substr(4)) % 5 == 0) ++malignant[fold];
  }
  for (const int count : malignant) {
    CHECK(count >= 2);
    CHECK(count <= 3);
  }
}

TEST_CASE("A repeat deals the women out anew, the same way each time", "[film_folds]") {
  const auto films = FilmsOf(60);
  CHECK(FoldsOfWomen(films, 5, 1) == FoldsOfWomen(films, 5, 1));
  CHECK(FoldsOfWomen(films, 5, 1) != FoldsOfWomen(films, 5, 2));
}

// Ten answers about each woman, by folds of networks that had not seen her: positives at logits of
// 1 to 2, negatives at -2 to -1.
std::vector<HeldOut> AnswersOf(size_t women) {
  std::vector<HeldOut> answers;
  for (size_t woman = 0; woman < women; ++woman) {
    for (int i = 0; i < 10; ++i) {
      const bool truth = i % 2 == 0;
      const double size = 1 + 0.1 * static_cast<double>((static_cast<int>(woman) + i) % 10);
      answers.push_back({i == 0 ? -0.2 : truth ? size : -size, truth, woman});
    }
  }
  return answers;
}

TEST_CASE("A woman's answers move the calibration of every fold but her own", "[film_folds]") {
  const auto films = FilmsOf(20);
  const auto fold_of = FoldsOfWomen(films, 4, 1);
  std::vector<std::string> women;
  for (const auto& [woman, fold] : fold_of) women.push_back(woman);
  const auto calibration = [&](size_t fold, std::span<const HeldOut> answers) {
    std::set<std::string> trained_on;
    for (const auto& [woman, of_woman] : fold_of) {
      if (of_woman != fold) trained_on.insert(woman);
    }
    const auto about = AnswersAbout(trained_on, answers, women);
    CHECK(about.size() == 10 * trained_on.size());
    return FitCalibration(about);
  };
  const std::vector<HeldOut> answers = AnswersOf(women.size());
  std::vector<HeldOut> moved = answers;
  const size_t woman = 7;
  for (HeldOut& answer : moved) {
    if (answer.case_index == woman) answer.truth = !answer.truth;
  }
  for (size_t fold = 0; fold < 4; ++fold) {
    const Calibration before = calibration(fold, answers);
    const Calibration after = calibration(fold, moved);
    const bool same = before.scale == after.scale && before.shift == after.shift;
    CAPTURE(fold);
    CHECK(same == (fold_of.at(women[woman]) == fold));
  }
}

TEST_CASE("A woman's answers of every repeat are left out of her fold's calibration",
          "[film_folds]") {
  const std::vector<HeldOut> answers = {{1, true, 0}, {2, false, 1}, {3, true, 0}, {4, false, 1}};
  const auto about = AnswersAbout({"b"}, answers, {"a", "b"});
  REQUIRE(about.size() == 2);
  CHECK(about[0].logit == 2);
  CHECK(about[1].logit == 4);
  CHECK(AnswersAbout({"a", "b"}, answers, {"a", "b"}).size() == 4);
  CHECK(AnswersAbout({}, answers, {"a", "b"}).empty());
}

}  // namespace
}  // namespace insitu
