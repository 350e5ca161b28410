#include "tests/make_image.h"

namespace insitu {
namespace {

void AppendLittleEndian(Bytes* to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to->push_back(static_cast<uint8_t>(number >> (8 * i)));
}

uint8_t Sample(const Image& image, int x, int y, int c) {
  const int channel = image.channels == 1 ? 0 : c;
  return image.pixels[static_cast<size_t>((y * image.width + x) * image.channels + channel)];
}

// Red, green and blue cut to 5 bits.
uint64_t Packed555(const Image& image, int x, int y) {
  return uint64_t{Sample(image, x, y, 0)} >> 3 << 10 | uint64_t{Sample(image, x, y, 1)} >> 3 << 5 |
         uint64_t{Sample(image, x, y, 2)} >> 3;
}

Bytes Row(const Image& image, const BmpOptions& options, int y) {
  Bytes row((static_cast<size_t>(image.width) * static_cast<size_t>(options.depth) + 31) / 32 * 4);
  Bytes pixels;
  for (int x = 0; x < image.width; ++x) {
    if (options.depth <= 8) {
      const int bit = x * options.depth;
      const int value = Sample(image, x, y, 0) >> (8 - options.depth);
      uint8_t& byte = row[static_cast<size_t>(bit / 8)];
      byte = static_cast<uint8_t>(byte | value << (8 - options.depth - bit % 8));
    } else if (options.depth == 16) {
      AppendLittleEndian(&pixels, Packed555(image, x, y), 2);
    } else {
      for (int c = 2; c >= 0; --c) pixels.push_back(Sample(image, x, y, c));
      if (options.depth == 32) pixels.push_back(options.alpha);
    }
  }
  for (size_t i = 0; i < pixels.size(); ++i) row[i] = pixels[i];
  return row;
}

Bytes Palette(const BmpOptions& options) {
  Bytes palette;
  if (options.depth > 8) return palette;
  const size_t all = size_t{1} << options.depth;
  const size_t count = options.palette_entries == 0 ? all : options.palette_entries;
  for (size_t i = 0; i < count; ++i) {
    const auto grey = static_cast<uint8_t>(i * 255 / (all - 1));
    for (int c = 0; c < 3; ++c) palette.push_back(grey);
    if (!options.old_header) palette.push_back(0);
  }
  return palette;
}

Bytes Header(const Image& image, const BmpOptions& options) {
  Bytes header;
  const auto height = static_cast<uint32_t>(options.top_down ? -image.height : image.height);
  if (options.old_header) {
    AppendLittleEndian(&header, 12, 4);
    AppendLittleEndian(&header, static_cast<uint64_t>(image.width), 2);
    AppendLittleEndian(&header, height, 2);
    AppendLittleEndian(&header, 1, 2);
    AppendLittleEndian(&header, static_cast<uint64_t>(options.depth), 2);
    return header;
  }
  AppendLittleEndian(&header, options.with_alpha ? 108 : 40, 4);
  AppendLittleEndian(&header, static_cast<uint64_t>(image.width), 4);
  AppendLittleEndian(&header, height, 4);
  AppendLittleEndian(&header, 1, 2);
  AppendLittleEndian(&header, static_cast<uint64_t>(options.depth), 2);
  AppendLittleEndian(&header, options.with_alpha ? 3 : 0, 4);  // compression: masks, none
  AppendLittleEndian(&header, 0, 4);
  AppendLittleEndian(&header, 2835, 4);
  AppendLittleEndian(&header, 2835, 4);
  AppendLittleEndian(&header, options.palette_entries, 4);
  AppendLittleEndian(&header, 0, 4);
  if (options.with_alpha) {
    for (const uint32_t mask : {0xff0000U, 0xff00U, 0xffU, 0xff000000U}) {
      AppendLittleEndian(&header, mask, 4);
    }
    header.resize(108);
  }
  return header;
}

}  // namespace

Bytes EncodeBmp(const Image& image, const BmpOptions& options) {
  const Bytes header = Header(image, options);
  const Bytes palette = Palette(options);
  Bytes rows;
  for (int y = 0; y < image.height; ++y) {
    const Bytes row = Row(image, options, options.top_down ? y : image.height - 1 - y);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  Bytes file = FromText("BM");
  const size_t pixels_at = 14 + header.size() + palette.size();
  AppendLittleEndian(&file, pixels_at + rows.size(), 4);
  AppendLittleEndian(&file, 0, 4);
  AppendLittleEndian(&file, pixels_at, 4);
  const Bytes parts[] = {file, header, palette, rows};
  return Join(parts);
}

}  // namespace insitu
