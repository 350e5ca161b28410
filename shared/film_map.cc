#include "shared/film_map.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace insitu {
namespace {

bool IsMark(const FilmMap& map, int column, int row, int reach, double apart) {
  const double value = map.At(column, row);
  for (int r = std::max(0, row - reach); r <= std::min(map.rows - 1, row + reach); ++r) {
    for (int c = std::max(0, column - reach); c <= std::min(map.columns - 1, column + reach); ++c) {
      if (std::hypot(c - column, r - row) * map.stride > apart) continue;
      const bool is_earlier = r < row || (r == row && c < column);
      if (map.At(c, r) > value || (is_earlier && map.At(c, r) == value)) return false;
    }
  }
  return true;
}

}  // namespace

Result<FilmMap> MapFilm(const BreastMask& mask, int stride, const PatchJudge& judge) {
  const auto steps = [stride](int cells) {
    return std::max(0, (cells * BreastMask::kSide - kFilmPatchSide) / stride + 1);
  };
  FilmMap map{stride, steps(mask.columns), steps(mask.rows), {}};
  map.values.assign(static_cast<size_t>(map.columns) * static_cast<size_t>(map.rows),
                    FilmMap::kOutside);
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      const PatchCentre centre = map.CentreOf(column, row);
      if (!mask.Contains(centre.x, centre.y)) continue;
      ASSIGN_OR_RETURN(map.At(column, row), judge(centre));
    }
  }
  return map;
}

FilmMap Smoothed(const FilmMap& map) {
  FilmMap smooth = map;
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      if (map.At(column, row) == FilmMap::kOutside) continue;
      double sum = 0, weights = 0;
      for (int r = std::max(0, row - 1); r <= std::min(map.rows - 1, row + 1); ++r) {
        for (int c = std::max(0, column - 1); c <= std::min(map.columns - 1, column + 1); ++c) {
          if (map.At(c, r) == FilmMap::kOutside) continue;
          const double weight = (r == row ? 2 : 1) * (c == column ? 2 : 1);
          sum += weight * map.At(c, r);
          weights += weight;
        }
      }
      smooth.At(column, row) = sum / weights;
    }
  }
  return smooth;
}

std::vector<Mark> FindMarks(const FilmMap& map, double apart) {
  const int reach = static_cast<int>(apart / map.stride);
  std::vector<Mark> marks;
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      const double value = map.At(column, row);
      if (value == FilmMap::kOutside || !IsMark(map, column, row, reach, apart)) continue;
      marks.push_back({map.CentreOf(column, row), value});
    }
  }
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return std::tuple(-a.score, a.centre.y, a.centre.x) <
           std::tuple(-b.score, b.centre.y, b.centre.x);
  });
  return marks;
}

}  // namespace insitu
