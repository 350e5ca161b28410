// What the readers of all formats share: limits, memory, samples brought to 8 bits over white.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// Whether an image of this size is within the limits of limits.h. Errors: kImageTooLarge, and
// kImageCorrupt for a side below 1.
Status CheckImageSize(int64_t width, int64_t height);

// An image with all samples 0; the size has passed CheckImageSize. Errors: kOutOfMemory.
Result<Image> NewImage(int64_t width, int64_t height, int channels);

// Memory that may be refused, unlike that of a std::vector: null when there is none left.
struct FreeMemory {
  void operator()(uint8_t* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<uint8_t[], FreeMemory>;
Memory AllocateMemory(size_t size);

Failed Truncated(std::string_view format);                         // "PNG"
Failed Corrupt(std::string_view format, std::string_view reason);  // "PNG", "a checksum differs"
Failed OutOfMemory();

// A sample of 0..maximum (at most 65535) as 0..255, rounded.
constexpr uint8_t To8Bits(uint32_t sample, uint32_t maximum) {
  return static_cast<uint8_t>((sample * 255 + maximum / 2) / maximum);
}

// The same for a sample whose opacity is alpha of maximum, before a white ground.
constexpr uint8_t OverWhite(uint32_t sample, uint32_t alpha, uint32_t maximum) {
  if (alpha == maximum) return To8Bits(sample, maximum);
  const uint64_t white = uint64_t{maximum} * (maximum - alpha);
  const uint64_t whole = uint64_t{maximum} * maximum;
  return static_cast<uint8_t>(((uint64_t{sample} * alpha + white) * 255 + whole / 2) / whole);
}

// The image as it has to be shown, from the way it is stored: EXIF orientation 1..8.
// Errors: kOutOfMemory.
Result<Image> Oriented(Image image, int orientation);

// Reading numbers at an offset; the caller has checked that they are there.
constexpr uint32_t BigEndian16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}
constexpr uint32_t BigEndian32(std::span<const uint8_t> bytes, size_t at) {
  return BigEndian16(bytes, at) << 16 | BigEndian16(bytes, at + 2);
}
constexpr uint32_t LittleEndian16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at] | bytes[at + 1] << 8);
}
constexpr uint32_t LittleEndian32(std::span<const uint8_t> bytes, size_t at) {
  return LittleEndian16(bytes, at) | LittleEndian16(bytes, at + 2) << 16;
}

}  // namespace insitu
