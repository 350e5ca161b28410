// The limits of shared/codecs/limits.h that codecs_api_test.cc does not show, each from both sides.
// What a picture claims is refused or taken before its pixels are there.
#include <algorithm>
#include <catch_amalgamated.hpp>
#include <memory>
#include <string>

#include "shared/codecs/limits.h"
#include "tests/encode_picture.h"
#include "tests/make_image.h"
#include "tests/make_jpeg.h"
#include "wasm/codecs_api.h"

namespace insitu {
namespace {

// Of a file that is as large as it says.
constexpr double kFileBytes = 4e9;

// Where the first marker of that kind begins.
template <typename File>
auto FindMarker(File& file, uint8_t marker) {
  const uint8_t start[] = {0xff, marker};
  const auto at = std::search(file.begin(), file.end(), std::begin(start), std::end(start));
  REQUIRE(at != file.end());
  return at;
}

// A field of two bytes, which lies `offset` bytes after the first marker of that kind.
Bytes With16(Bytes file, uint8_t marker, size_t offset, uint16_t value) {
  const auto at = FindMarker(file, marker);
  at[static_cast<ptrdiff_t>(offset)] = static_cast<uint8_t>(value >> 8);
  at[static_cast<ptrdiff_t>(offset) + 1] = static_cast<uint8_t>(value);
  return file;
}

Bytes With32(Bytes file, uint8_t marker, size_t offset, uint32_t value) {
  file = With16(std::move(file), marker, offset, static_cast<uint16_t>(value >> 16));
  return With16(std::move(file), marker, offset + 2, static_cast<uint16_t>(value));
}

// The error's name after the head of a picture, or "" while its rows are waited for.
std::string AfterHead(int kind, const Bytes& head) {
  const std::unique_ptr<insitu_strips, decltype(&insitu_strips_destroy)> strips(
      insitu_strips_create(kind, 1, kFileBytes), &insitu_strips_destroy);
  REQUIRE(strips != nullptr);
  REQUIRE(insitu_strips_push(strips.get(), head.data(), head.size()) == 0);
  return insitu_strips_advance(strips.get()) < 0 ? insitu_codecs_error_name() : "";
}

std::string PngHead(int64_t width, int64_t height, bool interlaced = false) {
  const Bytes parts[] = {
      PngSignature(), PngHeader(static_cast<uint32_t>(width), static_cast<uint32_t>(height), 8, 0,
                                interlaced ? 1 : 0)};
  return AfterHead(INSITU_STRIPS_PNG, Join(parts));
}

Bytes Sized(const Bytes& jpeg, uint8_t marker, int64_t width, int64_t height) {
  return With16(With16(jpeg, marker, 7, static_cast<uint16_t>(width)), marker, 5,
                static_cast<uint16_t>(height));
}

// All but the pixels: up to and with the head of the first scan.
Bytes Head(const Bytes& jpeg) {
  const auto at = FindMarker(jpeg, 0xda);
  return {jpeg.begin(), at + 2 + (at[2] << 8 | at[3])};
}

std::string ErrorOf(insitu_raster* raster) {
  const std::unique_ptr<insitu_raster, decltype(&insitu_raster_destroy)> held(
      raster, &insitu_raster_destroy);
  return held == nullptr ? insitu_codecs_error_name() : "decoded";
}

std::string Jpeg2000Error(const Bytes& file, int reduction = 0) {
  return ErrorOf(insitu_decode_jpeg2000(file.data(), file.size(), reduction));
}

}  // namespace

TEST_CASE("A picture read by strips has sides of up to 131072 pixels", "[codecs]") {
  CHECK(PngHead(kMaxStripSide, 1).empty());
  CHECK(PngHead(1, kMaxStripSide).empty());
  CHECK(PngHead(kMaxStripSide + 1, 1) == "image_too_large");
  CHECK(PngHead(1, kMaxStripSide + 1) == "image_too_large");
}

TEST_CASE("A picture read by strips has up to 400 million pixels", "[codecs]") {
  CHECK(PngHead(20'000, kMaxStripPixels / 20'000).empty());
  CHECK(PngHead(20'000, kMaxStripPixels / 20'000 + 1) == "image_too_large");
  const Bytes jpeg = Head(EncodeJpeg(SmoothImage(16, 16, 1)));
  const auto sized = [&](int64_t height) {
    return AfterHead(INSITU_STRIPS_JPEG, Sized(jpeg, 0xc0, 40'000, height));
  };
  CHECK(sized(kMaxStripPixels / 40'000).empty());
  CHECK(sized(kMaxStripPixels / 40'000 + 1) == "image_too_large");
}

TEST_CASE("An interlaced PNG is held up to its limit", "[codecs]") {
  constexpr int64_t kWidth = 16'384;
  CHECK(PngHead(kWidth, kMaxInterlacedBytes / kWidth, true).empty());
  CHECK(PngHead(kWidth, kMaxInterlacedBytes / kWidth + 1, true) == "image_too_large");
  CHECK(PngHead(kWidth, kMaxInterlacedBytes / kWidth + 1, false).empty());
}

TEST_CASE("The coefficients of a progressive JPEG are held up to their limit", "[codecs]") {
  // Two bytes a pixel of grey, in blocks of eight rows.
  constexpr int64_t kWidth = 16'384;
  constexpr int64_t kRows = kMaxProgressiveBytes / (2 * kWidth);
  const Bytes jpeg = Head(EncodeJpeg(SmoothImage(16, 16, 1), {.progressive = true}));
  const auto sized = [&](int64_t height) {
    return AfterHead(INSITU_STRIPS_JPEG, Sized(jpeg, 0xc2, kWidth, height));
  };
  CHECK(sized(kRows).empty());
  CHECK(sized(kRows + 1) == "image_too_large");
}

TEST_CASE("Decoding at once takes memory up to its limit", "[codecs]") {
  // Three samples and six bytes of coefficients a pixel. What is there is far too little for that,
  // which is told before the memory is taken.
  constexpr int64_t kWidth = 6'400, kBytesPerPixel = 9;
  const Bytes jpeg = EncodeJpeg(SmoothImage(16, 16, 3), {.progressive = true});
  const auto encoded = static_cast<int64_t>(jpeg.size());
  const int64_t rows = (kMaxCodecMemory - encoded) / (kWidth * kBytesPerPixel) / 8 * 8;
  const auto sized = [&](int64_t height) {
    const Bytes file = Sized(jpeg, 0xc2, kWidth, height);
    return ErrorOf(insitu_decode_jpeg(file.data(), file.size(), nullptr, 0, INSITU_JPEG_AUTO, 1));
  };
  CHECK(sized(rows) == "image_corrupt");
  CHECK(sized(rows + 8) == "image_too_large");
}

TEST_CASE("JPEG 2000 has up to four channels of up to 16 bits", "[codecs]") {
  // In SIZ: the count of channels, then of each its depth less one and its steps.
  constexpr uint8_t kSiz = 0x51;
  constexpr size_t kCount = 38, kFirst = 40;
  const Bytes four = EncodePicture("jpeg2000", SoftSamples(16, 16, kMaxRasterChannels, 8));
  CHECK(Jpeg2000Error(four) == "decoded");
  CHECK(Jpeg2000Error(With16(four, kSiz, kCount, kMaxRasterChannels + 1)) == "image_unknown");
  const Bytes deep = EncodePicture("jpeg2000", SoftSamples(16, 16, 1, kMaxRasterBits));
  CHECK(Jpeg2000Error(deep) == "decoded");
  CHECK(Jpeg2000Error(With16(deep, kSiz, kFirst, kMaxRasterBits << 8 | 1)) == "image_unknown");
}

TEST_CASE("JPEG 2000 lies on a grid of 31 bits, and is larger than is decoded long before",
          "[codecs]") {
  constexpr uint8_t kSiz = 0x51;
  constexpr size_t kRight = 6, kTileWidth = 22;
  constexpr uint32_t kMost = INT32_MAX;
  const Bytes file = EncodePicture("jpeg2000", SoftSamples(16, 16, 1, 8));
  const Bytes one_tile = With32(file, kSiz, kTileWidth, kMost);
  CHECK(Jpeg2000Error(With32(one_tile, kSiz, kRight, kMost)) == "image_too_large");
  CHECK(Jpeg2000Error(With32(one_tile, kSiz, kRight, kMost + 1)) == "image_corrupt");
}

TEST_CASE("Up to 32 resolutions of JPEG 2000 may be asked to be left out", "[codecs]") {
  const Bytes file = EncodePicture("jpeg2000", SoftSamples(16, 16, 1, 8));
  const auto message = [&](int reduction) {
    CHECK(Jpeg2000Error(file, reduction) == "invalid_argument");
    return std::string(insitu_codecs_error_message());
  };
  // It has not so many, which is told of the picture.
  CHECK(message(kMaxJpeg2000Reduction).starts_with("The picture has "));
  CHECK(message(kMaxJpeg2000Reduction + 1).starts_with("A JPEG 2000 picture cannot "));
}

TEST_CASE("A file's size is a whole number that a double holds", "[codecs]") {
  const auto made = [](double bytes) {
    const std::unique_ptr<insitu_strips, decltype(&insitu_strips_destroy)> strips(
        insitu_strips_create(INSITU_STRIPS_PNG, 1, bytes), &insitu_strips_destroy);
    return strips != nullptr;
  };
  CHECK(made(0));
  CHECK(made(9e15));
  CHECK_FALSE(made(9.1e15));
  CHECK_FALSE(made(-1));
}

}  // namespace insitu
