// A JPEG that is all there: a tile of a TIFF or SVS, a frame of a DICOM file.
#pragma once

#include <cstdint>
#include <span>

#include "shared/codecs/jpeg_reader.h"
#include "shared/codecs/raster.h"

namespace insitu {

// tables: those that the bytes leave out (TIFF's JPEGTables), or empty. reduction: 1, 2, 4 or 8.
// (height, width, 1 or 3) of 8 bits, grey or RGB; not turned by EXIF. Errors: those of JpegReader,
// CheckEncoded and CheckRaster; kInvalidArgument for another reduction.
Result<DecodedRaster> DecodeJpegRaster(std::span<const uint8_t> bytes,
                                       std::span<const uint8_t> tables, JpegColour colour,
                                       int reduction);

}  // namespace insitu
