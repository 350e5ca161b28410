#include "shared/gate_features.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "shared/logarithm.h"
#include "shared/vector.h"

namespace insitu {
namespace {

constexpr size_t kLanes = 4;
using Vector = VectorOf<kLanes>::Type;

// Of a tile's planes: its side in whole vectors.
constexpr size_t kLine = (kGateTileSide + kLanes - 1) / kLanes * kLanes;

// Below this a pixel is glass (sum of the three optical densities).
constexpr float kGlassDensity = 0.45F;

// Colours that differ by less are grey (of 255).
constexpr int kGreyRange = 10;

float LogOf(float value) { return static_cast<float>(Log(double{value})); }

// Sums in single precision may end a little below 0.
float SafeLog(float value) { return LogOf(std::max(value, 0.0F) + 1e-6F); }

int Range(const uint8_t* rgb) {
  return std::max({rgb[0], rgb[1], rgb[2]}) - std::min({rgb[0], rgb[1], rgb[2]});
}

// A tile's pixels, in lines of kLine, filled up with zeros.
struct Planes {
  std::array<float, kGateTileSide * kLine> light;   // (red + 2 green + blue) / 4, of 255
  std::array<float, kGateTileSide * kLine> chroma;  // red - blue
};

// One tile and where it lies in the image.
struct Tile {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  Planes rows = {};
  Planes columns = {};  // the same, a column a line
};

// Sums over the pixels' colours.
struct ColourSums {
  float red = 0;  // densities
  float green = 0;
  float blue = 0;
  float energy = 0;     // squared densities
  float warmth = 0;     // squared (red - blue) / sum of densities, times that sum
  float greenness = 0;  // the same of green - (red + blue) / 2
  float residual = 0;   // squared part outside the plane of haematoxylin and eosin
  float glass = 0;      // pixels
  float grey = 0;
  float not_green = 0;  // tissue whose green is not what is absorbed most
};

void AddColour(const uint8_t* rgb, const float* density, ColourSums* sums) {
  const float r = density[rgb[0]];
  const float g = density[rgb[1]];
  const float b = density[rgb[2]];
  const float sum = r + g + b + 0.02F;
  const float share = 1 / sum;
  sums->red += r;
  sums->green += g;
  sums->blue += b;
  sums->energy += r * r + g * g + b * b;
  const float warm = r - b;
  const float green = g - (r + b) / 2;
  sums->warmth += warm * warm * share;
  sums->greenness += green * green * share;
  // Normal of the plane through Ruifrok's vectors of haematoxylin and eosin.
  const float residual = 0.3347F * r + 0.0834F * g - 0.9386F * b;
  sums->residual += residual * residual;
  if (sum < kGlassDensity) {
    sums->glass += 1;
    return;
  }
  if (Range(rgb) < kGreyRange) sums->grey += 1;
  if (g < std::max(r, b) - 0.03F) sums->not_green += 1;
}

ColourSums ReadTile(const Image& image, const float* density, Tile* tile) {
  ColourSums sums;
  const auto channels = static_cast<size_t>(image.channels);
  const size_t green = channels == 1 ? 0 : 1;
  for (int y = 0; y < tile->height; ++y) {
    const size_t start = static_cast<size_t>(tile->top + y) * static_cast<size_t>(image.width) +
                         static_cast<size_t>(tile->left);
    const uint8_t* from = &image.pixels[start * channels];
    for (int x = 0; x < tile->width; ++x, from += channels) {
      const uint8_t rgb[3] = {from[0], from[green], from[2 * green]};
      AddColour(rgb, density, &sums);
      const size_t row = static_cast<size_t>(y) * kLine + static_cast<size_t>(x);
      const size_t column = static_cast<size_t>(x) * kLine + static_cast<size_t>(y);
      tile->rows.light[row] = tile->columns.light[column] =
          static_cast<float>(rgb[0] + 2 * rgb[1] + rgb[2]) / 4;
      tile->rows.chroma[row] = tile->columns.chroma[column] = static_cast<float>(rgb[0] - rgb[2]);
    }
  }
  return sums;
}

// Differences of neighbours, summed over a tile.
struct DifferenceSums {
  float count = 0;
  float edges = 0;       // of them across the borders of 8×8 blocks
  Vector squares1 = {};  // of the light at distances 1, 2 and 4
  Vector squares2 = {};
  Vector squares4 = {};
  Vector chroma1 = {};  // of the chroma at distances 1 and 2
  Vector chroma2 = {};
  Vector second = {};    // squares of second differences
  Vector absolute = {};  // at distance 1
  Vector edge = {};      // the same, of the edges
  Vector equal = {};     // neighbours of the same light
};

// From line to line. The last four have none at distance 4 and are left out at every distance.
// length: of a line; first: where the lines begin in the image.
void AddDifferences(const Planes& planes, int lines, int length, int first, DifferenceSums* sums) {
  for (int i = 0; i + 4 < lines; ++i) {
    Vector across = {};
    const auto start = static_cast<size_t>(i) * kLine;
    for (size_t at = start; at < start + kLine; at += kLanes) {
      const float* light = &planes.light[at];
      const float* chroma = &planes.chroma[at];
      const Vector here = At<kLanes>(light);
      const Vector d1 = At<kLanes>(light + kLine) - here;
      const Vector d2 = At<kLanes>(light + 2 * kLine) - here;
      const Vector d4 = At<kLanes>(light + 4 * kLine) - here;
      const Vector second = d2 - d1 - d1;
      const Vector chroma_here = At<kLanes>(chroma);
      const Vector c1 = At<kLanes>(chroma + kLine) - chroma_here;
      const Vector c2 = At<kLanes>(chroma + 2 * kLine) - chroma_here;
      sums->squares1 += d1 * d1;
      sums->squares2 += d2 * d2;
      sums->squares4 += d4 * d4;
      sums->chroma1 += c1 * c1;
      sums->chroma2 += c2 * c2;
      sums->second += second * second;
      across += __builtin_elementwise_abs(d1);
      sums->equal += d1 == Vector{} ? Vector{} + 1 : Vector{};
    }
    sums->absolute += across;
    sums->count += static_cast<float>(length);
    sums->equal[0] -=
        static_cast<float>(kLine - static_cast<size_t>(length));  // of what fills the line up
    if ((first + i) % 8 == 7) {
      sums->edge += across;
      sums->edges += static_cast<float>(length);
    }
  }
}

[[gnu::noinline]] float Total(const Vector& sum) { return sum[0] + sum[1] + sum[2] + sum[3]; }

// Where tile i of count begins, of an axis of so many pixels.
int TileStart(int length, int side, int count, int i) {
  return count == 1 ? (length - side) / 2 : (length - side) * i / (count - 1);
}

int TilesAlong(int length) { return std::clamp(length / kGateTileSide, 1, kGateTilesAcross); }

TileFeatures Features(const ColourSums& colours, const DifferenceSums& sums, float pixels) {
  constexpr float kNoise = 0.3F;  // variance of rounding, so that flat tiles have no wild ratios
  const float r = colours.red / pixels;
  const float g = colours.green / pixels;
  const float b = colours.blue / pixels;
  const float sum = r + g + b + 0.02F;
  const float energy = colours.energy / pixels;
  const float tissue = pixels - colours.glass + 1;
  const float count = sums.count + 1;
  const float d1 = SafeLog(Total(sums.squares1) / count + kNoise);
  const float d2 = SafeLog(Total(sums.squares2) / count + kNoise);
  const float c1 = SafeLog(Total(sums.chroma1) / count + kNoise);
  const float absolute = Total(sums.absolute) / count;
  return {SafeLog(sum),
          SafeLog(energy - r * r - g * g - b * b),
          (r - b) / sum,
          (g - (r + b) / 2) / sum,
          std::sqrt(colours.warmth / pixels / sum),
          std::sqrt(colours.greenness / pixels / sum),
          std::sqrt(colours.residual / pixels / (energy + 1e-3F)),
          colours.glass / pixels,
          colours.grey / tissue,
          colours.not_green / tissue,
          d1,
          d2 - d1,
          SafeLog(Total(sums.squares4) / count + kNoise) - d2,
          SafeLog(Total(sums.second) / count + kNoise) - d1,
          c1 - d1,
          SafeLog(Total(sums.chroma2) / count + kNoise) - c1,
          Total(sums.equal) / count,
          SafeLog(absolute * absolute + kNoise / 2) - d1,
          SafeLog((Total(sums.edge) / (sums.edges + 1) + kNoise) / (absolute + kNoise))};
}

}  // namespace

int TileCount(const Image& image) { return TilesAlong(image.width) * TilesAlong(image.height); }

DensityTable::DensityTable() {
  for (size_t i = 0; i < 256; ++i) density[i] = -LogOf(static_cast<float>(i + 1) / 256.0F);
}

TileFeatures MeasureTile(const Image& image, const DensityTable& table, int index) {
  const int columns = TilesAlong(image.width);
  Tile tile;
  tile.width = std::min(image.width, kGateTileSide);
  tile.height = std::min(image.height, kGateTileSide);
  tile.left = TileStart(image.width, tile.width, columns, index % columns);
  tile.top = TileStart(image.height, tile.height, TilesAlong(image.height), index / columns);
  const ColourSums colours = ReadTile(image, table.density.data(), &tile);
  DifferenceSums differences;
  AddDifferences(tile.rows, tile.height, tile.width, tile.top, &differences);
  AddDifferences(tile.columns, tile.width, tile.height, tile.left, &differences);
  return Features(colours, differences, static_cast<float>(tile.width * tile.height));
}

namespace {

constexpr size_t kGridSide = 32;
constexpr size_t kSamplesAcross = 4;  // of a cell

// Darker than this share of the way from the darkest cell to the brightest is background.
constexpr float kBackground = 0.12F;

// Columns of the grid on one side that are its edge.
constexpr size_t kEdge = 3;

struct FilmGrid {
  std::array<std::array<float, kGridSide>, kGridSide> light = {};  // of 255
  float grey = 0;                                                  // share of samples
  float darkest = 255;
  float brightest = 0;
};

FilmGrid SampleFilm(const Image& image) {
  FilmGrid grid;
  const auto channels = static_cast<size_t>(image.channels);
  constexpr size_t kAcross = kGridSide * kSamplesAcross;
  const size_t green = channels == 1 ? 0 : 1;
  constexpr float kCell = kSamplesAcross * kSamplesAcross;
  const auto width = static_cast<size_t>(image.width);
  const auto height = static_cast<size_t>(image.height);
  for (size_t i = 0; i < kAcross; ++i) {
    const size_t y = (2 * i + 1) * height / (2 * kAcross);
    for (size_t j = 0; j < kAcross; ++j) {
      const size_t x = (2 * j + 1) * width / (2 * kAcross);
      const uint8_t* at = &image.pixels[(y * width + x) * channels];
      if (channels == 1 || Range(at) < kGreyRange) grid.grey += 1.0F / (kAcross * kAcross);
      grid.light[i / kSamplesAcross][j / kSamplesAcross] += static_cast<float>(at[green]) / kCell;
    }
  }
  for (const auto& row : grid.light) {
    for (const float light : row) {
      grid.darkest = std::min(grid.darkest, light);
      grid.brightest = std::max(grid.brightest, light);
    }
  }
  return grid;
}

// Neighbouring cells.
struct PairSums {
  float changes = 0;  // one is background, the other is not
  float inside = 0;   // pairs of which neither is
};

}  // namespace

FilmFeatures MeasureFilm(const Image& image) {
  FilmGrid grid = SampleFilm(image);
  const float range = grid.brightest - grid.darkest + 1;
  for (auto& row : grid.light) {
    for (float& light : row) light = (light - grid.darkest) / range;
  }
  float breast = 0, sum = 0, squares = 0, coarse = 0;
  std::array<PairSums, 2> pairs;  // along rows, along columns
  std::array<float, 2> edge = {};
  for (size_t y = 0; y < kGridSide; ++y) {
    for (size_t x = 0; x < kGridSide; ++x) {
      const float light = grid.light[y][x];
      if (x < kEdge) edge[0] += light;
      if (x >= kGridSide - kEdge) edge[1] += light;
      for (size_t down = 0; down < 2; ++down) {
        if ((down == 0 ? x : y) + 1 == kGridSide) continue;
        const float other = grid.light[y + down][x + 1 - down];
        if ((light < kBackground) != (other < kBackground)) {
          pairs[down].changes += 1;
        } else if (light >= kBackground) {
          pairs[down].inside += 1;
          coarse += std::fabs(other - light);
        }
      }
      if (light < kBackground) continue;
      breast += 1;
      sum += light;
      squares += light * light;
    }
  }
  constexpr float kEdgeCells = kEdge * kGridSide;
  const float mean = sum / (breast + 1);
  return {grid.grey,
          breast / (kGridSide * kGridSide),
          std::min(edge[0], edge[1]) / kEdgeCells,
          std::max(edge[0], edge[1]) / kEdgeCells,
          pairs[0].changes / kGridSide,
          pairs[1].changes / kGridSide,
          mean,
          std::sqrt(std::max(0.0F, squares / (breast + 1) - mean * mean)),
          SafeLog(coarse / (pairs[0].inside + pairs[1].inside + 1) + 1e-3F)};
}

}  // namespace insitu
