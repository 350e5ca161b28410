#include "shared/formats/bmp.h"

#include <array>
#include <catch_amalgamated.hpp>
#include <limits>

#include "shared/limits.h"
#include "tests/make_image.h"

namespace insitu {
namespace {

// Offsets in a file with a header of 40 bytes or more.
constexpr size_t kHeaderSizeAt = 14;
constexpr size_t kWidthAt = 18;
constexpr size_t kHeightAt = 22;
constexpr size_t kPlanesAt = 26;
constexpr size_t kDepthAt = 28;
constexpr size_t kCompressionAt = 30;
constexpr size_t kPixelsAtAt = 10;

void Put32(Bytes* bytes, size_t at, uint32_t number) {
  for (size_t i = 0; i < 4; ++i) (*bytes)[at + i] = static_cast<uint8_t>(number >> (8 * i));
}

Image Decoded(const Bytes& bmp) {
  const auto image = DecodeBmp(bmp);
  INFO((image.ok() ? "" : image.error().message));
  REQUIRE(image.ok());
  return image.value();
}

Error Refusal(const Bytes& bmp) {
  const auto image = DecodeBmp(bmp);
  REQUIRE_FALSE(image.ok());
  return image.error();
}

ErrorCode CodeOf(const Bytes& bmp) {
  const auto image = DecodeBmp(bmp);
  return image.ok() ? ErrorCode::kOk : image.error().code;
}

// What EncodeBmp keeps of an image at that depth: a grey palette's entry, 5 bits, or everything.
std::vector<uint8_t> Kept(const Image& image, int depth) {
  std::vector<uint8_t> kept;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    const int bits = depth > 16 ? 8 : depth == 16 ? 5 : depth;
    const int maximum = (1 << bits) - 1;
    const int value = image.pixels[depth > 8 ? i : i / 3 * 3] >> (8 - bits);
    const int rounding = depth == 16 ? maximum / 2 : 0;
    kept.push_back(static_cast<uint8_t>((value * 255 + rounding) / maximum));
  }
  return kept;
}

// 16 bits a pixel, with masks after a header of 40 bytes.
Bytes WithMasks(const Image& image, std::array<uint32_t, 3> masks) {
  Bytes bmp = EncodeBmp(image, {.depth = 16});
  bmp.insert(bmp.begin() + 54, 12, 0);
  for (size_t i = 0; i < 3; ++i) Put32(&bmp, 54 + 4 * i, masks[i]);
  Put32(&bmp, kPixelsAtAt, 54 + 12);
  Put32(&bmp, kCompressionAt, 3);
  return bmp;
}

TEST_CASE("A BMP of every depth is read, bottom-up and top-down, with either header", "[bmp]") {
  for (const int depth : {1, 4, 8, 16, 24, 32}) {
    for (const int width : {1, 7, 8, 9}) {  // rows are padded to four bytes
      const Image image = NoiseImage(width, 5, 3);
      INFO("depth " << depth << ", width " << width);
      const Image bottom_up = Decoded(EncodeBmp(image, {.depth = depth}));
      CHECK(bottom_up.width == width);
      CHECK(bottom_up.height == 5);
      CHECK(bottom_up.channels == 3);
      CHECK(bottom_up.pixels == Kept(image, depth));
      CHECK(Decoded(EncodeBmp(image, {.depth = depth, .top_down = true})).pixels ==
            bottom_up.pixels);
      CHECK(Decoded(EncodeBmp(image, {.depth = depth, .old_header = true})).pixels ==
            bottom_up.pixels);
    }
  }
}

TEST_CASE("A BMP's opacity is composed over white where its header has a mask for it", "[bmp]") {
  const Image image{.width = 1, .height = 1, .channels = 3, .pixels = {0, 100, 255}};
  const auto pixels = [&image](bool with_alpha, uint8_t alpha) {
    return Decoded(EncodeBmp(image, {.depth = 32, .with_alpha = with_alpha, .alpha = alpha}))
        .pixels;
  };
  CHECK(pixels(true, 255) == image.pixels);
  CHECK(pixels(true, 51) == std::vector<uint8_t>{204, 224, 255});  // a fifth
  CHECK(pixels(false, 51) == image.pixels);
}

TEST_CASE("A BMP all of whose pixels are transparent is meant to be opaque", "[bmp]") {
  const Image image = NoiseImage(3, 2, 3);
  Bytes bmp = EncodeBmp(image, {.depth = 32, .with_alpha = true, .alpha = 0});
  CHECK(Decoded(bmp).pixels == image.pixels);
  bmp.back() = 1;  // one that is not, so the others are
  CHECK(Decoded(bmp).pixels[3 * 3] == 255);
}

TEST_CASE("Masks of a BMP say where its colours lie", "[bmp]") {
  const Image image = NoiseImage(4, 3, 3);
  CHECK(Decoded(WithMasks(image, {0x7c00, 0x03e0, 0x001f})).pixels == Kept(image, 16));
  const Image white{.width = 1, .height = 1, .channels = 3, .pixels = {255, 255, 255}};
  // 0x7fff: the highest of the five bits of red in 5-6-5 is missing.
  CHECK(Decoded(WithMasks(white, {0xf800, 0x07e0, 0x001f})).pixels ==
        std::vector<uint8_t>{(15 * 255 + 15) / 31, 255, 255});
}

TEST_CASE("A mask of a BMP with a hole in it, or without a bit, is corrupt", "[bmp]") {
  const Image image = NoiseImage(4, 3, 3);
  CHECK(CodeOf(WithMasks(image, {0x7c00, 0x03e0, 0x0015})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(WithMasks(image, {0x7c00, 0, 0x001f})) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A BMP's palette may leave out what no pixel uses, and nothing else", "[bmp]") {
  Image image{.width = 2, .height = 1, .channels = 3, .pixels = {32, 32, 32, 0, 0, 0}};
  CHECK(Decoded(EncodeBmp(image, {.depth = 4, .palette_entries = 3})).pixels ==
        std::vector<uint8_t>{34, 34, 34, 0, 0, 0});
  CHECK(CodeOf(EncodeBmp(image, {.depth = 4, .palette_entries = 2})) == ErrorCode::kImageCorrupt);
  // Where the header counts 16 but the pixels start after two.
  Bytes bmp = EncodeBmp(image, {.depth = 4, .palette_entries = 2});
  Put32(&bmp, 46, 0);
  CHECK(CodeOf(bmp) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A compressed BMP is refused in words, not read as pixels", "[bmp]") {
  Bytes bmp = EncodeBmp(NoiseImage(4, 4, 3), {.depth = 8});
  for (const uint32_t compression : {1U, 2U, 4U, 5U, 11U, 0xffffffffU}) {
    Put32(&bmp, kCompressionAt, compression);
    const Error error = Refusal(bmp);
    CHECK(error.code == ErrorCode::kImageUnknown);
    CHECK(error.message.find("compressed") != std::string::npos);
  }
  Put32(&bmp, kCompressionAt, 3);  // masks, which go with 16 and 32 bits only
  CHECK(Refusal(bmp).code == ErrorCode::kImageUnknown);
}

TEST_CASE("A BMP cut anywhere is refused as truncated, but for the padding of its last row",
          "[bmp]") {
  for (const int depth : {4, 24, 32}) {
    const Bytes good = EncodeBmp(NoiseImage(5, 3, 3), {.depth = depth, .with_alpha = depth == 32});
    const size_t padding = depth == 32 ? 0 : 1;
    for (size_t size = 0; size < good.size(); ++size) {
      INFO(size << " of " << good.size() << " bytes");
      CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))) ==
            (size + padding < good.size() ? ErrorCode::kImageTruncated : ErrorCode::kOk));
    }
  }
}

