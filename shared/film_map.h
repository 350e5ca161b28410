// A film read patch by patch: the probability map over its breast, and the marks in it.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "shared/breast_mask.h"
#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

inline constexpr int kFilmPatchSide = 50;  // pixels; 10 mm

// A patch by its centre: it covers [x - 25, x + 25) and so down.
struct PatchCentre {
  int x = 0;
  int y = 0;
};

// How a map is read. Tuned on nothing: the stride is what reading all films in a while allows.
inline constexpr int kMapStride = 20;     // pixels between neighbouring patches; 4 mm
inline constexpr int kSmoothings = 1;     // times that the map is smoothed before marks are sought
inline constexpr double kMarkApart = 50;  // pixels within which there is one mark at most; 10 mm

// Values at the centres of patches on a film: column i is at x = kFilmPatchSide / 2 + i * stride,
// and so down. What is outside of the breast is kOutside.
struct FilmMap {
  static constexpr double kOutside = -1;

  int stride = kMapStride;
  int columns = 0;
  int rows = 0;
  std::vector<double> values;  // (rows, columns)

  PatchCentre CentreOf(int column, int row) const {
    return {kFilmPatchSide / 2 + column * stride, kFilmPatchSide / 2 + row * stride};
  }
  double& At(int column, int row) { return values[Index(column, row)]; }
  double At(int column, int row) const { return values[Index(column, row)]; }

 private:
  size_t Index(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
  }
};

// The probability that a patch around there is suspicious.
using PatchJudge = std::function<Result<double>(PatchCentre)>;

// Asks the judge about every patch of the film that the mask tiles whose centre is in the breast.
// Errors: the judge's first.
Result<FilmMap> MapFilm(const BreastMask& mask, int stride, const PatchJudge& judge);

// Each value becomes the mean of those around it inside the breast, weighted (1 2 1) in both
// directions.
FilmMap Smoothed(const FilmMap& map);

struct Mark {
  PatchCentre centre;
  double score = 0;
};

// The places of the map whose value no other within `apart` pixels exceeds, strongest first; of
// equal ones the first in reading order.
std::vector<Mark> FindMarks(const FilmMap& map, double apart);

}  // namespace insitu
