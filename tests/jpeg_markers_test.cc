#include "shared/formats/jpeg_markers.h"

#include <catch_amalgamated.hpp>
#include <initializer_list>
#include <string>

#include "shared/limits.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

Bytes Segment(uint8_t marker, const Bytes& data) {
  const size_t length = data.size() + 2;
  const Bytes parts[] = {
      {0xff, marker, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)}, data};
  return Join(parts);
}

struct FrameOptions {
  uint8_t marker = 0xc0;  // baseline; 0xc2: progressive
  uint8_t bits = 8;
  Bytes ids = {1};  // of the channels, each with quantisation table 0
  uint8_t sampling = 0x11;
};

Bytes Frame(int width, int height, const FrameOptions& options = {}) {
  Bytes data = {options.bits,
                static_cast<uint8_t>(height >> 8),
                static_cast<uint8_t>(height),
                static_cast<uint8_t>(width >> 8),
                static_cast<uint8_t>(width),
                static_cast<uint8_t>(options.ids.size())};
  for (const uint8_t id : options.ids) {
    data.insert(data.end(), {id, options.sampling, 0});
    // Only the first is sampled otherwise.
    if (id != options.ids[0]) data[data.size() - 2] = 0x11;
  }
  return Segment(options.marker, data);
}

// A Huffman table of one symbol. kind: 0x00 for the first coefficient, 0x10 for the others.
Bytes Huffman(uint8_t kind) {
  Bytes data(18);
  data[0] = kind;
  data[1] = 1;
  return Segment(0xc4, data);
}

Bytes Quantisation() {
  Bytes data(65, 1);
  data[0] = 0;
  return Segment(0xdb, data);
}

struct ScanOptions {
  Bytes ids = {1};
  uint8_t first = 0;
  uint8_t last = 63;
  uint8_t bits = 0;  // those left off before and after
  Bytes data = {0x12, 0xff, 0x00, 0x34};
};

Bytes Scan(const ScanOptions& options = {}) {
  Bytes header = {static_cast<uint8_t>(options.ids.size())};
  for (const uint8_t id : options.ids) header.insert(header.end(), {id, 0});
  header.insert(header.end(), {options.first, options.last, options.bits});
  const Bytes parts[] = {Segment(0xda, header), options.data};
  return Join(parts);
}

Bytes RestartInterval(uint8_t interval) { return Segment(0xdd, {0, interval}); }

const Bytes kStart = {0xff, 0xd8};
const Bytes kEnd = {0xff, 0xd9};
const Bytes kTables = [] {
  const Bytes parts[] = {Quantisation(), Huffman(0x00), Huffman(0x10)};
  return Join(parts);
}();

Bytes Jpeg(std::initializer_list<Bytes> segments) {
  std::vector<Bytes> parts = {kStart};
  parts.insert(parts.end(), segments);
  return Join(parts);
}

ErrorCode CodeOf(const Bytes& jpeg) {
  const auto read = ReadJpegMarkers(jpeg);
  return read.ok() ? ErrorCode::kOk : read.error().code;
}

ErrorCode CodeOf(std::initializer_list<Bytes> segments) { return CodeOf(Jpeg(segments)); }

// Refused as a JPEG of a kind that is not read, in words that hold `words`.
void CheckUnread(std::initializer_list<Bytes> segments, const std::string& words) {
  const auto read = ReadJpegMarkers(Jpeg(segments));
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == ErrorCode::kImageUnknown);
  INFO(read.error().message);
  CHECK(read.error().message.find(words) != std::string::npos);
}

TEST_CASE("The parts of a JPEG are found, up to its end and not beyond", "[jpeg_markers]") {
  const Bytes exif = FromText(std::string("Exif\0\0block", 11));
  Bytes jpeg = Jpeg({Segment(0xe0, FromText("JFIF")), Segment(0xe1, FromText("http://ns.adobe")),
                     Segment(0xe1, exif), Segment(0xfe, FromText("a comment")), kTables,
                     Frame(300, 200), Scan(), kEnd});
  const size_t size = jpeg.size();
  jpeg.insert(jpeg.end(), {1, 2, 3});
  const auto read = ReadJpegMarkers(jpeg);
  REQUIRE(read.ok());
  CHECK(read.value().width == 300);
  CHECK(read.value().height == 200);
  CHECK(read.value().channels == 1);
  CHECK(Bytes(read.value().exif.begin(), read.value().exif.end()) == FromText("block"));
  CHECK(read.value().size == size);
}

