// A PNG file taken apart: each chunk's place, order, length and CRC checked, nothing inflated yet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/list.h"
#include "shared/result.h"

namespace insitu {

enum class PngColour : uint8_t {
  kGrey = 0,
  kRgb = 2,
  kPalette = 3,
  kGreyAlpha = 4,
  kRgba = 6,
};

struct PngFile {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t depth = 0;  // bits a sample: 1, 2, 4, 8 or 16
  PngColour colour = PngColour::kGrey;
  bool interlaced = false;
  std::span<const uint8_t> palette;       // PLTE: red, green, blue of each entry
  std::span<const uint8_t> transparency;  // tRNS, of a length that suits the colour; or empty
  std::span<const uint8_t> exif;          // eXIf, or empty
  List<std::span<const uint8_t>> image;   // IDAT, at least one
};

// bytes start with PNG's signature, or with as much of it as there is; the result points into them.
// Errors: kImageTooLarge (before all else, once the size is there), kImageTruncated, kImageCorrupt;
// kImageUnknown for a chunk that no decoder may skip and that this one does not know.
Result<PngFile> ReadPngChunks(std::span<const uint8_t> bytes);

}  // namespace insitu
