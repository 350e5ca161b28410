#include "model/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace insitu {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

// Optical density per unit of stain: rows haematoxylin, eosin, DAB; columns red, green, blue.
constexpr Matrix kStainToDensity = {
    {{0.650, 0.704, 0.286}, {0.072, 0.990, 0.105}, {0.268, 0.570, 0.776}}};

Matrix Inverse(const Matrix& m) {
  const auto cofactor = [&m](size_t row, size_t column) {
    const size_t r1 = (row + 1) % 3, r2 = (row + 2) % 3;
    const size_t c1 = (column + 1) % 3, c2 = (column + 2) % 3;
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const double determinant =
      m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  Matrix inverse{};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) inverse[j][i] = cofactor(i, j) / determinant;
  }
  return inverse;
}

// density' = density * mix + offset, for row vectors of (red, green, blue).
struct DensityMap {
  Matrix mix{};
  std::array<double, 3> offset{};
};

DensityMap DrawDensityMap(const Augmentation& augmentation, Random* random) {
  static const Matrix kDensityToStain = Inverse(kStainToDensity);
  DensityMap map;
  for (size_t stain = 0; stain < 3; ++stain) {
    const double scale =
        random->Uniform(1 - augmentation.stain_scale, 1 + augmentation.stain_scale);
    const double shift = random->Uniform(-augmentation.stain_shift, augmentation.stain_shift);
    for (size_t to = 0; to < 3; ++to) {
      map.offset[to] += shift * kStainToDensity[stain][to];
      for (size_t from = 0; from < 3; ++from) {
        map.mix[from][to] += kDensityToStain[from][stain] * scale * kStainToDensity[stain][to];
      }
    }
  }
  const double gain = random->Uniform(1 - augmentation.brightness, 1 + augmentation.brightness);
  for (double& offset : map.offset) offset -= std::log(gain);
  return map;
}

// Natural optical density of each grey level; 0 is taken as 0.5, whose density is finite.
std::array<float, 256> DensityTable() {
  std::array<float, 256> table{};
  for (size_t level = 0; level < table.size(); ++level) {
    const double value = std::max(0.5, static_cast<double>(level));
    table[level] = static_cast<float>(-std::log(value / 255.0));
  }
  return table;
}

// A coordinate beyond an edge is mirrored at the outermost pixel's centre.
double Mirrored(double at, int side) {
  const double last = side - 1;
  if (at < 0) at = -at;
  return at > last ? 2 * last - at : at;
}

// Writes the channels of the point to `to` and returns what follows.
uint8_t* SampleBilinear(const Image& image, double x, double y, uint8_t* to) {
  const int left = std::min(static_cast<int>(x), image.width - 2);
  const int top = std::min(static_cast<int>(y), image.height - 2);
  const auto wx = static_cast<float>(x - left);
  const auto wy = static_cast<float>(y - top);
  const ptrdiff_t row = ptrdiff_t{image.width} * image.channels;
  const uint8_t* from = image.pixels.data() + top * row + ptrdiff_t{left} * image.channels;
  for (int c = 0; c < image.channels; ++c, ++from) {
    const float upper = from[0] + wx * static_cast<float>(from[image.channels] - from[0]);
    const float lower = from[row] + wx * static_cast<float>(from[row + image.channels] - from[row]);
    *to++ = static_cast<uint8_t>(std::lround(upper + wy * (lower - upper)));
  }
  return to;
}

}  // namespace

void Blur(const Augmentation& augmentation, Random* random, Image* image) {
  if (random->Uniform() >= augmentation.blur) return;
  const auto channels = static_cast<ptrdiff_t>(image->channels);
  const ptrdiff_t row = image->width * channels;
  // One direction after the other; an edge pixel counts as its own neighbour outside.
  const auto along = [image](ptrdiff_t step, auto position, int last) {
    const std::vector<uint8_t> from = image->pixels;
    for (size_t at = 0; at < from.size(); ++at) {
      const int where = position(static_cast<ptrdiff_t>(at));
      const auto here = from.begin() + static_cast<ptrdiff_t>(at);
      const int before = where == 0 ? *here : *(here - step);
      const int after = where == last ? *here : *(here + step);
      image->pixels[at] = static_cast<uint8_t>((before + 2 * *here + after + 2) / 4);
    }
  };
  along(
      channels, [=](ptrdiff_t at) { return static_cast<int>(at % row / channels); },
      image->width - 1);
  along(row, [=](ptrdiff_t at) { return static_cast<int>(at / row); }, image->height - 1);
}

