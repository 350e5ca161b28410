#include "shared/formats/png.h"

#include <array>
#include <catch_amalgamated.hpp>
#include <cmath>

#include "shared/limits.h"
#include "tests/make_image.h"

namespace insitu {
namespace {

// What a pixel has to become, by the definition and in doubles: over white, to 8 bits, rounded.
uint8_t Expected(double sample, double alpha, double maximum) {
  const double over_white = (sample * alpha + maximum * (maximum - alpha)) / maximum;
  return static_cast<uint8_t>(std::floor(over_white * 255 / maximum + 0.5));
}

Image Expected(const Raster& raster) {
  const bool has_alpha = raster.channels == 2 || raster.channels == 4;
  const int colours = raster.channels - (has_alpha ? 1 : 0);
  const double maximum = (1 << raster.depth) - 1;
  Image image{.width = raster.width, .height = raster.height, .channels = colours, .pixels = {}};
  for (size_t i = 0; i < raster.samples.size(); i += static_cast<size_t>(raster.channels)) {
    const double alpha = has_alpha ? raster.samples[i + static_cast<size_t>(colours)] : maximum;
    for (size_t c = 0; c < static_cast<size_t>(colours); ++c) {
      image.pixels.push_back(Expected(raster.samples[i + c], alpha, maximum));
    }
  }
  return image;
}

void CheckDecodes(const Bytes& png, const Image& expected) {
  const auto image = DecodePng(png);
  INFO((image.ok() ? "" : image.error().message));
  REQUIRE(image.ok());
  CHECK(image.value().width == expected.width);
  CHECK(image.value().height == expected.height);
  CHECK(image.value().channels == expected.channels);
  CHECK((image.value().pixels == expected.pixels));
}

ErrorCode CodeOf(const Bytes& png) {
  const auto image = DecodePng(png);
  return image.ok() ? ErrorCode::kOk : image.error().code;
}

// A PNG of one row, whose zlib data is given.
Bytes PngOfData(uint32_t width, uint32_t height, const Bytes& zlib) {
  const Bytes parts[] = {PngSignature(), PngHeader(width, height, 8, 0), PngChunk("IDAT", zlib),
                         PngChunk("IEND", {})};
  return Join(parts);
}

TEST_CASE("A PNG of every colour and depth is read, interlaced or not, with every filter",
          "[png]") {
  struct Kind {
    int channels;
    int depth;
  };
  constexpr std::array<Kind, 11> kKinds = {
      {{1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 16}, {2, 8}, {2, 16}, {3, 8}, {3, 16}, {4, 8}, {4, 16}}};
  for (const Kind& kind : kKinds) {
    for (const bool interlaced : {false, true}) {
      for (int filter = 0; filter <= 5; ++filter) {
        INFO(kind.channels << " channels of " << kind.depth << " bits, filter " << filter);
        const Raster raster = NoiseRaster(13, 11, kind.channels, kind.depth);
        CheckDecodes(EncodePng(raster, {.interlaced = interlaced, .filter = filter}),
                     Expected(raster));
      }
    }
  }
}

TEST_CASE("A PNG smaller than an interlacing pass is read", "[png]") {
  for (int width = 1; width <= 9; ++width) {
    for (int height = 1; height <= 9; ++height) {
      const Raster raster = NoiseRaster(width, height, 3, 8);
      CheckDecodes(EncodePng(raster, {.interlaced = true, .filter = 5}), Expected(raster));
    }
  }
}

TEST_CASE("A PNG whose image is spread over many chunks, some of them empty, is read", "[png]") {
  const Raster raster = NoiseRaster(20, 20, 3, 8);
  CheckDecodes(EncodePng(raster, {.chunk_bytes = 7}), Expected(raster));
  const Bytes zlib = ZlibStored({0, 17});
  const Bytes parts[] = {PngSignature(), PngHeader(1, 1, 8, 0), PngChunk("IDAT", {}),
                         PngChunk("IDAT", zlib), PngChunk("IEND", {})};
  CheckDecodes(Join(parts), {.width = 1, .height = 1, .channels = 1, .pixels = {17}});
}

TEST_CASE("Half-transparent 16-bit samples are composed over white before they are reduced",
          "[png]") {
  // 32768 / 65535 of black over white: 32767 / 65535 of white, which is 127.498 of 255.
  const Raster raster{.width = 2,
                      .height = 1,
                      .channels = 2,
                      .depth = 16,
                      .samples = {0, 32768, 257 * 100 + 128, 65535}};
  CheckDecodes(EncodePng(raster), {.width = 2, .height = 1, .channels = 1, .pixels = {127, 100}});
}

TEST_CASE("A transparent PNG pixel is white, whatever colour it hides", "[png]") {
  const Raster raster{.width = 1,
                      .height = 2,
                      .channels = 4,
                      .depth = 8,
                      .samples = {10, 20, 30, 0, 10, 20, 30, 255}};
  CheckDecodes(EncodePng(raster),
               {.width = 1, .height = 2, .channels = 3, .pixels = {255, 255, 255, 10, 20, 30}});
}

TEST_CASE("The one transparent colour of a PNG without alpha becomes white", "[png]") {
  const Raster grey{.width = 3, .height = 1, .channels = 1, .depth = 4, .samples = {3, 9, 15}};
  CheckDecodes(EncodePng(grey, {.transparency = {0, 9}}),
               {.width = 3, .height = 1, .channels = 1, .pixels = {51, 255, 255}});
  const Raster rgb{.width = 2,
                   .height = 1,
                   .channels = 3,
                   .depth = 16,
                   .samples = {256, 512, 768, 256, 512, 769}};
  CheckDecodes(EncodePng(rgb, {.transparency = {1, 0, 2, 0, 3, 0}}),
               {.width = 2, .height = 1, .channels = 3, .pixels = {255, 255, 255, 1, 2, 3}});
}

TEST_CASE("A PNG with a palette is RGB, each entry with its own opacity", "[png]") {
  const Bytes palette = {10, 20, 30, 40, 50, 60, 70, 80, 90};
  for (const int depth : {2, 4, 8}) {
    const Raster raster{
        .width = 3, .height = 1, .channels = 1, .depth = depth, .samples = {2, 0, 1}};
    CheckDecodes(EncodePng(raster, {.palette = palette, .transparency = {0, 51}}),
                 {.width = 3,
                  .height = 1,
                  .channels = 3,
                  .pixels = {70, 80, 90, 255, 255, 255, 212, 214, 216}});
  }
}

TEST_CASE("A PNG pixel outside the palette is refused as corrupt, the last inside is not",
          "[png]") {
  const Bytes palette = {10, 20, 30, 40, 50, 60};
  Raster raster{.width = 1, .height = 1, .channels = 1, .depth = 8, .samples = {1}};
  CHECK(CodeOf(EncodePng(raster, {.palette = palette})) == ErrorCode::kOk);
  raster.samples = {2};
  CHECK(CodeOf(EncodePng(raster, {.palette = palette})) == ErrorCode::kImageCorrupt);
}

TEST_CASE("The orientation in a PNG's eXIf is applied", "[png]") {
  const Raster raster{.width = 2, .height = 1, .channels = 1, .depth = 8, .samples = {7, 8}};
  CheckDecodes(EncodePng(raster, {.exif = ExifBlock(6, true)}),
               {.width = 1, .height = 2, .channels = 1, .pixels = {7, 8}});
  CheckDecodes(EncodePng(raster, {.exif = ExifBlock(8, false)}),
               {.width = 1, .height = 2, .channels = 1, .pixels = {8, 7}});
}

TEST_CASE("A PNG that inflates to more than its rows is read up to the limit of what is left over",
          "[png]") {
  constexpr size_t kRows = 9 * 10;  // 8 x 10 pixels and their filter bytes
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(kRows))) == ErrorCode::kOk);
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(kRows + kMaxPngSurplus))) == ErrorCode::kOk);
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(kRows + kMaxPngSurplus + 1))) ==
        ErrorCode::kImageCorrupt);
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(size_t{200} << 20))) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A PNG that inflates to less than its rows is refused as corrupt", "[png]") {
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(89))) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(PngOfData(8, 10, ZlibZeros(0))) == ErrorCode::kImageCorrupt);
}

TEST_CASE("A PNG that promises more pixels than its bytes can hold takes no memory for them",
          "[png]") {
  CHECK(CodeOf(PngOfData(30'000, 1'600, ZlibZeros(1000))) == ErrorCode::kImageCorrupt);
}

TEST_CASE("Data of a PNG that is no zlib stream, or has a filter that is none, is corrupt",
          "[png]") {
  CHECK(CodeOf(PngOfData(1, 1, {})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(PngOfData(1, 1, {1, 2, 3, 4, 5})) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf(PngOfData(1, 1, ZlibStored({4, 0}))) == ErrorCode::kOk);
  CHECK(CodeOf(PngOfData(1, 1, ZlibStored({5, 0}))) == ErrorCode::kImageCorrupt);
}

}  // namespace
}  // namespace insitu
