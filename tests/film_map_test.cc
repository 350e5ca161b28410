#include "shared/film_map.h"

#include <catch_amalgamated.hpp>

#include "model/film_patches.h"
#include "tests/made_film.h"

namespace insitu {
namespace {

FilmMap MapOf(int columns, int rows, const std::vector<double>& values) {
  return {10, columns, rows, values};
}

TEST_CASE("A map asks about the breast only, at every stride", "[film_map]") {
  const BreastMask breast = FindBreast(MadeFilm());
  int asked = 0;
  const auto map = MapFilm(breast, 10, [&](PatchCentre centre) -> Result<double> {
    CHECK(breast.Contains(centre.x, centre.y));
    CHECK(OnFilm(centre));
    ++asked;
    return centre.x / 1024.0;
  });
  REQUIRE(map.ok());
  CHECK(map.value().columns == 98);
  CHECK(map.value().CentreOf(97, 0).x == 995);
  CHECK(map.value().At(10, 50) == 125 / 1024.0);
  CHECK(map.value().At(97, 50) == FilmMap::kOutside);
  CHECK(asked > 2000);
}

TEST_CASE("What the judge cannot do, the map cannot", "[film_map]") {
  const auto map = MapFilm(FindBreast(MadeFilm()), 10, [](PatchCentre) -> Result<double> {
    return Error{ErrorCode::kNotFinite, "no"};
  });
  REQUIRE_FALSE(map.ok());
  CHECK(map.error().code == ErrorCode::kNotFinite);
}

TEST_CASE("Smoothing averages by 1 2 1 in both directions and leaves out the outside",
          "[film_map]") {
  const double out = FilmMap::kOutside;
  const FilmMap map = Smoothed(MapOf(3, 3, {0, 0, out, 0, 1, out, 0, 0, out}));
  CHECK(map.At(1, 1) == Catch::Approx(4.0 / 12));  // (1·4) / (4 + 2·3 + 1·2)
  CHECK(map.At(0, 0) == Catch::Approx(1.0 / 9));   // 1 of 4 + 2 + 2 + 1
  CHECK(map.At(2, 1) == out);
}

TEST_CASE("Marks are the highest places within their distance, strongest first", "[film_map]") {
  const FilmMap map = MapOf(7, 1, {0.1, 0.5, 0.4, 0.3, 0.2, 0.9, 0.8});
  const auto near = FindMarks(map, 10);
  REQUIRE(near.size() == 2);
  CHECK(near[0].score == 0.9);
  CHECK(near[0].centre.x == 25 + 50);
  CHECK(near[1].score == 0.5);
  const auto apart = FindMarks(map, 40);  // 0.5 and 0.9 are 40 pixels apart
  REQUIRE(apart.size() == 1);
  CHECK(apart[0].score == 0.9);
}

TEST_CASE("Of equal values near each other one is a mark, the first", "[film_map]") {
  const auto marks = FindMarks(MapOf(3, 2, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}), 50);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].centre.x == 25);
  CHECK(marks[0].centre.y == 25);
}

TEST_CASE("The outside has no marks", "[film_map]") {
  CHECK(FindMarks(MapOf(2, 1, {FilmMap::kOutside, FilmMap::kOutside}), 50).empty());
}

}  // namespace
}  // namespace insitu