TEST_CASE("Colour is three channels, in one scan or in three", "[jpeg_markers]") {
  const Bytes frame = Frame(8, 8, {.ids = {1, 2, 3}, .sampling = 0x22});
  const auto read = ReadJpegMarkers(Jpeg({kTables, frame, Scan({.ids = {1, 2, 3}}), kEnd}));
  REQUIRE(read.ok());
  CHECK(read.value().channels == 3);
  CHECK(CodeOf({kTables, frame, Scan(), Scan({.ids = {2}}), Scan({.ids = {3}}), kEnd}) ==
        ErrorCode::kOk);
}

TEST_CASE("A JPEG whose image ends where another part is expected is truncated", "[jpeg_markers]") {
  CHECK(CodeOf(Bytes{}) == ErrorCode::kImageTruncated);
  CHECK(CodeOf(Bytes{0xff}) == ErrorCode::kImageTruncated);
  const Bytes good = Jpeg({kTables, Frame(8, 8), Scan(), kEnd});
  for (size_t size = 0; size < good.size(); ++size) {
    INFO(size << " of " << good.size() << " bytes");
    CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))) ==
          ErrorCode::kImageTruncated);
  }
}

TEST_CASE("A JPEG beyond a limit of size is refused as too large, from its header alone",
          "[jpeg_markers]") {
  CHECK(CodeOf({Frame(kMaxImageSide, 1)}) == ErrorCode::kImageTruncated);
  CHECK(CodeOf({Frame(kMaxImageSide + 1, 1)}) == ErrorCode::kImageTooLarge);
  CHECK(CodeOf({Frame(1, kMaxImageSide + 1)}) == ErrorCode::kImageTooLarge);
  CHECK(CodeOf({Frame(10'000, 5'000)}) == ErrorCode::kImageTruncated);
  CHECK(CodeOf({Frame(10'000, 5'001)}) == ErrorCode::kImageTooLarge);
  CHECK(CodeOf({Frame(65535, 65535)}) == ErrorCode::kImageTooLarge);
  CHECK(CodeOf({Frame(0, 1)}) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Kinds of JPEG that are not read are named", "[jpeg_markers]") {
  CheckUnread({Frame(8, 8, {.bits = 12})}, "12 bits per sample");
  CheckUnread({Frame(8, 8, {.ids = {1, 2, 3, 4}})}, "CMYK");
  CheckUnread({Frame(8, 0)}, "height after the image");
  for (const uint8_t marker : Bytes{0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf}) {
    CheckUnread({Frame(8, 8, {.marker = marker})}, "arithmetic, lossless or hierarchical");
  }
  CheckUnread({Frame(8, 8, {.marker = 0xf7})}, "JPEG-LS");
  Bytes fractional = Frame(8, 8, {.ids = {1, 2, 3}, .sampling = 0x31});
  fractional[fractional.size() - 2] = 0x21;  // the third channel at two thirds
  CheckUnread({fractional}, "reduced by a fraction");
}

TEST_CASE("A JPEG may have as many scans as the limit and not one more", "[jpeg_markers]") {
  const auto with_scans = [](int count) {
    std::vector<Bytes> parts = {kStart, kTables, Frame(8, 8, {.marker = 0xc2})};
    parts.push_back(Scan({.last = 0}));
    for (int i = 1; i < count; ++i) parts.push_back(Scan({.first = 1}));
    parts.push_back(kEnd);
    return CodeOf(Join(parts));
  };
  CHECK(with_scans(kMaxJpegScans) == ErrorCode::kOk);
  CHECK(with_scans(kMaxJpegScans + 1) == ErrorCode::kImageTooLarge);
}

TEST_CASE("A JPEG that lacks a table which a scan names is corrupt", "[jpeg_markers]") {
  const Bytes frame = Frame(8, 8);
  CHECK(CodeOf({Huffman(0x00), Huffman(0x10), frame, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Quantisation(), Huffman(0x10), frame, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Quantisation(), Huffman(0x00), frame, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({frame, kTables, Scan(), kEnd}) == ErrorCode::kOk);
  // A scan of first coefficients alone needs no table for the others.
  CHECK(CodeOf({Quantisation(), Huffman(0x00), Frame(8, 8, {.marker = 0xc2}), Scan({.last = 0}),
                kEnd}) == ErrorCode::kOk);
}

TEST_CASE("A table of a JPEG that contradicts itself is corrupt", "[jpeg_markers]") {
  const auto with = [](uint8_t marker, size_t size, size_t at, uint8_t byte) {
    Bytes data(size);
    if (marker == 0xc4) data[1] = 1;
    data[at] = byte;
    return CodeOf({Segment(marker, data), kTables, Frame(8, 8), Scan(), kEnd});
  };
  constexpr uint8_t kQuantTables = 0xdb;
  CHECK(with(kQuantTables, 65, 0, 0x03) == ErrorCode::kOk);
  CHECK(with(kQuantTables, 65, 0, 0x04) == ErrorCode::kImageCorrupt);
  CHECK(with(kQuantTables, 64, 0, 0x00) == ErrorCode::kImageCorrupt);
  CHECK(with(kQuantTables, 129, 0, 0x10) == ErrorCode::kOk);
  CHECK(with(kQuantTables, 128, 0, 0x10) == ErrorCode::kImageCorrupt);
  CHECK(with(kQuantTables, 193, 0, 0x20) == ErrorCode::kImageCorrupt);
  constexpr uint8_t kHuffmanTables = 0xc4;
  CHECK(with(kHuffmanTables, 18, 0, 0x13) == ErrorCode::kOk);
  CHECK(with(kHuffmanTables, 18, 0, 0x14) == ErrorCode::kImageCorrupt);
  CHECK(with(kHuffmanTables, 18, 0, 0x20) == ErrorCode::kImageCorrupt);
  CHECK(with(kHuffmanTables, 17, 0, 0x00) == ErrorCode::kImageCorrupt);  // a symbol is missing
  CHECK(with(kHuffmanTables, 17, 1, 0) == ErrorCode::kImageCorrupt);     // there is none
  CHECK(with(kHuffmanTables, 20, 1, 3) == ErrorCode::kImageCorrupt);     // three codes of one bit
  CHECK(with(0xdd, 3, 0, 0) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A JPEG whose frame contradicts itself is corrupt", "[jpeg_markers]") {
  CHECK(CodeOf({kTables, Frame(8, 8), Frame(8, 8), Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Frame(8, 8, {.ids = {}})}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Frame(8, 8, {.ids = {1, 2}})}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Frame(8, 8, {.ids = {1, 2, 1}})}) == ErrorCode::kImageCorrupt);
  for (const uint8_t sampling : Bytes{0x00, 0x10, 0x01, 0x51, 0x15}) {
    CHECK(CodeOf({Frame(8, 8, {.sampling = sampling})}) == ErrorCode::kImageCorrupt);
  }
  CHECK(CodeOf({kTables, kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({Segment(0xc0, {8, 0, 8})}) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A JPEG whose scans contradict its frame is corrupt", "[jpeg_markers]") {
  const Bytes colour = Frame(8, 8, {.ids = {1, 2, 3}});
  CHECK(CodeOf({kTables, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Frame(8, 8), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Frame(8, 8), Scan({.ids = {2}}), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Frame(8, 8), Scan({.ids = {}}), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Frame(8, 8), Scan({.ids = {1, 1}}), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, colour, Scan({.ids = {1, 1, 2}}), kEnd}) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, colour, Scan({.ids = {1, 2}}), kEnd}) == ErrorCode::kImageCorrupt);
  const auto progressive = [](const ScanOptions& options) {
    return CodeOf({kTables, Frame(8, 8, {.marker = 0xc2}), Scan({.last = 0}), Scan(options), kEnd});
  };
  CHECK(progressive({.first = 5, .last = 5}) == ErrorCode::kOk);
  CHECK(progressive({.first = 5, .last = 4}) == ErrorCode::kImageCorrupt);
  CHECK(progressive({.first = 1, .last = 64}) == ErrorCode::kImageCorrupt);
  // Only refined, never begun.
  CHECK(CodeOf({kTables, Frame(8, 8, {.marker = 0xc2}), Scan({.last = 0, .bits = 0x10}), kEnd}) ==
        ErrorCode::kImageCorrupt);
}

TEST_CASE("Restart markers have to be all there, in order, and announced", "[jpeg_markers]") {
  // 80 x 8 pixels: ten units, so nine markers between them.
  const auto with_markers = [](uint8_t interval, std::initializer_list<uint8_t> numbers) {
    Bytes data = {0x12};
    for (const uint8_t number : numbers) {
      data.insert(data.end(), {0xff, static_cast<uint8_t>(0xd0 + number), 0x12});
    }
    return CodeOf({kTables, RestartInterval(interval), Frame(80, 8), Scan({.data = data}), kEnd});
  };
  CHECK(with_markers(1, {0, 1, 2, 3, 4, 5, 6, 7, 0}) == ErrorCode::kOk);
  CHECK(with_markers(1, {0, 1, 2, 3, 4, 5, 6, 7}) == ErrorCode::kImageCorrupt);
  CHECK(with_markers(1, {0, 1, 2, 4, 3, 5, 6, 7, 0}) == ErrorCode::kImageCorrupt);
  CHECK(with_markers(1, {0, 1, 2, 3, 4, 5, 6, 7, 8}) == ErrorCode::kImageCorrupt);
  CHECK(with_markers(4, {0, 1}) == ErrorCode::kOk);
  CHECK(with_markers(4, {0}) == ErrorCode::kImageCorrupt);
  CHECK(with_markers(5, {0}) == ErrorCode::kOk);
  CHECK(with_markers(10, {}) == ErrorCode::kOk);
  CHECK(with_markers(0, {}) == ErrorCode::kOk);
  CHECK(with_markers(0, {0}) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Restart markers of a channel on its own count its own units", "[jpeg_markers]") {
  // 17 x 8 pixels with the first channel whole, the others halved: 2 x 1 units of all channels,
  // 3 x 1 blocks of the first, 2 x 1 of each other one.
  const Bytes frame = Frame(17, 8, {.ids = {1, 2, 3}, .sampling = 0x22});
  const Bytes once = {0x12, 0xff, 0xd0, 0x12};
  const Bytes twice = {0x12, 0xff, 0xd0, 0x12, 0xff, 0xd1, 0x12};
  CHECK(CodeOf({kTables, RestartInterval(1), frame, Scan({.ids = {1, 2, 3}, .data = once}),
                kEnd}) == ErrorCode::kOk);
  const auto apart = [&](const Bytes& first) {
    return CodeOf({kTables, RestartInterval(1), frame, Scan({.data = first}),
                   Scan({.ids = {2}, .data = once}), Scan({.ids = {3}, .data = once}), kEnd});
  };
  CHECK(apart(twice) == ErrorCode::kOk);
  CHECK(apart(once) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Bytes between a JPEG's parts are passed over before its header only", "[jpeg_markers]") {
  const Bytes filled = {0xff, 0xff, 0xff};  // any number may stand before a marker
  CHECK(CodeOf({kTables, filled, Frame(8, 8), filled, Scan(), kEnd}) == ErrorCode::kOk);
  CHECK(CodeOf({kTables, {1, 2}, Frame(8, 8), Scan(), kEnd}) == ErrorCode::kOk);
  CHECK(CodeOf({kTables, Frame(8, 8), {1, 2}, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Markers where none may stand, and lengths that are none, are corrupt",
          "[jpeg_markers]") {
  for (const uint8_t marker : Bytes{0x00, 0x01, 0xd0, 0xd7, 0xd8}) {
    CHECK(CodeOf({kTables, Frame(8, 8), {0xff, marker}, Scan(), kEnd}) == ErrorCode::kImageCorrupt);
  }
  CHECK(CodeOf({{0xff, 0xe0, 0, 2}, kTables, Frame(8, 8), Scan(), kEnd}) == ErrorCode::kOk);
  CHECK(CodeOf({{0xff, 0xe0, 0, 1}, kTables, Frame(8, 8), Scan(), kEnd}) ==
        ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Frame(8, 8), Segment(0xc9, {}), Scan(), kEnd}) ==
        ErrorCode::kImageCorrupt);
}

TEST_CASE("A height after the image has to be that of the header", "[jpeg_markers]") {
  CHECK(CodeOf({kTables, Frame(8, 7), Scan(), Segment(0xdc, {0, 7}), kEnd}) == ErrorCode::kOk);
  CHECK(CodeOf({kTables, Frame(8, 7), Scan(), Segment(0xdc, {0, 8}), kEnd}) ==
        ErrorCode::kImageCorrupt);
  CHECK(CodeOf({kTables, Segment(0xdc, {0, 7}), Frame(8, 7), Scan(), kEnd}) ==
        ErrorCode::kImageCorrupt);
}

}  // namespace
}  // namespace insitu
