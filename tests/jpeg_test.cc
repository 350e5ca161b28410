#include "shared/formats/jpeg.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstdlib>

#include "shared/formats/pixels.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

Image Decoded(const Bytes& jpeg) {
  const auto image = DecodeJpeg(jpeg);
  INFO((image.ok() ? "" : image.error().message));
  REQUIRE(image.ok());
  return image.value();
}

ErrorCode CodeOf(const Bytes& jpeg) {
  const auto image = DecodeJpeg(jpeg);
  return image.ok() ? ErrorCode::kOk : image.error().code;
}

int LargestDifference(const Image& a, const Image& b) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.height == b.height);
  REQUIRE(a.channels == b.channels);
  REQUIRE(a.pixels.size() == b.pixels.size());
  int worst = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    worst = std::max(worst, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return worst;
}

TEST_CASE("A baseline JPEG is read, grey as grey and colour as RGB, of any size", "[jpeg]") {
  for (const int channels : {1, 3}) {
    for (const int side : {1, 7, 8, 9, 16, 17, 33}) {
      const Image image = SmoothImage(side, 2 * side - 1, channels);
      INFO(channels << " channels, " << side << " wide");
      CHECK(LargestDifference(Decoded(EncodeJpeg(image)), image) <= 2);  // roundings of colours
    }
  }
}

TEST_CASE("A JPEG with its colours reduced is read to nearly the same", "[jpeg]") {
  for (const int side : {1, 15, 16, 17, 40}) {
    const Image image = SmoothImage(side, side + 3, 3);
    INFO(side << " wide");
    CHECK(LargestDifference(Decoded(EncodeJpeg(image, {.chroma_step = 2})), image) <= 8);
  }
}

TEST_CASE("A progressive JPEG gives the pixels of the baseline one with its coefficients",
          "[jpeg]") {
  for (const int channels : {1, 3}) {
    for (const int chroma_step : {1, 2}) {
      const Image image = NoiseImage(37, 21, channels);
      const auto encode = [&](bool progressive) {
        return EncodeJpeg(image,
                          {.progressive = progressive, .chroma_step = chroma_step, .quantiser = 5});
      };
      CHECK(Decoded(encode(true)).pixels == Decoded(encode(false)).pixels);
    }
  }
}

TEST_CASE("Restart markers change no pixel, at any interval", "[jpeg]") {
  const Image image = NoiseImage(90, 20, 3);
  for (const bool progressive : {false, true}) {
    for (const int chroma_step : {1, 2}) {
      const auto encode = [&](int interval) {
        return EncodeJpeg(image, {.progressive = progressive,
                                  .chroma_step = chroma_step,
                                  .quantiser = 5,
                                  .restart_interval = interval});
      };
      const Image without = Decoded(encode(0));
      for (const int interval : {1, 2, 5, 1000}) {
        CHECK(Decoded(encode(interval)).pixels == without.pixels);
      }
    }
  }
}

TEST_CASE("The orientation in a JPEG's EXIF is applied", "[jpeg]") {
  const Image image = SmoothImage(12, 9, 3);
  const Image stored = Decoded(EncodeJpeg(image));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image shown = Decoded(EncodeJpeg(image, {.exif = ExifBlock(orientation, false)}));
    const auto expected = Oriented(stored, orientation);
    REQUIRE(expected.ok());
    INFO("orientation " << orientation);
    CHECK(shown.width == (orientation < 5 ? 12 : 9));
    CHECK(shown.height == expected.value().height);
    CHECK(shown.pixels == expected.value().pixels);
  }
}

TEST_CASE("A JPEG cut anywhere is refused as truncated, never shown in part", "[jpeg]") {
  const Image image = SmoothImage(20, 18, 3);
  for (const bool progressive : {false, true}) {
    for (const int interval : {0, 1}) {
      const Bytes good = EncodeJpeg(image, {.progressive = progressive,
                                            .quantiser = 20,
                                            .restart_interval = interval,
                                            .exif = ExifBlock(6, true)});
      REQUIRE(CodeOf(good) == ErrorCode::kOk);
      for (size_t size = 0; size < good.size(); ++size) {
        INFO(size << " of " << good.size() << " bytes, progressive " << progressive);
        CHECK(CodeOf(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size))) ==
              ErrorCode::kImageTruncated);
      }
    }
  }
}

TEST_CASE("A damaged JPEG decodes alike every time, whatever was in memory before", "[jpeg]") {
  Bytes jpeg = EncodeJpeg(NoiseImage(32, 32, 1), {.quantiser = 5});
  jpeg.erase(jpeg.end() - 60, jpeg.end() - 2);  // blocks are missing, the end is not
  const auto first = DecodeJpeg(jpeg);
  (void)Decoded(EncodeJpeg(NoiseImage(32, 32, 1, 2)));
  const auto second = DecodeJpeg(jpeg);
  REQUIRE(first.ok() == second.ok());
  if (first.ok()) CHECK(first.value().pixels == second.value().pixels);
}

}  // namespace
}  // namespace insitu
