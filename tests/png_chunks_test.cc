#include "shared/formats/png_chunks.h"

#include <catch_amalgamated.hpp>
#include <initializer_list>

#include "shared/limits.h"
#include "tests/make_image.h"

namespace insitu {
namespace {

Bytes Small() { return EncodePng(NoiseRaster(5, 4, 3, 8)); }

Bytes Png(std::initializer_list<Bytes> chunks) {
  std::vector<Bytes> parts = {PngSignature()};
  parts.insert(parts.end(), chunks);
  return Join(parts);
}

const Bytes kEnd = PngChunk("IEND", {});
const Bytes kData = PngChunk("IDAT", {1, 2, 3});
const Bytes kGrey = PngHeader(1, 1, 8, 0);
const Bytes kIndexed = PngHeader(1, 1, 8, 3);
const Bytes kPalette = PngChunk("PLTE", {1, 2, 3});

ErrorCode CodeOf(const Bytes& png) {
  const auto read = ReadPngChunks(png);
  return read.ok() ? ErrorCode::kOk : read.error().code;
}

TEST_CASE("The parts of a PNG are found", "[png_chunks]") {
  const Bytes png =
      Png({PngHeader(3, 2, 4, 3, 1), PngChunk("gAMA", {0, 0, 0, 1}),
           PngChunk("PLTE", {1, 2, 3, 4, 5, 6}), PngChunk("tRNS", {7}), PngChunk("eXIf", {8, 9}),
           PngChunk("IDAT", {10}), PngChunk("IDAT", {11}), PngChunk("tEXt", {12}), kEnd});
  const auto read = ReadPngChunks(png);
  REQUIRE(read.ok());
  const PngFile& file = read.value();
  CHECK(file.width == 3);
  CHECK(file.height == 2);
  CHECK(file.depth == 4);
  CHECK(file.colour == PngColour::kPalette);
  CHECK(file.interlaced);
  CHECK(file.palette.size() == 6);
  CHECK(file.transparency.size() == 1);
  CHECK(file.exif.size() == 2);
  REQUIRE(file.image.size() == 2);
  CHECK(file.image[1][0] == 11);
}

TEST_CASE("Bytes after a PNG's last chunk are ignored", "[png_chunks]") {
  Bytes png = Small();
  png.push_back(1);
  CHECK(CodeOf(png) == ErrorCode::kOk);
}

TEST_CASE(
    "A PNG with any one bit flipped is refused as corrupt, or as too large where its sides grew",
    "[png_chunks]") {
  const Bytes good = Small();
  constexpr size_t kSize = 16;  // where the sides stand
  for (size_t byte = 8; byte < good.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes png = good;
      png[byte] = static_cast<uint8_t>(png[byte] ^ (1 << bit));
      const ErrorCode code = CodeOf(png);
      INFO("byte " << byte << ", bit " << bit);
      const bool in_last_chunk = byte >= good.size() - 12;
      if (byte >= kSize && byte < kSize + 8 && code == ErrorCode::kImageTooLarge) continue;
      // A length that is wrong cannot be told from a file cut short when the end is damaged too.
      if (in_last_chunk && code == ErrorCode::kImageTruncated) continue;
      CHECK(code == ErrorCode::kImageCorrupt);
    }
  }
}

TEST_CASE("A PNG cut anywhere is refused as truncated", "[png_chunks]") {
  const Bytes good = Small();
  for (size_t size = 0; size < good.size(); ++size) {
    INFO(size << " of " << good.size() << " bytes");
    CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))) ==
          ErrorCode::kImageTruncated);
  }
}

TEST_CASE("A PNG beyond a limit of size is refused as too large before the rest is looked at",
          "[png_chunks]") {
  const auto header_only = [](uint32_t width, uint32_t height) {
    return CodeOf(Png({PngHeader(width, height, 8, 2)}));
  };
  constexpr auto kSide = static_cast<uint32_t>(kMaxImageSide);
  CHECK(header_only(kSide, 1) == ErrorCode::kImageTruncated);
  CHECK(header_only(kSide + 1, 1) == ErrorCode::kImageTooLarge);
  CHECK(header_only(1, kSide + 1) == ErrorCode::kImageTooLarge);
  CHECK(header_only(10'000, 5'000) == ErrorCode::kImageTruncated);
  CHECK(header_only(10'000, 5'001) == ErrorCode::kImageTooLarge);
  CHECK(header_only(0xffffffff, 0xffffffff) == ErrorCode::kImageTooLarge);
}

