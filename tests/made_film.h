// Films of mini-MIAS's form, made by code.
#pragma once

#include <string>

#include "model/film_set.h"
#include "shared/image.h"

namespace insitu {

// Grey kFilmSide x kFilmSide: background of 8, and the half ellipse of a breast of 120 at the left
// edge: 400 pixels wide, from row 100 to 900.
Image MadeFilm();

// Fills the part of the rectangle that is on the film.
void Paint(int left, int top, int width, int height, uint8_t level, Image* film);

// Of woman "w", without path.
Film FilmWith(const std::vector<Finding>& findings);
Finding FindingAt(double x, double y, double radius);

}  // namespace insitu
