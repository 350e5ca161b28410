// A JPEG-LS picture that is all there, by CharLS.
#pragma once

#include <cstdint>
#include <span>

#include "shared/codecs/raster.h"

namespace insitu {

// Lossless or near lossless, 2 to 16 bits, 1 or 3 channels, interleaved in any way. Errors: those
// of CheckEncoded and CheckRaster; kImageTruncated, kImageCorrupt, kOutOfMemory; kImageUnknown for
// what CharLS does not read.
Result<DecodedRaster> DecodeJpegLs(std::span<const uint8_t> bytes);

}  // namespace insitu