TEST_CASE("A PNG without pixels is refused as corrupt", "[png_chunks]") {
  CHECK(CodeOf(Png({PngHeader(0, 1, 8, 0), kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({PngHeader(1, 0, 8, 0), kData, kEnd})) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Depths and colours that PNG does not have together are corrupt", "[png_chunks]") {
  for (int colour = 0; colour <= 7; ++colour) {
    for (int depth = 0; depth <= 17; ++depth) {
      const bool whole = depth == 8 || depth == 16;
      const bool part = depth == 1 || depth == 2 || depth == 4;
      const bool good = (colour == 0 && (whole || part)) || (colour == 3 && (part || depth == 8)) ||
                        ((colour == 2 || colour == 4 || colour == 6) && whole);
      const Bytes header =
          PngHeader(1, 1, static_cast<uint8_t>(depth), static_cast<uint8_t>(colour));
      INFO("colour " << colour << ", depth " << depth);
      const Bytes png =
          colour == 3 ? Png({header, kPalette, kData, kEnd}) : Png({header, kData, kEnd});
      CHECK(CodeOf(png) == (good ? ErrorCode::kOk : ErrorCode::kImageCorrupt));
    }
  }
  CHECK(CodeOf(Png({PngHeader(1, 1, 8, 0, 2), kData, kEnd})) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Chunks that are missing, doubled or out of order are corrupt", "[png_chunks]") {
  CHECK(CodeOf(Png({kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kGrey, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kGrey, kGrey, kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kGrey, kData, PngChunk("tEXt", {}), kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kIndexed, kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kIndexed, kData, kPalette, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kIndexed, kPalette, kPalette, kData, kEnd})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(Png({kIndexed, kPalette, kData, kEnd})) == ErrorCode::kOk);
}

TEST_CASE("Palettes and transparency of a wrong length are corrupt", "[png_chunks]") {
  const auto with_palette = [](size_t size) {
    return CodeOf(Png({kIndexed, PngChunk("PLTE", Bytes(size)), kData, kEnd}));
  };
  CHECK(with_palette(256 * 3) == ErrorCode::kOk);
  CHECK(with_palette(257 * 3) == ErrorCode::kImageCorrupt);
  CHECK(with_palette(4) == ErrorCode::kImageCorrupt);
  CHECK(with_palette(0) == ErrorCode::kImageCorrupt);
  const auto with_transparency = [](uint8_t colour, size_t size) {
    return CodeOf(
        Png({PngHeader(1, 1, 8, colour), kPalette, PngChunk("tRNS", Bytes(size)), kData, kEnd}));
  };
  CHECK(with_transparency(3, 1) == ErrorCode::kOk);
  CHECK(with_transparency(3, 2) == ErrorCode::kImageCorrupt);
  CHECK(with_transparency(0, 2) == ErrorCode::kOk);
  CHECK(with_transparency(0, 3) == ErrorCode::kImageCorrupt);
  CHECK(with_transparency(2, 6) == ErrorCode::kOk);
  CHECK(with_transparency(2, 5) == ErrorCode::kImageCorrupt);
  CHECK(with_transparency(6, 8) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A PNG chunk that must not be skipped and is not known is named as the reason",
          "[png_chunks]") {
  CHECK(CodeOf(Png({kGrey, PngChunk("abCd", {}), kData, kEnd})) == ErrorCode::kOk);
  CHECK(CodeOf(Png({kGrey, PngChunk("AbCd", {}), kData, kEnd})) == ErrorCode::kImageUnknown);
  const auto iphone = ReadPngChunks(Png({PngChunk("CgBI", {0, 0, 0, 0}), kGrey, kData, kEnd}));
  REQUIRE_FALSE(iphone.ok());
  CHECK(iphone.error().code == ErrorCode::kImageUnknown);
  CHECK(iphone.error().message.find("iPhone") != std::string::npos);
}

}  // namespace
}  // namespace insitu