TEST_CASE("A BMP beyond a limit of size is refused as too large, from its header alone", "[bmp]") {
  const auto header_only = [](int32_t width, int32_t height) {
    Bytes bmp = EncodeBmp(NoiseImage(1, 1, 3));
    Put32(&bmp, kWidthAt, static_cast<uint32_t>(width));
    Put32(&bmp, kHeightAt, static_cast<uint32_t>(height));
    return CodeOf(bmp);
  };
  for (const int sign : {1, -1}) {
    CHECK(header_only(kMaxImageSide, sign) == ErrorCode::kImageTruncated);
    CHECK(header_only(kMaxImageSide + 1, sign) == ErrorCode::kImageTooLarge);
    CHECK(header_only(1, sign * kMaxImageSide) == ErrorCode::kImageTruncated);
    CHECK(header_only(1, sign * (kMaxImageSide + 1)) == ErrorCode::kImageTooLarge);
    CHECK(header_only(10'000, sign * 5'000) == ErrorCode::kImageTruncated);
    CHECK(header_only(10'000, sign * 5'001) == ErrorCode::kImageTooLarge);
  }
  CHECK(header_only(1, std::numeric_limits<int32_t>::min()) == ErrorCode::kImageTooLarge);
  CHECK(header_only(0, 1) == ErrorCode::kImageCorrupt);
  CHECK(header_only(1, 0) == ErrorCode::kImageCorrupt);
  CHECK(header_only(-1, 1) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A BMP whose header contradicts the format is corrupt", "[bmp]") {
  const Bytes good = EncodeBmp(NoiseImage(4, 4, 3));
  const auto with_byte = [&good](size_t at, uint8_t byte) {
    Bytes bmp = good;
    bmp[at] = byte;
    return CodeOf(bmp);
  };
  CHECK(with_byte(kPlanesAt, 2) == ErrorCode::kImageCorrupt);
  for (const uint8_t depth : Bytes{0, 2, 15, 48, 64}) {
    CHECK(with_byte(kDepthAt, depth) == ErrorCode::kImageCorrupt);
  }
  CHECK(with_byte(kPixelsAtAt, 54) == ErrorCode::kOk);
  CHECK(with_byte(kPixelsAtAt, 53) == ErrorCode::kImageCorrupt);
  CHECK(with_byte(kPixelsAtAt, 55) == ErrorCode::kImageTruncated);
  CHECK(with_byte(kPixelsAtAt + 3, 255) == ErrorCode::kImageTruncated);
}

TEST_CASE("A BMP is known by its first letters and the length of its header", "[bmp]") {
  Bytes bmp = EncodeBmp(NoiseImage(1, 1, 3));
  CHECK(IsBmp(bmp));
  CHECK(IsBmp(FromText("BM")));  // cut short
  CHECK_FALSE(IsBmp(FromText("B")));
  CHECK_FALSE(IsBmp({}));
  for (const uint32_t size : {12U, 40U, 52U, 56U, 64U, 108U, 124U}) {
    Put32(&bmp, kHeaderSizeAt, size);
    CHECK(IsBmp(bmp));
  }
  for (const uint32_t size : {0U, 16U, 41U, 125U, 0xffffffffU}) {
    Put32(&bmp, kHeaderSizeAt, size);
    CHECK_FALSE(IsBmp(bmp));
  }
}

}  // namespace
}  // namespace insitu
