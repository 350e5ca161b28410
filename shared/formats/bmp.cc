#include "shared/formats/bmp.h"

#include <algorithm>
#include <array>
#include <bit>

#include "shared/divide_up.h"
#include "shared/formats/pixels.h"

namespace insitu {
namespace {

constexpr size_t kFileHeader = 14;   // "BM", size, reserved, offset of the pixels; then the header
constexpr uint32_t kOldHeader = 12;  // OS/2: sides of 16 bits, palette of RGB
constexpr std::array<uint32_t, 7> kHeaders = {kOldHeader, 40, 52, 56, 64, 108, 124};
constexpr uint32_t kOs2Header = 64;  // the only longer one without masks in it

enum Compression : uint32_t { kNone = 0, kMasks = 3, kMasksWithAlpha = 6 };

constexpr int kRed = 0;
constexpr int kAlpha = 3;

struct Mask {
  uint32_t bits = 0;

  bool Contiguous() const {
    const uint32_t low = bits >> std::countr_zero(bits | 0x80000000U);
    return bits != 0 && (low & (low + 1)) == 0;
  }
  // The masked part of a pixel, as 0..255.
  uint32_t Of(uint32_t pixel) const {
    const int shift = std::countr_zero(bits);
    const uint64_t maximum = bits >> shift;
    if (maximum == 255) return (pixel & bits) >> shift;
    return static_cast<uint32_t>((uint64_t{(pixel & bits) >> shift} * 255 + maximum / 2) / maximum);
  }
};

struct BmpHeader {
  int64_t width = 0;
  int64_t height = 0;
  bool top_down = false;
  uint32_t depth = 0;  // bits a pixel
  std::array<Mask, 4> masks;
  size_t palette_at = 0;
  size_t palette_entry = 4;  // bytes
  size_t palette_count = 0;
  size_t pixels_at = 0;
  size_t stride = 0;  // bytes a row, padded to a multiple of 4
};

size_t RowBytes(const BmpHeader& header) {
  return DivideUp(static_cast<size_t>(header.width) * header.depth, 8);
}

Failed Bad(std::string_view reason) { return Corrupt("BMP", reason); }

bool IsKnownHeader(uint32_t size) {
  return std::find(kHeaders.begin(), kHeaders.end(), size) != kHeaders.end();
}

Failed Compressed() {
  return Fail(ErrorCode::kImageUnknown,
              "This is a BMP in a compressed form that InSitu does not read. Save it as PNG and "
              "drop it again.");
}

// The sides and the depth. bytes holds the whole header.
Status ReadSize(std::span<const uint8_t> bytes, uint32_t header_size, BmpHeader* header) {
  uint32_t planes = 0;
  if (header_size == kOldHeader) {
    header->width = LittleEndian16(bytes, 18);
    header->height = LittleEndian16(bytes, 20);
    planes = LittleEndian16(bytes, 22);
    header->depth = LittleEndian16(bytes, 24);
    header->palette_entry = 3;
  } else {
    header->width = static_cast<int32_t>(LittleEndian32(bytes, 18));
    header->height = static_cast<int32_t>(LittleEndian32(bytes, 22));
    planes = LittleEndian16(bytes, 26);
    header->depth = LittleEndian16(bytes, 28);
  }
  header->top_down = header->height < 0;
  if (header->top_down) header->height = -header->height;
  RETURN_IF_ERROR(CheckImageSize(header->width, header->height));
  if (planes != 1) return Bad("its header does not say that it has one plane");
  constexpr std::array<uint32_t, 6> kDepths = {1, 4, 8, 16, 24, 32};
  if (std::find(kDepths.begin(), kDepths.end(), header->depth) == kDepths.end()) {
    return Bad("its header gives a number of bits per pixel that BMP does not have");
  }
  header->stride = RoundUp(RowBytes(*header), 4);
  return {};
}

// The masks of 16 and 32 bits a pixel, and where the palette starts.
Status ReadMasks(std::span<const uint8_t> bytes, uint32_t header_size, BmpHeader* header) {
  const uint32_t compression = header_size == kOldHeader ? kNone : LittleEndian32(bytes, 30);
  if (compression != kNone && compression != kMasks && compression != kMasksWithAlpha) {
    return Compressed();
  }
  header->palette_at = kFileHeader + header_size;
  const bool has_masks = header->depth == 16 || header->depth == 32;
  if (compression == kNone) {
    if (header->depth == 16) header->masks = {Mask{0x7c00}, Mask{0x03e0}, Mask{0x001f}, Mask{}};
    if (header->depth == 32) {
      header->masks = {Mask{0xff0000}, Mask{0x00ff00}, Mask{0x0000ff}, Mask{}};
    }
    return {};
  }
  if (!has_masks || header_size == kOs2Header) return Compressed();
  size_t count = compression == kMasksWithAlpha ? 4 : 3;
  if (header_size == 40) {
    header->palette_at += count * 4;  // they follow the header
  } else if (header_size >= 56) {
    count = 4;
  }
  constexpr size_t kMasksAt = kFileHeader + 40;
  if (bytes.size() < kMasksAt + count * 4) return Truncated("BMP");
  for (size_t i = 0; i < count; ++i) {
    header->masks[i].bits = LittleEndian32(bytes, kMasksAt + i * 4);
    const bool absent_alpha = i == kAlpha && header->masks[i].bits == 0;
    if (!absent_alpha && !header->masks[i].Contiguous()) {
      return Bad("the mask of a colour in its header is none");
    }
  }
  return {};
}

void ReadPaletteSize(std::span<const uint8_t> bytes, uint32_t header_size, BmpHeader* header) {
  if (header->depth > 8) return;
  const size_t most = size_t{1} << header->depth;
  const size_t declared = header_size == kOldHeader ? 0 : LittleEndian32(bytes, 46);
  header->palette_count = declared == 0 ? most : std::min(declared, most);
  // Some writers leave out what no pixel uses, so it may end where the pixels start.
  header->palette_count = std::min(
      header->palette_count, (header->pixels_at - header->palette_at) / header->palette_entry);
}

Result<BmpHeader> ReadHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < kFileHeader + 4) return Truncated("BMP");
  const uint32_t header_size = LittleEndian32(bytes, kFileHeader);
  BmpHeader header;
  if (bytes.size() - kFileHeader < header_size) return Truncated("BMP");
  RETURN_IF_ERROR(ReadSize(bytes, header_size, &header));
  RETURN_IF_ERROR(ReadMasks(bytes, header_size, &header));
  header.pixels_at = LittleEndian32(bytes, 10);
  if (header.pixels_at < header.palette_at) return Bad("its pixels start inside its header");
  ReadPaletteSize(bytes, header_size, &header);
  // The padding of the last row may be missing.
  const size_t needed = header.stride * (static_cast<size_t>(header.height) - 1) + RowBytes(header);
  if (header.pixels_at > bytes.size() || bytes.size() - header.pixels_at < needed) {
    return Truncated("BMP");
  }
  return header;
}

