#include "shared/codecs/jpeg2000_header.h"

#include <algorithm>

#include "shared/codecs/limits.h"
#include "shared/divide_up.h"

namespace insitu {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint8_t kJp2Signature[] = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10};
constexpr uint8_t kCodestreamStart[] = {0xff, 0x4f, 0xff, 0x51};  // SOC, SIZ
constexpr uint32_t kCapabilities = 0xff50;                        // CAP: further parts are used
constexpr uint32_t kCodingStyle = 0xff52;                         // COD
constexpr uint32_t kChannelCodingStyle = 0xff53;                  // COC
// From the marker on: the style, and how often the picture was halved.
constexpr size_t kStyleAt = 4;
constexpr size_t kLevelsAt = 9;
constexpr size_t kChannelStyleAt = 5;
constexpr size_t kChannelLevelsAt = 6;
constexpr size_t kPrecinctsAfterLevels = 5;
constexpr int kMaxLevels = 32;
constexpr uint32_t kStartOfTile = 0xff90;
constexpr uint32_t kHeaderBox = 0x6a703268;      // "jp2h"
constexpr uint32_t kPaletteBox = 0x70636c72;     // "pclr"
constexpr uint32_t kCodestreamBox = 0x6a703263;  // "jp2c"
constexpr size_t kBoxHead = 8;
constexpr size_t kSizFields = 38;  // of SIZ from its length on, without the components
constexpr uint32_t kSignBit = 0x80;
constexpr int64_t kMaxGrid = INT32_MAX;

Failed Damaged() { return Corrupt("JPEG 2000", "what it says contradicts itself"); }

Failed Unknown(const char* reason) {
  return Fail(ErrorCode::kImageUnknown,
              "This JPEG 2000 picture %, which InSitu does not read. Save it in another format.",
              reason);
}

