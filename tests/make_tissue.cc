#include "tests/make_tissue.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/random.h"

namespace insitu {
namespace {

size_t At(int x, int y, int width) {
  return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
}

// Noise whose detail has so many pixels, between -share / 2 and share / 2.
void AddNoise(int width, int height, int step, double share, Random* random,
              std::vector<double>* sum) {
  const int columns = width / step + 2;
  std::vector<double> knots(static_cast<size_t>(columns * (height / step + 2)));
  for (double& knot : knots) knot = random->Uniform(-share / 2, share / 2);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = static_cast<double>(x % step) / step;
      const double v = static_cast<double>(y % step) / step;
      const double* knot = &knots[At(x / step, y / step, columns)];
      const double above = knot[0] * (1 - u) + knot[1] * u;
      const double below = knot[columns] * (1 - u) + knot[columns + 1] * u;
      (*sum)[At(x, y, width)] += above * (1 - v) + below * v;
    }
  }
}

std::vector<double> Unevenness(int width, int height, Random* random) {
  std::vector<double> sum(At(0, height, width), 0.5);
  constexpr struct {
    int step;
    double share;
  } kOctaves[] = {{16, 0.3}, {6, 0.2}, {2, 0.4}, {1, 0.6}};
  for (const auto& octave : kOctaves) {
    AddNoise(width, height, octave.step, octave.share, random, &sum);
  }
  for (double& value : sum) value = std::max(0.0, value);
  return sum;
}

// A round spot with soft edges, added to densities.
void AddNucleus(int width, int height, Random* random, std::vector<double>* densities) {
  const double x = random->Uniform(0, width);
  const double y = random->Uniform(0, height);
  const double reach = random->Uniform(1.1, 2);
  const double density = random->Uniform(0.3, 0.8);
  for (int row = std::max(0, static_cast<int>(y - reach));
       row < std::min<double>(height, y + reach); ++row) {
    for (int column = std::max(0, static_cast<int>(x - reach));
         column < std::min<double>(width, x + reach); ++column) {
      const double inside = std::clamp(reach - std::hypot(column - x, row - y), 0.0, 1.0);
      (*densities)[At(column, row, width)] += inside * density;
    }
  }
}

uint8_t Level(double value) {
  return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255));
}

Image Blank(int width, int height, int channels) {
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  image.pixels.resize(At(0, height, width) * static_cast<size_t>(channels));
  return image;
}

}  // namespace

Image TissueImage(int width, int height, uint32_t seed, const Dyes& dyes) {
  Random random(seed);
  const std::vector<double> ground = Unevenness(width, height, &random);
  std::vector<double> nuclei = Unevenness(width, height, &random);
  for (double& value : nuclei) value *= 0.08;
  for (int i = 0; i < width * height / 27; ++i) AddNucleus(width, height, &random, &nuclei);
  Image image = Blank(width, height, 3);
  for (size_t i = 0; i < ground.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const double density = 0.04 + std::min(1.1, nuclei[i]) * dyes.nuclei[c] +
                             0.45 * ground[i] * dyes.ground[c] + random.Uniform(-0.015, 0.015);
      image.pixels[i * 3 + c] = Level(std::exp(-density));
    }
  }
  return image;
}

Image FilmImage(int width, int height, uint32_t seed) {
  Random random(seed);
  std::vector<double> texture(At(0, height, width), 0.55);
  for (const int part : {4, 10, 30}) {
    AddNoise(width, height, width / part, 0.25, &random, &texture);
  }
  AddNoise(width, height, 2, 0.08, &random, &texture);
  Image film = Blank(width, height, 1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double across = x / (0.55 * width);
      const double down = (y - 0.5 * height) / (0.42 * height);
      const double depth = 1 - across * across - down * down;  // 0 at the skin
      const double light = depth <= 0 ? 0.02 : std::min(1.0, 0.35 + 1.5 * depth);
      const bool label = x > 0.8 * width && x < 0.9 * width && y < 0.2 * height;
      film.pixels[At(x, y, width)] = Level(label ? 0.9 : light * texture[At(x, y, width)] * 1.2);
    }
  }
  return film;
}

Image Recoloured(const Image& image, const std::function<Rgb(int x, int y, const Rgb&)>& change) {
  Image changed = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      uint8_t* pixel = &changed.pixels[At(x, y, image.width) * 3];
      const Rgb colour = change(x, y, {pixel[0] / 255.0, pixel[1] / 255.0, pixel[2] / 255.0});
      for (size_t c = 0; c < 3; ++c) pixel[c] = Level(colour[c]);
    }
  }
  return changed;
}

Image Blurred(const Image& image, int radius) {
  Image from = image;
  for (int pass = 0; pass < 2; ++pass) {
    Image to = from;
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width * 3; ++x) {
        int sum = 0;
        for (int dy = -radius; dy <= radius; ++dy) {
          for (int dx = -radius; dx <= radius; ++dx) {
            const int row = std::clamp(y + dy, 0, image.height - 1);
            const int column = std::clamp(x / 3 + dx, 0, image.width - 1);
            sum += from.pixels[At(column, row, image.width) * 3 + static_cast<size_t>(x % 3)];
          }
        }
        const int side = 2 * radius + 1;
        to.pixels[At(x, y, image.width * 3)] = static_cast<uint8_t>(sum / (side * side));
      }
    }
    from = std::move(to);
  }
  return from;
}

Image Blocky(const Image& image) {
  const Image soft = Blurred(image, 2);
  return Recoloured(image, [&](int x, int y, const Rgb&) {
    // The colour of the block's middle, the light of a coarse slope across it.
    const int middle_x = std::min(x / 8 * 8 + 4, image.width - 1);
    const int middle_y = std::min(y / 8 * 8 + 4, image.height - 1);
    const uint8_t* middle = &soft.pixels[At(middle_x, middle_y, image.width) * 3];
    const double slope = 0.02 * (x % 8 - 4) * ((x / 8 + y / 8) % 2 == 0 ? 1 : -1);
    return Rgb{middle[0] / 255.0 + slope, middle[1] / 255.0 + slope, middle[2] / 255.0 + slope};
  });
}

}  // namespace insitu
