#include "tests/made_film.h"

#include <algorithm>

namespace insitu {

Image MadeFilm() {
  Image film{kFilmSide, kFilmSide, 1, {}};
  for (int y = 0; y < kFilmSide; ++y) {
    for (int x = 0; x < kFilmSide; ++x) {
      const double across = x / 400.0, down = (y - 500) / 400.0;
      film.pixels.push_back(across * across + down * down < 1 ? 120 : 8);
    }
  }
  return film;
}

void Paint(int left, int top, int width, int height, uint8_t level, Image* film) {
  for (int y = std::max(0, top); y < std::min(film->height, top + height); ++y) {
    for (int x = std::max(0, left); x < std::min(film->width, left + width); ++x) {
      film->pixels[static_cast<size_t>(y) * static_cast<size_t>(film->width) +
                   static_cast<size_t>(x)] = level;
    }
  }
}

Film FilmWith(const std::vector<Finding>& findings) {
  Film film;
  film.id = "mdb001";
  film.woman = "w";
  film.findings = findings;
  return film;
}

Finding FindingAt(double x, double y, double radius) {
  return {"CIRC", false, Circle{x, y, radius}};
}

}  // namespace insitu
