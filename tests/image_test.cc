#include "shared/image.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "shared/limits.h"
#include "tests/make_image.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

ErrorCode CodeOf(const Bytes& bytes) {
  const auto image = DecodeImage(bytes);
  return image.ok() ? ErrorCode::kOk : image.error().code;
}

// A black grey PNG, one bit a pixel, so that the largest is a small file.
Bytes BlackPng(uint32_t width, uint32_t height) {
  const size_t row = 1 + (size_t{width} + 7) / 8;
  const Bytes parts[] = {PngSignature(), PngHeader(width, height, 1, 0),
                         PngChunk("IDAT", ZlibZeros(row * height)), PngChunk("IEND", {})};
  return Join(parts);
}

TEST_CASE("Every format that is read comes to the same pixels", "[image]") {
  const Image image = NoiseImage(6, 5, 3);
  const Raster raster{.width = 6,
                      .height = 5,
                      .channels = 3,
                      .depth = 8,
                      .samples = {image.pixels.begin(), image.pixels.end()}};
  for (const Bytes& file : {EncodePng(image), EncodeBmp(image), EncodePnm(raster, '3', 255),
                            EncodePnm(raster, '6', 255)}) {
    const auto decoded = DecodeImage(file);
    REQUIRE(decoded.ok());
    CHECK(decoded.value().width == 6);
    CHECK(decoded.value().height == 5);
    CHECK(decoded.value().channels == 3);
    CHECK(decoded.value().pixels == image.pixels);
  }
  const auto jpeg = DecodeImage(EncodeJpeg(SmoothImage(6, 5, 3)));
  REQUIRE(jpeg.ok());
  CHECK(jpeg.value().channels == 3);
}

TEST_CASE("An empty file is refused as empty", "[image]") {
  CHECK(CodeOf({}) == ErrorCode::kImageEmpty);
}

TEST_CASE("A text file is refused as one, whatever it is named", "[image]") {
  const auto image = DecodeImage(FromText("This text was saved as patch.png.\n"));
  REQUIRE_FALSE(image.ok());
  CHECK(image.error().code == ErrorCode::kImageUnknown);
  CHECK(image.error().message.find("text file") != std::string::npos);
}

TEST_CASE("A file of as many bytes as the limit is read, one of more is not looked at", "[image]") {
  Bytes file = EncodePng(NoiseImage(3, 3, 1));
  file.resize(kMaxImageBytes);  // what follows a PNG's last chunk is ignored
  CHECK(CodeOf(file) == ErrorCode::kOk);
  file.push_back(0);
  const auto image = DecodeImage(file);
  REQUIRE_FALSE(image.ok());
  CHECK(image.error().code == ErrorCode::kImageTooLarge);
  CHECK(image.error().message.find("64 MB") != std::string::npos);
}

TEST_CASE("An image of as many pixels as the limit is read, one of a row more is not", "[image]") {
  const auto image = DecodeImage(BlackPng(10'000, kMaxImagePixels / 10'000));
  REQUIRE(image.ok());
  CHECK(image.value().pixels.size() == static_cast<size_t>(kMaxImagePixels));
  CHECK(CodeOf(BlackPng(10'000, kMaxImagePixels / 10'000 + 1)) == ErrorCode::kImageTooLarge);
}

TEST_CASE("An image with a side at the limit is read, one of a pixel more is not", "[image]") {
  constexpr auto kSide = static_cast<uint32_t>(kMaxImageSide);
  CHECK(CodeOf(BlackPng(kSide, 2)) == ErrorCode::kOk);
  CHECK(CodeOf(BlackPng(2, kSide)) == ErrorCode::kOk);
  CHECK(CodeOf(BlackPng(kSide + 1, 1)) == ErrorCode::kImageTooLarge);
  CHECK(CodeOf(BlackPng(1, kSide + 1)) == ErrorCode::kImageTooLarge);
}

TEST_CASE("The header of a PNG of 40,000 x 40,000 pixels is refused with its size", "[image]") {
  const Bytes parts[] = {PngSignature(), PngHeader(40'000, 40'000, 8, 2)};
  const auto image = DecodeImage(Join(parts));
  REQUIRE_FALSE(image.ok());
  CHECK(image.error().code == ErrorCode::kImageTooLarge);
  CHECK(image.error().message.find("40000 x 40000") != std::string::npos);
}

TEST_CASE("Each refusal is one sentence or two that say what to do", "[image]") {
  for (const Bytes& file :
       {Bytes{}, FromText("text"), Bytes{0x89, 'P', 'N', 'G'}, FromText("P5 1 1 0\n"),
        FromText("P5 40000 40000 255\n"), Bytes{0xff, 0xd8, 0xff, 0xd9}}) {
    const auto image = DecodeImage(file);
    REQUIRE_FALSE(image.ok());
    INFO(image.error().message);
    CHECK(image.error().message.ends_with("drop it again."));
  }
}

}  // namespace
}  // namespace insitu
