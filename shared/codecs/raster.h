// What a codec makes of a tile, a frame or a picture: its samples as they are stored, in no colour
// space but the one that was asked for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/formats/pixels.h"
#include "shared/result.h"

namespace insitu {

enum class RasterColour : int {
  kUnknown = 0,  // the bytes do not say
  kGrey = 1,
  kRgb = 2,
  kYcbcr = 3,  // full range, as JFIF and JP2's sYCC have it
};

struct DecodedRaster {
  int width = 0;
  int height = 0;
  int channels = 0;
  int bits = 0;  // of a sample, 1..16
  bool is_signed = false;
  RasterColour colour = RasterColour::kUnknown;
  // (height, width, channels): u8 where bits <= 8 and not signed, else u16 or i16.
  Memory samples;

  int64_t SampleBytes() const { return bits <= 8 && !is_signed ? 1 : 2; }
  int64_t ByteCount() const { return int64_t{width} * height * channels * SampleBytes(); }
};

// Whether a picture of this size may be decoded at once: the limits of limits.h. format: "JPEG".
// work: bytes that decoding takes beside the encoded bytes and the result. Errors: kImageTooLarge;
// kImageCorrupt for a side below 1, or more pixels than so many bytes can stand for.
Status CheckRaster(const char* format, const DecodedRaster& raster, int64_t work,
                   size_t encoded_bytes, int64_t pixels_per_byte);

// Whether so many encoded bytes may be decoded at once. Errors: kImageEmpty, kImageTooLarge.
Status CheckEncoded(const char* format, size_t bytes);

// Takes the memory for the samples, all 0. Errors: kOutOfMemory.
Status AllocateSamples(DecodedRaster* raster);

}  // namespace insitu
