#include "shared/gate_features.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "shared/logarithm.h"

namespace insitu {
namespace {

constexpr size_t kTilePixels = size_t{kGateTileSide} * kGateTileSide;

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

// One tile's pixels, plane by plane, and where they lie in the image.
struct Tile {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  std::array<float, kTilePixels> light;   // (red + 2 green + blue) / 4, of 255
  std::array<float, kTilePixels> chroma;  // red - blue
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
  float* light = tile->light.data();
  float* chroma = tile->chroma.data();
  for (int y = 0; y < tile->height; ++y) {
    const size_t start = static_cast<size_t>(tile->top + y) * static_cast<size_t>(image.width) +
                         static_cast<size_t>(tile->left);
    const uint8_t* from = &image.pixels[start * channels];
    for (int x = 0; x < tile->width; ++x, from += channels) {
      const uint8_t grey[3] = {from[0], from[0], from[0]};
      const uint8_t* rgb = channels == 1 ? grey : from;
      AddColour(rgb, density, &sums);
      *light++ = static_cast<float>(rgb[0] + 2 * rgb[1] + rgb[2]) / 4;
      *chroma++ = static_cast<float>(rgb[0] - rgb[2]);
    }
  }
  return sums;
}

// Differences of neighbours, summed over a tile.
struct DifferenceSums {
  float count = 0;
  float squares1 = 0;  // of the light at distances 1, 2 and 4
  float squares2 = 0;
  float squares4 = 0;
  float chroma1 = 0;  // of the chroma at distances 1 and 2
  float chroma2 = 0;
  float second = 0;    // squares of second differences
  float absolute = 0;  // at distance 1
  float equal = 0;     // neighbours of the same light
  float edge = 0;      // absolute, across the borders of 8×8 blocks
  float edges = 0;
};

// Along one direction. The last four pixels have no neighbour at distance 4 and are left out at
// every distance.
void AddDifferences(const Tile& tile, bool down, DifferenceSums* sums) {
  const int along = down ? tile.height : tile.width;
  const int lines = down ? tile.width : tile.height;
  const size_t step = down ? static_cast<size_t>(tile.width) : 1;
  const size_t line_step = down ? 1 : static_cast<size_t>(tile.width);
  const int first = down ? tile.top : tile.left;
  for (int line = 0; line < lines; ++line) {
    const float* light = &tile.light[static_cast<size_t>(line) * line_step];
    const float* chroma = &tile.chroma[static_cast<size_t>(line) * line_step];
    for (int i = 0; i + 4 < along; ++i, light += step, chroma += step) {
      const float d1 = light[step] - light[0];
      const float d2 = light[2 * step] - light[0];
      const float d4 = light[4 * step] - light[0];
      const float second = d2 - 2 * d1;
      const float c1 = chroma[step] - chroma[0];
      const float c2 = chroma[2 * step] - chroma[0];
      const float absolute = std::fabs(d1);
      sums->count += 1;
      sums->squares1 += d1 * d1;
      sums->squares2 += d2 * d2;
      sums->squares4 += d4 * d4;
      sums->chroma1 += c1 * c1;
      sums->chroma2 += c2 * c2;
      sums->second += second * second;
      sums->absolute += absolute;
      if (d1 == 0) sums->equal += 1;
      if ((first + i) % 8 == 7) {
        sums->edge += absolute;
        sums->edges += 1;
      }
    }
  }
}

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
  const float d1 = SafeLog(sums.squares1 / count + kNoise);
  const float d2 = SafeLog(sums.squares2 / count + kNoise);
  const float c1 = SafeLog(sums.chroma1 / count + kNoise);
  const float absolute = sums.absolute / count;
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
          SafeLog(sums.squares4 / count + kNoise) - d2,
          SafeLog(sums.second / count + kNoise) - d1,
          c1 - d1,
          SafeLog(sums.chroma2 / count + kNoise) - c1,
          sums.equal / count,
          SafeLog(absolute * absolute + kNoise / 2) - d1,
          SafeLog((sums.edge / (sums.edges + 1) + kNoise) / (absolute + kNoise))};
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
  AddDifferences(tile, false, &differences);
  AddDifferences(tile, true, &differences);
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
