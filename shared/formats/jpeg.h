// JPEG: baseline and progressive, grey and colour, EXIF orientation.
#pragma once

#include <cstdint>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// Errors: those of DecodeImage; see jpeg_markers.h for what counts as damaged or is not read.
Result<Image> DecodeJpeg(std::span<const uint8_t> bytes);

}  // namespace insitu
