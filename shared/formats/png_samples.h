// The samples of a PNG's rows, as grey or RGB of 8 bits over white.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shared/formats/png_chunks.h"

namespace insitu {

// Samples a pixel in the file: 1 grey or palette, 2 grey and alpha, 3 RGB, 4 RGBA.
size_t PngSampleCount(PngColour colour);

// Bytes of a row of `width` pixels, without the filter byte.
size_t PngRowBytes(const PngFile& png, uint32_t width);

class PngSamples {
 public:
  // The file has to outlive it.
  explicit PngSamples(const PngFile& png);

  int channels() const { return channels_; }  // of what Expand writes: 1 or 3

  // row: unfiltered, PngRowBytes(png, width) bytes; out: (width, channels()) u8.
  // False when a pixel points outside the palette.
  bool Expand(const uint8_t* row, uint32_t width, uint8_t* out) const;

 private:
  template <uint32_t kMaximum, typename Sample>
  void ExpandSamples(Sample sample, uint32_t width, uint8_t* out) const;
  bool ExpandPalette(const uint8_t* row, uint32_t width, uint8_t* out) const;

  const PngFile& png_;
  int channels_;
  bool has_alpha_;
  bool has_key_;                                          // one colour is transparent
  std::array<uint32_t, 3> key_ = {};                      // that colour, at the file's depth
  std::array<std::array<uint8_t, 3>, 256> palette_ = {};  // over white already
};

}  // namespace insitu
