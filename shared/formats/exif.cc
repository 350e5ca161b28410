#include "shared/formats/exif.h"

#include <cstddef>

#include "shared/formats/pixels.h"

namespace insitu {
namespace {

constexpr int kUpright = 1;
constexpr size_t kHeaderBytes = 8;  // byte order, 42, offset of the first directory
constexpr size_t kEntryBytes = 12;  // tag, type, count, value
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3;

}  // namespace

int ReadExifOrientation(std::span<const uint8_t> tiff) {
  if (tiff.size() < kHeaderBytes) return kUpright;
  const bool little = tiff[0] == 'I' && tiff[1] == 'I';
  if (!little && !(tiff[0] == 'M' && tiff[1] == 'M')) return kUpright;
  const auto number16 = [&](size_t at) {
    return little ? LittleEndian16(tiff, at) : BigEndian16(tiff, at);
  };
  const auto number32 = [&](size_t at) {
    return little ? LittleEndian32(tiff, at) : BigEndian32(tiff, at);
  };
  if (number16(2) != 42) return kUpright;
  const size_t directory = number32(4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return kUpright;
  const size_t count = number16(directory);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (entry > tiff.size() || tiff.size() - entry < kEntryBytes) return kUpright;
    if (number16(entry) != kOrientationTag) continue;
    const uint32_t value = number16(entry + 8);
    const bool good =
        number16(entry + 2) == kShort && number32(entry + 4) == 1 && value >= 1 && value <= 8;
    return good ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

}  // namespace insitu
