#include "shared/formats/png_samples.h"

#include <algorithm>

#include "shared/divide_up.h"
#include "shared/formats/pixels.h"

namespace insitu {
namespace {

// Sample i of a row whose samples are 1, 2 or 4 bits.
uint32_t SmallSample(const uint8_t* row, uint32_t depth, size_t i) {
  const size_t bit = i * depth;
  return (uint32_t{row[bit / 8]} >> (8 - depth - bit % 8)) & ((1U << depth) - 1);
}

}  // namespace

size_t PngSampleCount(PngColour colour) {
  switch (colour) {
    case PngColour::kGrey:
    case PngColour::kPalette:
      return 1;
    case PngColour::kGreyAlpha:
      return 2;
    case PngColour::kRgb:
      return 3;
    case PngColour::kRgba:
      return 4;
  }
  return 1;
}

size_t PngRowBytes(const PngFile& png, uint32_t width) {
  return DivideUp(size_t{width} * PngSampleCount(png.colour) * png.depth, 8);
}

PngSamples::PngSamples(const PngFile& png)
    : png_(png),
      channels_(png.colour == PngColour::kGrey || png.colour == PngColour::kGreyAlpha ? 1 : 3),
      has_alpha_(png.colour == PngColour::kGreyAlpha || png.colour == PngColour::kRgba),
      has_key_(png.colour != PngColour::kPalette && !png.transparency.empty()) {
  if (has_key_) {
    for (size_t c = 0; c < static_cast<size_t>(channels_); ++c) {
      key_[c] = BigEndian16(png.transparency, c * 2) & ((1U << png.depth) - 1);
    }
  }
  for (size_t i = 0; i < png.palette.size() / 3; ++i) {
    const bool opaque = has_key_ || i >= png.transparency.size();
    const uint32_t alpha = opaque ? 255 : png.transparency[i];
    for (size_t c = 0; c < 3; ++c) palette_[i][c] = OverWhite(png.palette[i * 3 + c], alpha, 255);
  }
}

bool PngSamples::Expand(const uint8_t* row, uint32_t width, uint8_t* out) const {
  if (png_.colour == PngColour::kPalette) return ExpandPalette(row, width, out);
  const auto small = [row, this](size_t i) { return SmallSample(row, png_.depth, i); };
  switch (png_.depth) {
    case 1:
      ExpandSamples<1>(small, width, out);
      break;
    case 2:
      ExpandSamples<3>(small, width, out);
      break;
    case 4:
      ExpandSamples<15>(small, width, out);
      break;
    case 16:
      ExpandSamples<65535>([row](size_t i) { return uint32_t{row[i * 2]} << 8 | row[i * 2 + 1]; },
                           width, out);
      break;
    default:
      if (!has_alpha_ && !has_key_) {
        std::copy_n(row, size_t{width} * static_cast<size_t>(channels_), out);
      } else {
        ExpandSamples<255>([row](size_t i) { return uint32_t{row[i]}; }, width, out);
      }
  }
  return true;
}

template <uint32_t kMaximum, typename Sample>
void PngSamples::ExpandSamples(Sample sample, uint32_t width, uint8_t* out) const {
  const auto channels = static_cast<size_t>(channels_);
  size_t at = 0;
  for (uint32_t x = 0; x < width; ++x) {
    uint32_t alpha = kMaximum;
    if (has_alpha_) alpha = sample(at + channels);
    if (has_key_) {
      bool same = true;
      for (size_t c = 0; c < channels; ++c) same = same && sample(at + c) == key_[c];
      if (same) alpha = 0;
    }
    for (size_t c = 0; c < channels; ++c) *out++ = OverWhite(sample(at + c), alpha, kMaximum);
    at += channels + (has_alpha_ ? 1 : 0);
  }
}

bool PngSamples::ExpandPalette(const uint8_t* row, uint32_t width, uint8_t* out) const {
  const size_t count = png_.palette.size() / 3;
  for (uint32_t x = 0; x < width; ++x) {
    const size_t index = SmallSample(row, png_.depth, x);
    if (index >= count) return false;
    out = std::copy_n(palette_[index].data(), 3, out);
  }
  return true;
}

}  // namespace insitu
