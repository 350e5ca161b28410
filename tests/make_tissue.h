// Images of the kinds that the gate tells apart, made by code.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "shared/image.h"

namespace insitu {

// Optical density of a dye in red, green and blue.
using Dye = std::array<double, 3>;

struct Dyes {
  Dye nuclei = {0.63, 0.76, 0.5};  // haematoxylin
  Dye ground = {0.2, 0.86, 0.45};  // eosin
};

// Something like a stained section at about 4 µm per pixel, as tissue() of made_images.ts.
Image TissueImage(int width, int height, uint32_t seed, const Dyes& dyes = {});

// Something like the film of a mammogram: a breast against one side, black around it.
Image FilmImage(int width, int height, uint32_t seed);

// Each pixel (r, g, b as 0..1) changed by itself.
using Rgb = std::array<double, 3>;
Image Recoloured(const Image& image, const std::function<Rgb(int x, int y, const Rgb&)>& change);

// Each pixel the mean of the square around it, side 2 radius + 1, twice.
Image Blurred(const Image& image, int radius);

// 8×8 blocks of a slope each, as strong JPEG compression leaves them.
Image Blocky(const Image& image);

}  // namespace insitu
