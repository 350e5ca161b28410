// All that InSitu takes from stb_image: its inflate and its JPEG decoder. stb.cc alone includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// zlib data -> out; the number of bytes it came to, or nothing when the data is damaged or does not
// fit. Memory: none of its own.
std::optional<size_t> Inflate(std::span<const uint8_t> zlib, std::span<uint8_t> out);

// A JPEG that ReadJpegMarkers has found good, as an image of 1 or 3 channels. Bytes that the file
// leaves undefined come out as if they were 0. Errors: kImageCorrupt, kOutOfMemory.
Result<Image> DecodeJpegPixels(std::span<const uint8_t> jpeg, int channels);

}  // namespace insitu
