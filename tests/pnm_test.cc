#include "shared/formats/pnm.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "shared/limits.h"
#include "tests/make_image.h"

namespace insitu {
namespace {

using Pixels = std::vector<uint8_t>;

Image Decoded(const Bytes& pnm) {
  const auto image = DecodePnm(pnm);
  INFO((image.ok() ? "" : image.error().message));
  REQUIRE(image.ok());
  return image.value();
}

Image Decoded(const std::string& text) { return Decoded(FromText(text)); }

ErrorCode CodeOf(const Bytes& pnm) {
  const auto image = DecodePnm(pnm);
  return image.ok() ? ErrorCode::kOk : image.error().code;
}

ErrorCode CodeOf(const std::string& text) { return CodeOf(FromText(text)); }

TEST_CASE("PGM and PPM are read as text and as bytes, each to the same pixels", "[pnm]") {
  for (const int channels : {1, 3}) {
    const Raster raster = NoiseRaster(5, 4, channels, 8);
    for (const char kind : {channels == 1 ? '2' : '3', channels == 1 ? '5' : '6'}) {
      const Image image = Decoded(EncodePnm(raster, kind, 255));
      INFO("P" << kind);
      CHECK(image.width == 5);
      CHECK(image.height == 4);
      CHECK(image.channels == channels);
      CHECK(image.pixels == Pixels(raster.samples.begin(), raster.samples.end()));
    }
  }
}

TEST_CASE("Samples of 16 bits, high byte first, are reduced to 8 by rounding", "[pnm]") {
  const Raster raster{
      .width = 3, .height = 1, .channels = 1, .depth = 16, .samples = {128, 129, 65535 - 129}};
  const Pixels expected = {0, 1, 254};
  CHECK(Decoded(EncodePnm(raster, '5', 65535)).pixels == expected);
  CHECK(Decoded(EncodePnm(raster, '2', 65535)).pixels == expected);
}

TEST_CASE("Samples count from 0 to the largest value that the file names", "[pnm]") {
  const Raster raster{.width = 3, .height = 1, .channels = 1, .depth = 8, .samples = {0, 50, 100}};
  CHECK(Decoded(EncodePnm(raster, '5', 100)).pixels == Pixels{0, 128, 255});
  const Raster wide{.width = 3, .height = 1, .channels = 1, .depth = 16, .samples = {0, 150, 300}};
  CHECK(Decoded(EncodePnm(wide, '5', 300)).pixels == Pixels{0, 128, 255});
}

TEST_CASE("A sample beyond the largest value is corrupt", "[pnm]") {
  for (const char kind : {'2', '5'}) {
    Raster raster{.width = 1, .height = 1, .channels = 1, .depth = 8, .samples = {100}};
    CHECK(CodeOf(EncodePnm(raster, kind, 100)) == ErrorCode::kOk);
    raster.samples = {101};
    CHECK(CodeOf(EncodePnm(raster, kind, 100)) == ErrorCode::kImageCorrupt);
  }
}

TEST_CASE("The largest value may be 1 to 65535", "[pnm]") {
  CHECK(CodeOf("P2 1 1 1 1\n") == ErrorCode::kOk);
  CHECK(CodeOf("P2 1 1 65535 1\n") == ErrorCode::kOk);
  CHECK(CodeOf("P2 1 1 0 0\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P2 1 1 65536 1\n") == ErrorCode::kImageCorrupt);
}

TEST_CASE("Comments and any white space may stand between the numbers", "[pnm]") {
  const std::string header = "P2#made by a test\n# 9 9\r2\t#\n\v1\f #x\n 255";
  CHECK(Decoded(header + "\n7 # seven\n8").pixels == Pixels{7, 8});
  CHECK(Decoded("P5#c\n2 # 7\n 1 255\n\x23\x0a").pixels == Pixels{0x23, 0x0a});  // no comment there
}

TEST_CASE("A PGM or PPM cut anywhere is refused as truncated", "[pnm]") {
  for (const char kind : {'2', '3', '5', '6'}) {
    const Raster raster = NoiseRaster(3, 2, kind == '2' || kind == '5' ? 1 : 3, 8);
    const Bytes good = EncodePnm(raster, kind, 255);
    // The last number's digits and the line's end: what is cut off there cannot be missed.
    size_t whole = good.size();
    if (kind < '5') whole = good.size() - std::to_string(raster.samples.back()).size();
    for (size_t size = 0; size < whole; ++size) {
      INFO("P" << kind << ", " << size << " of " << good.size() << " bytes");
      CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))) ==
            ErrorCode::kImageTruncated);
    }
    CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(whole))) ==
          ErrorCode::kOk);
  }
}

TEST_CASE("A PGM beyond a limit of size is refused as too large, from its header alone", "[pnm]") {
  const auto header_only = [](int64_t width, int64_t height) {
    return CodeOf("P5 " + std::to_string(width) + " " + std::to_string(height) + " 255\n");
  };
  CHECK(header_only(kMaxImageSide, 1) == ErrorCode::kImageTruncated);
  CHECK(header_only(kMaxImageSide + 1, 1) == ErrorCode::kImageTooLarge);
  CHECK(header_only(1, kMaxImageSide) == ErrorCode::kImageTruncated);
  CHECK(header_only(1, kMaxImageSide + 1) == ErrorCode::kImageTooLarge);
  CHECK(header_only(10'000, 5'000) == ErrorCode::kImageTruncated);
  CHECK(header_only(10'000, 5'001) == ErrorCode::kImageTooLarge);
  CHECK(header_only(0, 1) == ErrorCode::kImageCorrupt);
  CHECK(header_only(1, 0) == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P5 99999999999999999999 1 255\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P5 100000000 1 255\n") == ErrorCode::kImageTooLarge);
  CHECK(CodeOf("P5 100000001 1 255\n") == ErrorCode::kImageCorrupt);
}

TEST_CASE("Something other than a number among a PGM's numbers is corrupt", "[pnm]") {
  CHECK(CodeOf("P2 1 x 255 1\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P2 -1 1 255 1\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P2 2 1 255 1 x\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P2 1 1 255.0 1\n") == ErrorCode::kImageCorrupt);
  CHECK(CodeOf("P5 1 1 255x1\n") == ErrorCode::kImageCorrupt);
}

TEST_CASE("Only the first image of a PGM that holds several is read", "[pnm]") {
  CHECK(Decoded("P5 1 1 255\n7P5 1 1 255\n8").pixels == Pixels{'7'});
}

}  // namespace
}  // namespace insitu
