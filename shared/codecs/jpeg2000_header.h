// The beginning of a JPEG 2000 picture, read before OpenJPEG sees it, since that takes memory for
// as many tiles as the header claims.
#pragma once

#include <cstdint>
#include <span>

#include "shared/codecs/raster.h"
#include "shared/result.h"

namespace insitu {

struct Jpeg2000Header {
  bool is_jp2 = false;     // else a bare codestream
  int64_t x0 = 0, y0 = 0;  // the picture's place on the reference grid
  int64_t x1 = 0, y1 = 0;
  int channels = 0;
  int bits = 0;
  bool is_signed = false;
  int64_t tiles = 0;
  int resolutions = 0;  // of the picture but for tiles that say otherwise; 0: it does not say
  // log2 of the samples of the finest resolution for each precinct, where they are smallest.
  int precinct_bits = 30;
};

// Errors: kImageTruncated, kImageCorrupt; kImageTooLarge for more tiles than kMaxJpeg2000Tiles;
// kImageUnknown for a palette, high throughput coding (HTJ2K), and channels that are too many, too
// deep or of different depths.
Result<Jpeg2000Header> ReadJpeg2000Header(std::span<const uint8_t> bytes);

}  // namespace insitu
