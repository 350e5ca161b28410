// A JPEG 2000 picture that is all there, by OpenJPEG: a codestream or a JP2 file.
#pragma once

#include <cstdint>
#include <span>

#include "shared/codecs/raster.h"

namespace insitu {

// reduction: how many of its resolutions are left out; sides are then halved as often, rounded up.
// Up to kMaxRasterChannels channels of one depth, which are not turned into other colours: colour
// tells what the file says they are. A channel of fewer samples is brought to the picture's size by
// repeating them. Errors: those of CheckEncoded and CheckRaster; kImageTruncated, kImageCorrupt,
// kOutOfMemory; kImageUnknown for high throughput coding (HTJ2K), more channels or bits, channels
// of different depths; kInvalidArgument for more resolutions than there are.
Result<DecodedRaster> DecodeJpeg2000(std::span<const uint8_t> bytes, int reduction);

}  // namespace insitu