std::span<const uint8_t> Row(std::span<const uint8_t> bytes, const BmpHeader& header, int64_t y) {
  const int64_t stored = header.top_down ? y : header.height - 1 - y;
  return bytes.subspan(header.pixels_at + static_cast<size_t>(stored) * header.stride,
                       RowBytes(header));
}

uint32_t PackedPixel(const BmpHeader& header, std::span<const uint8_t> row, size_t x) {
  return header.depth == 16 ? LittleEndian16(row, x * 2) : LittleEndian32(row, x * 4);
}

// False when a pixel points outside the palette.
bool FillFromPalette(std::span<const uint8_t> bytes, const BmpHeader& header, Image* image) {
  uint8_t* out = image->pixels.data();
  const uint32_t per_byte = 8 / header.depth;
  const uint32_t mask = (1U << header.depth) - 1;
  for (int y = 0; y < image->height; ++y) {
    const std::span<const uint8_t> row = Row(bytes, header, y);
    for (uint32_t x = 0; x < static_cast<uint32_t>(image->width); ++x) {
      const uint32_t shift = 8 - header.depth * (x % per_byte + 1);
      const size_t index = (row[x / per_byte] >> shift) & mask;
      if (index >= header.palette_count) return false;
      const uint8_t* colour = &bytes[header.palette_at + index * header.palette_entry];
      for (int c = 2; c >= 0; --c) *out++ = colour[c];  // stored as blue, green, red
    }
  }
  return true;
}

void FillFromBytes(std::span<const uint8_t> bytes, const BmpHeader& header, Image* image) {
  uint8_t* out = image->pixels.data();
  for (int y = 0; y < image->height; ++y) {
    const uint8_t* row = Row(bytes, header, y).data();
    for (int x = 0; x < image->width; ++x, row += 3) {
      for (int c = 2; c >= 0; --c) *out++ = row[c];
    }
  }
}

// Writers that leave the opacity of every pixel 0 do not mean an invisible image.
bool AnyOpaque(std::span<const uint8_t> bytes, const BmpHeader& header) {
  if (header.masks[kAlpha].bits == 0) return false;
  for (int64_t y = 0; y < header.height; ++y) {
    const std::span<const uint8_t> row = Row(bytes, header, y);
    for (size_t x = 0; x < static_cast<size_t>(header.width); ++x) {
      if ((PackedPixel(header, row, x) & header.masks[kAlpha].bits) != 0) return true;
    }
  }
  return false;
}

void FillFromMasks(std::span<const uint8_t> bytes, const BmpHeader& header, Image* image) {
  const bool has_alpha = AnyOpaque(bytes, header);
  uint8_t* out = image->pixels.data();
  for (int y = 0; y < image->height; ++y) {
    const std::span<const uint8_t> row = Row(bytes, header, y);
    for (size_t x = 0; x < static_cast<size_t>(image->width); ++x) {
      const uint32_t pixel = PackedPixel(header, row, x);
      const uint32_t alpha = has_alpha ? header.masks[kAlpha].Of(pixel) : 255;
      for (size_t c = kRed; c < 3; ++c) *out++ = OverWhite(header.masks[c].Of(pixel), alpha, 255);
    }
  }
}

}  // namespace

bool IsBmp(std::span<const uint8_t> bytes) {
  if (bytes.size() < 2 || bytes[0] != 'B' || bytes[1] != 'M') return false;
  return bytes.size() < kFileHeader + 4 || IsKnownHeader(LittleEndian32(bytes, kFileHeader));
}

Result<Image> DecodeBmp(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const BmpHeader header, ReadHeader(bytes));
  ASSIGN_OR_RETURN(Image image, NewImage(header.width, header.height, 3));
  if (header.depth <= 8) {
    if (!FillFromPalette(bytes, header, &image)) {
      return Bad("a pixel points outside the palette");
    }
  } else if (header.depth == 24) {
    FillFromBytes(bytes, header, &image);
  } else {
    FillFromMasks(bytes, header, &image);
  }
  return image;
}

}  // namespace insitu
