#include "shared/codecs/raster.h"

#include <cstring>

#include "shared/codecs/limits.h"

namespace insitu {

Status CheckEncoded(const char* format, size_t bytes) {
  if (bytes == 0) {
    return Fail(ErrorCode::kImageEmpty,
                "There is a % picture without a byte in this file. Copy or save it again and drop "
                "it again.",
                format);
  }
  if (bytes > kMaxEncodedBytes) {
    return Fail(ErrorCode::kImageTooLarge,
                "A % picture in this file has % bytes; InSitu decodes up to % at once. Save it in "
                "tiles, or reduce it.",
                format, bytes, kMaxEncodedBytes);
  }
  return {};
}

Status CheckRaster(const char* format, const DecodedRaster& raster, int64_t work,
                   size_t encoded_bytes, int64_t pixels_per_byte) {
  if (raster.width < 1 || raster.height < 1) return Corrupt(format, "it has no pixels");
  const int64_t pixels = int64_t{raster.width} * raster.height;
  const auto encoded = static_cast<int64_t>(encoded_bytes);
  if (raster.ByteCount() > kMaxRasterBytes ||
      raster.ByteCount() + work + encoded > kMaxCodecMemory) {
    return Fail(ErrorCode::kImageTooLarge,
                "A % picture in this file is % x % pixels of % channels, more than InSitu decodes "
                "at once. Save it in tiles, or reduce it.",
                format, raster.width, raster.height, raster.channels);
  }
  if (pixels > encoded * pixels_per_byte) {
    return Corrupt(format, "it holds less than its size promises");
  }
  return {};
}

Status AllocateSamples(DecodedRaster* raster) {
  const auto size = static_cast<size_t>(raster->ByteCount());
  raster->samples = AllocateMemory(size);
  if (raster->samples == nullptr) return OutOfMemory();
  std::memset(raster->samples.get(), 0, size);
  return {};
}

}  // namespace insitu
