// PNG: all colours and depths, interlaced or not, 16 bits, transparency, eXIf orientation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// What may be left over after the last row: some writers do, and decoders let it pass. More is not
// inflated.
inline constexpr size_t kMaxPngSurplus = size_t{64} * 1024;

// Grey where the file is grey, else RGB. Memory: one buffer for exactly the rows that the header
// promises, and the image; so a file that inflates to more cannot take it.
// Errors: those of DecodeImage.
Result<Image> DecodePng(std::span<const uint8_t> bytes);

}  // namespace insitu
