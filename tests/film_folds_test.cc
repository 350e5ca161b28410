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

}  // namespace
}  // namespace insitu
