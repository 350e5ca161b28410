#include "shared/breast_mask.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace insitu {
namespace {

// Mean grey level at and above which a cell is no background. mini-MIAS films have background up to
// 18 or so; skin and fat at the breast's edge fade into it.
constexpr int kBackground = 20;

// What is thinner than twice this many cells, 4.8 mm of a film at 200 µm per pixel, is cut off.
constexpr int kThin = 3;

using Cells = std::vector<uint8_t>;

struct Grid {
  int columns = 0;
  int rows = 0;

  size_t size() const { return static_cast<size_t>(columns) * static_cast<size_t>(rows); }
  size_t At(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
  }
};

Cells BrightCells(const Image& film, const Grid& grid) {
  Cells cells(grid.size());
  constexpr int kSide = BreastMask::kSide;
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      int sum = 0;
      for (int y = row * kSide; y < (row + 1) * kSide; ++y) {
        const uint8_t* line = film.pixels.data() +
                              static_cast<size_t>(y) * static_cast<size_t>(film.width) +
                              static_cast<size_t>(column * kSide);
        for (int x = 0; x < kSide; ++x) sum += line[x];
      }
      cells[grid.At(column, row)] = sum >= kBackground * kSide * kSide;
    }
  }
  return cells;
}

// A cell becomes `value` when any within `reach` columns and rows has it. Beyond the grid lies
// nothing, so that a breast cut by the film's edge is not worn away there.
Cells Spread(const Cells& cells, const Grid& grid, int reach, uint8_t value) {
  Cells across = cells;
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      for (int c = std::max(0, column - reach); c <= std::min(grid.columns - 1, column + reach);
           ++c) {
        if (cells[grid.At(c, row)] == value) across[grid.At(column, row)] = value;
      }
    }
  }
  Cells both = across;
  for (int row = 0; row < grid.rows; ++row) {
    for (int r = std::max(0, row - reach); r <= std::min(grid.rows - 1, row + reach); ++r) {
      for (int column = 0; column < grid.columns; ++column) {
        if (across[grid.At(column, r)] == value) both[grid.At(column, row)] = value;
      }
    }
  }
  return both;
}

// The cells of the same value that are connected with `start` by their sides, which it marks.
std::vector<size_t> Piece(const Cells& cells, const Grid& grid, size_t start, Cells* seen) {
  std::vector<size_t> piece = {start};
  (*seen)[start] = 1;
  for (size_t next = 0; next < piece.size(); ++next) {
    const int column = static_cast<int>(piece[next] % static_cast<size_t>(grid.columns));
    const int row = static_cast<int>(piece[next] / static_cast<size_t>(grid.columns));
    constexpr std::pair<int, int> kSides[] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    for (const auto& [right, down] : kSides) {
      const int c = column + right, r = row + down;
      if (c < 0 || r < 0 || c >= grid.columns || r >= grid.rows) continue;
      const size_t at = grid.At(c, r);
      if ((*seen)[at] != 0 || cells[at] != cells[start]) continue;
      (*seen)[at] = 1;
      piece.push_back(at);
    }
  }
  return piece;
}

// The largest piece of ones.
Cells LargestPiece(const Cells& cells, const Grid& grid) {
  Cells seen(grid.size());
  std::vector<size_t> largest;
  for (size_t at = 0; at < cells.size(); ++at) {
    if (cells[at] == 0 || seen[at] != 0) continue;
    std::vector<size_t> piece = Piece(cells, grid, at, &seen);
    if (piece.size() > largest.size()) largest = std::move(piece);
  }
  Cells only(grid.size());
  for (const size_t at : largest) only[at] = 1;
  return only;
}

// Zeros from which no way leads to the film's edge become ones.
void FillHoles(const Grid& grid, Cells* cells) {
  Cells outside(grid.size());
  const auto enter = [&](int column, int row) {
    const size_t at = grid.At(column, row);
    if ((*cells)[at] == 0 && outside[at] == 0) Piece(*cells, grid, at, &outside);
  };
  for (int column = 0; column < grid.columns; ++column) {
    enter(column, 0);
    enter(column, grid.rows - 1);
  }
  for (int row = 0; row < grid.rows; ++row) {
    enter(0, row);
    enter(grid.columns - 1, row);
  }
  for (size_t at = 0; at < cells->size(); ++at) {
    if (outside[at] == 0) (*cells)[at] = 1;
  }
}

}  // namespace

bool BreastMask::Contains(int x, int y) const {
  if (x < 0 || y < 0 || x >= columns * kSide || y >= rows * kSide) return false;
  const Grid grid{columns, rows};
  return cells[grid.At(x / kSide, y / kSide)] != 0;
}

size_t BreastMask::Area() const {
  return static_cast<size_t>(std::count(cells.begin(), cells.end(), 1));
}

BreastMask FindBreast(const Image& film) {
  const Grid grid{film.width / BreastMask::kSide, film.height / BreastMask::kSide};
  BreastMask mask{grid.columns, grid.rows, {}};
  if (grid.size() == 0) return mask;
  // Opening (erosion, then dilation) cuts thin bridges between the breast and what is not.
  const Cells worn = Spread(BrightCells(film, grid), grid, kThin, 0);
  mask.cells = Spread(LargestPiece(worn, grid), grid, kThin, 1);
  FillHoles(grid, &mask.cells);
  return mask;
}

}  // namespace insitu
