#include "model/film_patches.h"

#include <algorithm>
#include <catch_amalgamated.hpp>

#include "tests/made_film.h"

namespace insitu {
namespace {

size_t CountOf(const std::vector<FilmPatch>& patches, int label) {
  return static_cast<size_t>(
      std::count_if(patches.begin(), patches.end(),
                    [label](const FilmPatch& patch) { return patch.label == label; }));
}

TEST_CASE("A patch shows the 50 pixels around its centre", "[film_patches]") {
  Image film = MadeFilm();
  film.pixels[500 * 1024 + 300] = 255;
  const Image patch = CutPatch(film, {300, 500});
  CHECK(patch.width == 50);
  CHECK(patch.height == 50);
  CHECK(patch.channels == 1);
  CHECK(patch.pixels.size() == 2500);
  CHECK(patch.pixels[25 * 50 + 25] == 255);
}

TEST_CASE("A patch at the very border is on the film, one pixel on it is not", "[film_patches]") {
  CHECK(OnFilm({25, 25}));
  CHECK(OnFilm({999, 999}));
  CHECK_FALSE(OnFilm({24, 500}));
  CHECK_FALSE(OnFilm({500, 1000}));
  const Image film = MadeFilm();
  CHECK(CutPatch(film, {25, 25}).pixels[0] == film.pixels[0]);
  CHECK(CutPatch(film, {999, 999}).pixels.back() == film.pixels.back());
}

TEST_CASE("A finding's patches are centred within its core", "[film_patches]") {
  const Film film = FilmWith({FindingAt(200, 500, 60)});
  const auto patches = SamplePatches(film, FindBreast(MadeFilm()), {});
  CHECK(CountOf(patches, 1) == 24);
  CHECK(CountOf(patches, 0) == 20);
  for (const FilmPatch& patch : patches) {
    const double distance = Distance(*film.findings[0].place, patch.centre.x, patch.centre.y);
    CHECK(OnFilm(patch.centre));
    if (patch.label == 1) {
      CHECK(distance <= 0.7 * 60 + 1);
    } else {
      CHECK(distance >= 60 + kClear);
    }
  }
}

TEST_CASE("A tiny finding's patches stay so near that they show it", "[film_patches]") {
  const Film film = FilmWith({FindingAt(200, 500, 3)});
  for (const FilmPatch& patch : SamplePatches(film, FindBreast(MadeFilm()), {})) {
    if (patch.label == 0) continue;
    CHECK(Distance(*film.findings[0].place, patch.centre.x, patch.centre.y) <= 9);
  }
}

TEST_CASE("Patches of a finding at the film's edge are brought onto the film", "[film_patches]") {
  const Film film = FilmWith({FindingAt(4, 500, 12)});
  const auto patches = SamplePatches(film, FindBreast(MadeFilm()), {});
  CHECK(CountOf(patches, 1) == 24);
  for (const FilmPatch& patch : patches) CHECK(OnFilm(patch.centre));
}

TEST_CASE("A normal film gives normal patches from its breast alone", "[film_patches]") {
  const BreastMask breast = FindBreast(MadeFilm());
  const auto patches = SamplePatches(FilmWith({}), breast, {});
  CHECK(CountOf(patches, 0) == 40);
  CHECK(CountOf(patches, 1) == 0);
  for (const FilmPatch& patch : patches) CHECK(breast.Contains(patch.centre.x, patch.centre.y));
}

TEST_CASE("A film with a finding of unknown place gives no patches", "[film_patches]") {
  const Film film = FilmWith({FindingAt(200, 500, 60), {"CALC", true, std::nullopt}});
  CHECK(SamplePatches(film, FindBreast(MadeFilm()), {}).empty());
  CHECK_FALSE(ClearOfFindings(film, {390, 500}));
}

TEST_CASE("A film without breast gives no patches", "[film_patches]") {
  Image dark = MadeFilm();
  Paint(0, 0, kFilmSide, kFilmSide, 0, &dark);
  CHECK(SamplePatches(FilmWith({}), FindBreast(dark), {}).empty());
}

TEST_CASE("Patches of a film are the same each time, and others than another film's",
          "[film_patches]") {
  const BreastMask breast = FindBreast(MadeFilm());
  Film film = FilmWith({});
  const auto first = SamplePatches(film, breast, {});
  const auto again = SamplePatches(film, breast, {});
  film.id = "mdb002";
  const auto other = SamplePatches(film, breast, {});
  CHECK(first[0].centre.x == again[0].centre.x);
  CHECK(first.back().centre.y == again.back().centre.y);
  CHECK((first[0].centre.x != other[0].centre.x || first[0].centre.y != other[0].centre.y));
}

}  // namespace
}  // namespace insitu
