// BMP: 1, 4, 8, 16, 24 and 32 bits a pixel, palettes, masks, bottom-up and top-down.
#pragma once

#include <cstdint>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// Whether the bytes start like a BMP, or could if they were not cut short.
bool IsBmp(std::span<const uint8_t> bytes);

// Always RGB. An opacity counts where the header gives it a mask and any pixel is not transparent.
// Errors: those of DecodeImage; kImageUnknown for run-length and other compressions.
Result<Image> DecodeBmp(std::span<const uint8_t> bytes);

}  // namespace insitu
