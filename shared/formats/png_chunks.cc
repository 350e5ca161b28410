#include "shared/formats/png_chunks.h"

#include <algorithm>
#include <string_view>

#include "shared/formats/pixels.h"

namespace insitu {
namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kChunkHead = 8;  // length and type; the CRC's 4 bytes stand after the data
constexpr size_t kCrcBytes = 4;
constexpr size_t kHeaderBytes = 13;  // of IHDR's data
constexpr std::array<uint8_t, 12> kLastChunk = {0,   0,   0,    0,    'I',  'E',
                                                'N', 'D', 0xae, 0x42, 0x60, 0x82};

Failed Bad(std::string_view reason) { return Corrupt("PNG", reason); }

// CRC-32 of ISO 3309, as PNG's annex D has it.
class Crc {
 public:
  Crc() {
    for (uint32_t n = 0; n < table_.size(); ++n) {
      uint32_t c = n;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
      table_[n] = c;
    }
  }

  uint32_t Of(std::span<const uint8_t> bytes) const {
    uint32_t c = 0xffffffffU;
    for (const uint8_t byte : bytes) c = table_[(c ^ byte) & 0xff] ^ (c >> 8);
    return ~c;
  }

 private:
  std::array<uint32_t, 256> table_;
};

struct Chunk {
  std::string_view type;
  std::span<const uint8_t> data;

  bool Is(std::string_view name) const { return type == name; }
  bool Critical() const { return (type[0] & 0x20) == 0; }
};

class Chunks {
 public:
  explicit Chunks(std::span<const uint8_t> bytes) : bytes_(bytes), at_(kSignatureBytes) {}

  // The next chunk, whole and with the right CRC.
  Result<Chunk> Next() {
    const size_t rest = bytes_.size() - at_;
    if (rest < kChunkHead + kCrcBytes) return EndsEarly();
    const size_t length = BigEndian32(bytes_, at_);
    if (length > rest - kChunkHead - kCrcBytes) return EndsEarly();
    const std::span<const uint8_t> type = bytes_.subspan(at_ + 4, 4);
    const Chunk chunk{.type = {reinterpret_cast<const char*>(type.data()), type.size()},
                      .data = bytes_.subspan(at_ + kChunkHead, length)};
    const uint32_t crc = crc_.Of(bytes_.subspan(at_ + 4, 4 + length));
    at_ += kChunkHead + length;
    if (crc != BigEndian32(bytes_, at_)) return Bad("a checksum differs");
    at_ += kCrcBytes;
    return chunk;
  }

 private:
  // A chunk reaches beyond the file: because that is cut short, or, where its last chunk is in
  // place, because a length is wrong.
  Failed EndsEarly() const {
    const bool whole = bytes_.size() >= kSignatureBytes + kLastChunk.size() &&
                       std::equal(kLastChunk.rbegin(), kLastChunk.rend(), bytes_.rbegin());
    return whole ? Bad("the length of a part is wrong") : Truncated("PNG");
  }

