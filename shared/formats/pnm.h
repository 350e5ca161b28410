// PGM and PPM, as text (P2, P3) and as bytes (P5, P6), with any maximum up to 65535.
#pragma once

#include <cstdint>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// bytes start with P2, P3, P5 or P6. Only the first image of the file is read.
// Errors: those of DecodeImage.
Result<Image> DecodePnm(std::span<const uint8_t> bytes);

}  // namespace insitu
