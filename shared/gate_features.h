// What the input gate (gate.h) measures: statistics of colour and structure of small pieces of an
// image, and of a film as a whole. No resampling and no colour space but optical density, so that a
// patch costs microseconds.
#pragma once

#include <array>
#include <cstddef>

#include "shared/image.h"

namespace insitu {

// Side of a tile in pixels: what a histology model reads at once.
inline constexpr int kGateTileSide = 50;

// Tiles of one image in each direction, spread evenly from edge to edge, at most: the cost of a
// large image is that of 25 patches.
inline constexpr int kGateTilesAcross = 5;

inline constexpr size_t kTileFeatureCount = 19;
inline constexpr size_t kGlassFeature = 7;  // share of pixels without tissue
using TileFeatures = std::array<float, kTileFeatureCount>;

// A tile counts for its image by its share of tissue, and a little besides, so that an image of
// glass alone has a say too.
inline float TileWeight(const TileFeatures& tile) { return 1.01F - tile[kGlassFeature]; }

// An image whose tiles weigh less than this on average has nothing to judge, whatever its noise
// looks like.
inline constexpr float kEmptyWeight = 0.02F;

// Optical density of each value of a sample, -ln((value + 1) / 256): Ruifrok & Johnston 2001.
struct DensityTable {
  DensityTable();
  std::array<float, 256> density;
};

int TileCount(const Image& image);

// A grey image counts as one whose colours are equal. index: below TileCount(image).
TileFeatures MeasureTile(const Image& image, const DensityTable& table, int index);

inline constexpr size_t kFilmFeatureCount = 9;
inline constexpr size_t kGreyFeature = 0;  // share of samples whose colours are equal, or nearly
// A film has at least this share.
inline constexpr float kGreyFilm = 0.95F;
using FilmFeatures = std::array<float, kFilmFeatureCount>;

// The image as a mammogram's film: where it is dark and how smooth the rest is, on a grid of 32×32
// means of a few samples each.
FilmFeatures MeasureFilm(const Image& image);

}  // namespace insitu
