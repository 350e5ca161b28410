#include "shared/breast_mask.h"

#include <catch_amalgamated.hpp>

#include "tests/made_film.h"

namespace insitu {
namespace {

TEST_CASE("The breast is what is bright and in one piece", "[breast_mask]") {
  const BreastMask mask = FindBreast(MadeFilm());
  CHECK(mask.Contains(0, 500));
  CHECK(mask.Contains(200, 500));
  CHECK(mask.Contains(390, 500));
  CHECK(mask.Contains(0, 110));
  CHECK_FALSE(mask.Contains(410, 500));
  CHECK_FALSE(mask.Contains(0, 90));
  CHECK_FALSE(mask.Contains(900, 500));
}

TEST_CASE("A label beside the breast is none of it", "[breast_mask]") {
  Image film = MadeFilm();
  Paint(700, 50, 200, 120, 255, &film);
  const BreastMask mask = FindBreast(film);
  CHECK(mask.Contains(200, 500));
  CHECK_FALSE(mask.Contains(800, 100));
  CHECK(mask.Area() == FindBreast(MadeFilm()).Area());
}

TEST_CASE("A thin bright line does not join a label to the breast", "[breast_mask]") {
  Image film = MadeFilm();
  Paint(700, 450, 200, 120, 255, &film);
  Paint(0, 500, 1024, 12, 255, &film);
  const BreastMask mask = FindBreast(film);
  CHECK(mask.Contains(200, 500));
  CHECK_FALSE(mask.Contains(800, 500));
}

TEST_CASE("A dark spot within the breast belongs to it", "[breast_mask]") {
  Image film = MadeFilm();
  Paint(150, 400, 60, 60, 0, &film);
  CHECK(FindBreast(film).Contains(180, 430));
}

TEST_CASE("A dark notch that is open to the film's edge does not belong to the breast",
          "[breast_mask]") {
  Image film = MadeFilm();
  Paint(0, 400, 100, 60, 0, &film);
  CHECK_FALSE(FindBreast(film).Contains(40, 430));
}

TEST_CASE("A dark film has no breast, and neither has an image smaller than a cell",
          "[breast_mask]") {
  Image film = MadeFilm();
  Paint(0, 0, kFilmSide, kFilmSide, 19, &film);
  CHECK(FindBreast(film).Area() == 0);
  Paint(0, 0, kFilmSide, kFilmSide, 20, &film);
  CHECK(FindBreast(film).Area() == size_t{256} * 256);
  CHECK(FindBreast(Image{3, 3, 1, std::vector<uint8_t>(9, 200)}).Area() == 0);
}

TEST_CASE("Outside of the film is outside of the breast", "[breast_mask]") {
  const BreastMask mask = FindBreast(MadeFilm());
  CHECK_FALSE(mask.Contains(-1, 500));
  CHECK_FALSE(mask.Contains(200, 1024));
}

}  // namespace
}  // namespace insitu
