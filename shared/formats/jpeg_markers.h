// A JPEG file taken apart marker by marker: all that stb_image leaves unchecked before it decodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/result.h"

namespace insitu {

// Scans of one JPEG; progressive ones have about ten. Each costs a pass over the whole image,
// however few bytes it has, so a small file with many could keep a machine busy for hours.
inline constexpr int kMaxJpegScans = 100;

struct JpegFile {
  int64_t width = 0;
  int64_t height = 0;
  int channels = 0;               // 1 grey, 3 colour
  std::span<const uint8_t> exif;  // from its byte order mark on, or empty
  size_t size = 0;                // bytes up to and with the end-of-image marker
};

// bytes start with FF D8, or with as much of it as there is. Beyond the header this checks that
// every table a scan names is there, every component is in a scan, restart markers are all there
// and in order, and the image's end is marked: without these stb_image returns a picture that is
// partly grey, and says nothing. Errors: those of DecodeImage; kImageUnknown for arithmetic,
// lossless, hierarchical and 12-bit coding, a size that follows the image, and four channels
// (CMYK), whose colours depend on a printing process.
Result<JpegFile> ReadJpegMarkers(std::span<const uint8_t> bytes);

}  // namespace insitu
