// The one thing of an EXIF block that changes pixels: which way up the camera was held.
#pragma once

#include <cstdint>
#include <span>

namespace insitu {

// tiff: the block from its byte order mark ("II" or "MM") on. 1..8 as EXIF numbers orientations;
// 1, which is upright, when the block does not say or cannot be read.
int ReadExifOrientation(std::span<const uint8_t> tiff);

}  // namespace insitu