  std::span<const uint8_t> bytes_;
  size_t at_;
  Crc crc_;
};

Status ReadHeader(std::span<const uint8_t> data, PngFile* png) {
  if (data.size() != kHeaderBytes) return Bad("its header has the wrong length");
  png->width = BigEndian32(data, 0);
  png->height = BigEndian32(data, 4);
  RETURN_IF_ERROR(CheckImageSize(png->width, png->height));
  png->depth = data[8];
  png->colour = static_cast<PngColour>(data[9]);
  png->interlaced = data[12] == 1;
  bool depth_fits = png->depth == 8;
  switch (png->colour) {
    case PngColour::kGrey:
      depth_fits =
          depth_fits || png->depth == 1 || png->depth == 2 || png->depth == 4 || png->depth == 16;
      break;
    case PngColour::kPalette:
      depth_fits = depth_fits || png->depth == 1 || png->depth == 2 || png->depth == 4;
      break;
    case PngColour::kRgb:
    case PngColour::kGreyAlpha:
    case PngColour::kRgba:
      depth_fits = depth_fits || png->depth == 16;
      break;
    default:
      return Bad("its header gives a kind of colour that PNG does not have");
  }
  if (!depth_fits) return Bad("its header gives a depth that does not go with its colour");
  if (data[10] != 0 || data[11] != 0 || data[12] > 1) {
    return Bad("its header gives a method that PNG does not have");
  }
  return {};
}

Status ReadPalette(const Chunk& chunk, PngFile* png) {
  if (!png->palette.empty() || !png->image.empty()) return Bad("its palette is out of order");
  if (chunk.data.empty() || chunk.data.size() % 3 != 0 || chunk.data.size() > size_t{256} * 3) {
    return Bad("its palette has the wrong length");
  }
  png->palette = chunk.data;
  return {};
}

Status ReadTransparency(const Chunk& chunk, PngFile* png) {
  const size_t size = chunk.data.size();
  bool fits = false;
  switch (png->colour) {
    case PngColour::kGrey:
      fits = size == 2;
      break;
    case PngColour::kRgb:
      fits = size == 6;
      break;
    case PngColour::kPalette:
      fits = size >= 1 && size <= png->palette.size() / 3;
      break;
    default:
      break;
  }
  if (!fits || !png->transparency.empty() || !png->image.empty()) {
    return Bad("its transparency does not go with its colour");
  }
  png->transparency = chunk.data;
  return {};
}

Failed UnknownChunk(const Chunk& chunk) {
  const std::string_view kind =
      chunk.Is("CgBI") ? "in the form that is made for iPhone programs" : "with an extension";
  return Fail(
      ErrorCode::kImageUnknown,
      "This is a PNG % that InSitu does not read. Save it as an ordinary PNG and drop it again.",
      kind);
}

// What follows IHDR, up to IEND.
Status ReadChunk(const Chunk& chunk, bool after_image, PngFile* png) {
  if (chunk.Is("IDAT")) {
    if (after_image) return Bad("its image is in pieces");
    if (png->colour == PngColour::kPalette && png->palette.empty()) {
      return Bad("its palette is missing");
    }
    png->image.push_back(chunk.data);
  } else if (chunk.Is("PLTE")) {
    return ReadPalette(chunk, png);
  } else if (chunk.Is("tRNS")) {
    return ReadTransparency(chunk, png);
  } else if (chunk.Is("eXIf")) {
    if (png->exif.empty()) png->exif = chunk.data;
  } else if (chunk.Is("IHDR")) {
    return Bad("it has two headers");
  } else if (chunk.Critical()) {
    return UnknownChunk(chunk);
  }
  return {};
}

}  // namespace

Result<PngFile> ReadPngChunks(std::span<const uint8_t> bytes) {
  // The limits come first: whatever else is wrong with so large an image does not matter.
  constexpr size_t kSizeAt = kSignatureBytes + kChunkHead;
  if (bytes.size() < kSizeAt + 8) return Truncated("PNG");
  const uint32_t width = BigEndian32(bytes, kSizeAt);
  const uint32_t height = BigEndian32(bytes, kSizeAt + 4);
  const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + kSignatureBytes + 4, 4);
  const Status size = type == "IHDR" ? CheckImageSize(width, height) : Status();
  if (!size.ok() && size.error().code == ErrorCode::kImageTooLarge) return size.failure();

  Chunks chunks(bytes);
  PngFile png;
  ASSIGN_OR_RETURN(Chunk chunk, chunks.Next());
  // CgBI stands before the header.
  if (!chunk.Is("IHDR")) return chunk.Is("CgBI") ? UnknownChunk(chunk) : Bad("it has no header");
  RETURN_IF_ERROR(ReadHeader(chunk.data, &png));
  bool after_image = false;
  for (;;) {
    ASSIGN_OR_RETURN(chunk, chunks.Next());
    if (chunk.Is("IEND")) break;
    after_image = after_image || (!png.image.empty() && !chunk.Is("IDAT"));
    RETURN_IF_ERROR(ReadChunk(chunk, after_image, &png));
  }
  if (png.image.empty()) return Bad("it holds no image");
  return png;
}

}  // namespace insitu