bool StartsWith(Bytes bytes, Bytes start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

struct Box {
  uint32_t type = 0;
  Bytes content;
  size_t size = 0;  // with its head
};

// The box that the bytes begin with.
Result<Box> ReadBox(Bytes bytes) {
  if (bytes.size() < kBoxHead) return Truncated("JPEG 2000");
  uint64_t size = BigEndian32(bytes, 0);
  size_t head = kBoxHead;
  if (size == 1) {
    head += 8;
    if (bytes.size() < head) return Truncated("JPEG 2000");
    size = uint64_t{BigEndian32(bytes, 8)} << 32 | BigEndian32(bytes, 12);
  }
  if (size == 0) size = bytes.size();  // up to the end
  if (size < head) return Damaged();
  Box box;
  box.type = BigEndian32(bytes, 4);
  box.size = static_cast<size_t>(std::min<uint64_t>(size, bytes.size()));
  box.content = bytes.subspan(head, box.size - head);
  return box;
}

Result<Bytes> CodestreamOf(Bytes jp2) {
  while (true) {
    ASSIGN_OR_RETURN(const Box box, ReadBox(jp2));
    if (box.type == kCodestreamBox) return box.content;
    if (box.type == kHeaderBox) {
      for (Bytes inside = box.content; !inside.empty();) {
        ASSIGN_OR_RETURN(const Box part, ReadBox(inside));
        if (part.type == kPaletteBox) return Unknown("has a palette");
        inside = inside.subspan(part.size);
      }
    }
    jp2 = jp2.subspan(box.size);
  }
}

Status ReadComponents(Bytes siz, Jpeg2000Header* header) {
  const uint32_t count = BigEndian16(siz, kSizFields - 2);
  if (count < 1) return Damaged();
  if (count > uint32_t{kMaxRasterChannels}) return Unknown("has more than four channels");
  if (siz.size() < kSizFields + size_t{3} * count) return Truncated("JPEG 2000");
  const uint32_t first = siz[kSizFields];
  for (uint32_t i = 1; i < count; ++i) {
    if (siz[kSizFields + size_t{3} * i] != first)
      return Unknown("has channels of different depths");
  }
  header->channels = static_cast<int>(count);
  header->bits = static_cast<int>(first & ~kSignBit) + 1;
  header->is_signed = (first & kSignBit) != 0;
  if (header->bits > kMaxRasterBits) return Unknown("has more than 16 bits a sample");
  return {};
}

// siz: from its length on.
Status ReadSiz(Bytes siz, Jpeg2000Header* header) {
  if (siz.size() < kSizFields) return Truncated("JPEG 2000");
  const auto number = [siz](size_t at) { return int64_t{BigEndian32(siz, at)}; };
  header->x1 = number(4);
  header->y1 = number(8);
  header->x0 = number(12);
  header->y0 = number(16);
  const int64_t tile_width = number(20);
  const int64_t tile_height = number(24);
  const int64_t tile_x0 = number(28);
  const int64_t tile_y0 = number(32);
  if (header->x1 > kMaxGrid || header->y1 > kMaxGrid || header->x0 >= header->x1 ||
      header->y0 >= header->y1 || tile_width < 1 || tile_height < 1 || tile_x0 > header->x0 ||
      tile_y0 > header->y0) {
    return Damaged();
  }
  header->tiles =
      DivideUp(header->x1 - tile_x0, tile_width) * DivideUp(header->y1 - tile_y0, tile_height);
  if (header->tiles > kMaxJpeg2000Tiles) {
    return Fail(ErrorCode::kImageTooLarge,
                "A JPEG 2000 picture in this file is cut into % tiles; InSitu reads up to %. Save "
                "it again with larger tiles.",
                header->tiles, kMaxJpeg2000Tiles);
  }
  return ReadComponents(siz, header);
}

// The smallest precincts of COD or COC. OpenJPEG's own report of them (opj_get_cstr_info) has
// zeros beyond the first.
void ReadPrecincts(Bytes marker, size_t style_at, size_t levels_at, Jpeg2000Header* header) {
  if (levels_at >= marker.size() || (marker[style_at] & 1) == 0) return;  // else as large as can be
  const int levels = std::min<int>(marker[levels_at], kMaxLevels);
  for (int i = 0; i <= levels; ++i) {
    const size_t at = levels_at + kPrecinctsAfterLevels + static_cast<size_t>(i);
    if (at >= marker.size()) return;
    const int sides = (marker[at] & 15) + (marker[at] >> 4);
    header->precinct_bits = std::min(header->precinct_bits, sides + 2 * (levels - i));
  }
}

// markers: the main header after SIZ.
Status ReadMarkers(Bytes markers, Jpeg2000Header* header) {
  size_t at = 0;
  while (at + 4 <= markers.size()) {
    const uint32_t marker = BigEndian16(markers, at);
    if (marker == kCapabilities) return Unknown("is coded for high throughput (HTJ2K)");
    if (marker == kStartOfTile) break;
    if (marker == kCodingStyle && at + kLevelsAt < markers.size()) {
      header->resolutions = markers[at + kLevelsAt] + 1;
      ReadPrecincts(markers.subspan(at), kStyleAt, kLevelsAt, header);
    }
    if (marker == kChannelCodingStyle) {
      ReadPrecincts(markers.subspan(at), kChannelStyleAt, kChannelLevelsAt, header);
    }
    at += 2 + size_t{BigEndian16(markers, at + 2)};
  }
  return {};
}

}  // namespace

Result<Jpeg2000Header> ReadJpeg2000Header(Bytes bytes) {
  Jpeg2000Header header;
  header.is_jp2 = StartsWith(bytes, kJp2Signature);
  Bytes codestream = bytes;
  if (header.is_jp2) {
    ASSIGN_OR_RETURN(codestream, CodestreamOf(bytes));
  }
  if (!StartsWith(codestream, kCodestreamStart)) {
    if (codestream.size() < sizeof(kCodestreamStart)) return Truncated("JPEG 2000");
    return Corrupt("JPEG 2000", "it does not begin as JPEG 2000 does");
  }
  const Bytes siz = codestream.subspan(sizeof(kCodestreamStart));
  RETURN_IF_ERROR(ReadSiz(siz, &header));
  const size_t length = BigEndian16(siz, 0);
  if (length < kSizFields || length > siz.size()) return Truncated("JPEG 2000");
  RETURN_IF_ERROR(ReadMarkers(siz.subspan(length), &header));
  return header;
}

}  // namespace insitu
