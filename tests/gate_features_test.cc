#include "shared/gate_features.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace insitu {
namespace {

Image Noise(int width, int height, int channels) {
  Image image = {width, height, channels, {}};
  uint32_t state = 1;
  for (int i = 0; i < width * height * channels; ++i) {
    state = state * 1664525 + 1013904223;
    // Steps of 32, so that some neighbours are equal.
    image.pixels.push_back(static_cast<uint8_t>(state >> 29 << 5));
  }
  return image;
}

// What differences of neighbours come to, by plain loops over the image, which is one tile.
struct Differences {
  double count = 0, squares1 = 0, squares2 = 0, squares4 = 0, chroma1 = 0, chroma2 = 0;
  double second = 0, absolute = 0, equal = 0, edge = 0, edges = 0;
};

Differences ByLoops(const Image& image) {
  const auto sample = [&image](int x, int y, int c) {
    const int channel = image.channels == 1 ? 0 : c;
    const int at = (y * image.width + x) * image.channels + channel;
    return static_cast<double>(image.pixels[static_cast<size_t>(at)]);
  };
  const auto light = [&sample](int x, int y) {
    return (sample(x, y, 0) + 2 * sample(x, y, 1) + sample(x, y, 2)) / 4;
  };
  const auto chroma = [&sample](int x, int y) { return sample(x, y, 0) - sample(x, y, 2); };
  Differences sums;
  for (const auto& [dx, dy] : {std::pair{1, 0}, std::pair{0, 1}}) {
    for (int y = 0; y + 4 * dy < image.height; ++y) {
      for (int x = 0; x + 4 * dx < image.width; ++x) {
        const auto light_at = [&, dx = dx, dy = dy](int i) {
          return light(x + i * dx, y + i * dy);
        };
        const auto chroma_at = [&, dx = dx, dy = dy](int i) {
          return chroma(x + i * dx, y + i * dy);
        };
        const double d1 = light_at(1) - light_at(0);
        const double second = light_at(2) - 2 * light_at(1) + light_at(0);
        sums.count += 1;
        sums.squares1 += d1 * d1;
        sums.squares2 += std::pow(light_at(2) - light_at(0), 2);
        sums.squares4 += std::pow(light_at(4) - light_at(0), 2);
        sums.chroma1 += std::pow(chroma_at(1) - chroma_at(0), 2);
        sums.chroma2 += std::pow(chroma_at(2) - chroma_at(0), 2);
        sums.second += second * second;
        sums.absolute += std::fabs(d1);
        sums.equal += d1 == 0 ? 1 : 0;
        if ((dx == 1 ? x : y) % 8 != 7) continue;
        sums.edge += std::fabs(d1);
        sums.edges += 1;
      }
    }
  }
  return sums;
}

}  // namespace

TEST_CASE("Differences of neighbours are those of plain loops, whatever the size of a tile",
          "[gate_features]") {
  const DensityTable table;
  for (const auto& [width, height] :
       {std::pair{50, 50}, std::pair{37, 23}, std::pair{48, 50}, std::pair{20, 49}}) {
    for (const int channels : {1, 3}) {
      CAPTURE(width, height, channels);
      const Image image = Noise(width, height, channels);
      const TileFeatures features = MeasureTile(image, table, 0);
      const Differences sums = ByLoops(image);
      constexpr double kNoise = 0.3;
      const auto log_of = [&sums](double sum) { return std::log(sum / (sums.count + 1) + kNoise); };
      const double d1 = log_of(sums.squares1);
      const double d2 = log_of(sums.squares2);
      const double c1 = log_of(sums.chroma1);
      const double absolute = sums.absolute / (sums.count + 1);
      const double expected[] = {
          d1,
          d2 - d1,
          log_of(sums.squares4) - d2,
          log_of(sums.second) - d1,
          c1 - d1,
          log_of(sums.chroma2) - c1,
          sums.equal / (sums.count + 1),
          std::log(absolute * absolute + kNoise / 2) - d1,
          std::log((sums.edge / (sums.edges + 1) + kNoise) / (absolute + kNoise))};
      constexpr size_t kFirst = 10;
      for (size_t i = 0; i < std::size(expected); ++i) {
        CAPTURE(i);
        CHECK(features[kFirst + i] == Catch::Approx(expected[i]).margin(2e-5));
      }
    }
  }
}

TEST_CASE("A tile of one colour has only equal neighbours", "[gate_features]") {
  const Image flat = {31, 26, 3, std::vector<uint8_t>(size_t{31} * 26 * 3, 200)};
  constexpr size_t kEqual = 16;
  constexpr float kPairs = 27 * 26 + 31 * 22;
  CHECK(MeasureTile(flat, DensityTable(), 0)[kEqual] == Catch::Approx(kPairs / (kPairs + 1)));
}

}  // namespace insitu