Image Turned(const Image& image, int which) {
  const auto side = static_cast<size_t>(image.width);
  const auto channels = static_cast<size_t>(image.channels);
  Image out = image;
  for (size_t y = 0; y < side; ++y) {
    for (size_t x = 0; x < side; ++x) {
      size_t from_x = (which & 1) != 0 ? side - 1 - x : x;
      size_t from_y = (which & 2) != 0 ? side - 1 - y : y;
      if ((which & 4) != 0) std::swap(from_x, from_y);
      const uint8_t* from = image.pixels.data() + (from_y * side + from_x) * channels;
      std::copy_n(from, channels, out.pixels.data() + (y * side + x) * channels);
    }
  }
  return out;
}

namespace {

// Of an image with one channel.
void JitterDensity(const Augmentation& augmentation, Random* random, Image* image) {
  const double scale = random->Uniform(1 - augmentation.stain_scale, 1 + augmentation.stain_scale);
  const double shift = random->Uniform(-augmentation.stain_shift, augmentation.stain_shift);
  const double gain = random->Uniform(1 - augmentation.brightness, 1 + augmentation.brightness);
  const std::array<float, 256> density = DensityTable();
  std::array<uint8_t, 256> changed{};
  for (size_t level = 0; level < changed.size(); ++level) {
    const double value = 255 * gain * std::exp(-(density[level] * scale + shift));
    changed[level] = static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  }
  for (uint8_t& value : image->pixels) value = changed[value];
}

}  // namespace

void JitterStain(const Augmentation& augmentation, Random* random, Image* image) {
  if (image->channels == 1) return JitterDensity(augmentation, random, image);
  static const std::array<float, 256> kDensity = DensityTable();
  const DensityMap map = DrawDensityMap(augmentation, random);
  std::array<std::array<float, 3>, 3> mix{};
  std::array<float, 3> offset{};
  for (size_t i = 0; i < 3; ++i) {
    offset[i] = static_cast<float>(map.offset[i]);
    for (size_t j = 0; j < 3; ++j) mix[i][j] = static_cast<float>(map.mix[i][j]);
  }
  for (size_t at = 0; at + 2 < image->pixels.size(); at += 3) {
    uint8_t* rgb = image->pixels.data() + at;
    const std::array<float, 3> from = {kDensity[rgb[0]], kDensity[rgb[1]], kDensity[rgb[2]]};
    for (size_t c = 0; c < 3; ++c) {
      const float to = from[0] * mix[0][c] + from[1] * mix[1][c] + from[2] * mix[2][c] + offset[c];
      const float value = 255.0f * std::exp(-to);
      rgb[c] = static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
  }
}

Image Warped(const Image& image, const Augmentation& augmentation, Random* random) {
  const double zoom = std::exp(random->Uniform(-1, 1) * std::log(1 + augmentation.zoom));
  const double angle = random->Uniform(-1, 1) * augmentation.turn * std::numbers::pi / 180;
  const double along = std::cos(angle) / zoom;
  const double across = std::sin(angle) / zoom;
  const double middle = (image.width - 1) / 2.0;
  const double centre_x = middle + random->Uniform(-1, 1) * augmentation.shift;
  const double centre_y = middle + random->Uniform(-1, 1) * augmentation.shift;
  const int side = image.width;
  Image out = image;
  uint8_t* to = out.pixels.data();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double dx = x - middle;
      const double dy = y - middle;
      const double from_x =
          std::clamp(Mirrored(centre_x + along * dx + across * dy, side), 0.0, side - 1.0);
      const double from_y =
          std::clamp(Mirrored(centre_y + along * dy - across * dx, side), 0.0, side - 1.0);
      to = SampleBilinear(image, from_x, from_y, to);
    }
  }
  return out;
}

Image Augmented(const Image& image, const Augmentation& augmentation, Random* random) {
  Image out = Turned(image, static_cast<int>(random->Below(8)));
  if (augmentation.zoom > 0 || augmentation.shift > 0 || augmentation.turn > 0) {
    out = Warped(out, augmentation, random);
  }
  JitterStain(augmentation, random, &out);
  if (augmentation.blur > 0) Blur(augmentation, random, &out);
  return out;
}

}  // namespace insitu
