#include <cstddef>
#include <cstdint>

#include "shared/model_info.h"

namespace insitu {

// A texture: each sample is the mean of its left and upper neighbour and, twice, a number of a
// linear congruential generator. Whole numbers only, so it is the same everywhere. Pure noise would
// be further from tissue, and drive a network to an answer of 0 or 1 that hides small differences.
Image KnownAnswerImage(int width, int height, int channels) {
  constexpr unsigned kBorder = 128;
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  const auto step = static_cast<size_t>(channels);
  const size_t stride = static_cast<size_t>(width) * step;
  image.pixels = std::vector<uint8_t>(stride * static_cast<size_t>(height));
  uint32_t state = 1;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    const unsigned noise = state >> 24;
    const unsigned left = i % stride >= step ? image.pixels[i - step] : kBorder;
    const unsigned above = i >= stride ? image.pixels[i - stride] : kBorder;
    image.pixels[i] = static_cast<uint8_t>((left + above + 2 * noise + 2) / 4);
  }
  return image;
}

}  // namespace insitu
