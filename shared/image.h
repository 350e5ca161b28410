// Encoded bytes -> pixels. The only user of stb_image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;             // 1 (grey) or 3 (RGB)
  std::vector<uint8_t> pixels;  // (height, width, channels) u8, sRGB
};

// Reads PNG, JPEG (baseline and progressive), BMP and PNM (P1 excepted: P2, P3, P5, P6) by their
// content; the file's name plays no part. Applies EXIF orientation, composes alpha over white and
// reduces 16-bit samples to 8 by rounding (v * 255 / 65535). Limits of limits.h are checked before
// memory is taken. Errors: kImageEmpty, kImageUnknown, kImageTruncated, kImageCorrupt,
// kImageTooLarge, kOutOfMemory.
Result<Image> DecodeImage(std::span<const uint8_t> bytes);

}  // namespace insitu
