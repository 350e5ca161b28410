#include "shared/formats/pixels.h"

#include <array>
#include <catch_amalgamated.hpp>

#include "shared/limits.h"

namespace insitu {
namespace {

TEST_CASE("Sizes are allowed up to the limits and refused beyond", "[pixels]") {
  CHECK(CheckImageSize(1, 1).ok());
  CHECK(CheckImageSize(kMaxImageSide, 1).ok());
  CHECK_FALSE(CheckImageSize(int64_t{kMaxImageSide} + 1, 1).ok());
  CHECK_FALSE(CheckImageSize(1, int64_t{kMaxImageSide} + 1).ok());
  CHECK(CheckImageSize(10'000, kMaxImagePixels / 10'000).ok());
  CHECK_FALSE(CheckImageSize(10'000, kMaxImagePixels / 10'000 + 1).ok());
  CHECK(CheckImageSize(0, 1).error().code == ErrorCode::kImageCorrupt);
  CHECK(CheckImageSize(1, -1).error().code == ErrorCode::kImageCorrupt);
}

TEST_CASE("The refusal of a large image says its size and the limits", "[pixels]") {
  const Error error = CheckImageSize(40'000, 40'000).error();
  CHECK(error.code == ErrorCode::kImageTooLarge);
  CHECK(error.message.find("40000 x 40000") != std::string::npos);
  CHECK(error.message.find("32767") != std::string::npos);
  CHECK(error.message.find("50 million") != std::string::npos);
}

TEST_CASE("16 bits become 8 by rounding", "[pixels]") {
  CHECK(To8Bits(0, 65535) == 0);
  CHECK(To8Bits(128, 65535) == 0);
  CHECK(To8Bits(129, 65535) == 1);
  CHECK(To8Bits(65535 - 129, 65535) == 254);
  CHECK(To8Bits(65535 - 128, 65535) == 255);
  CHECK(To8Bits(65535, 65535) == 255);
  CHECK(To8Bits(1, 1) == 255);
  CHECK(To8Bits(50, 100) == 128);
}

TEST_CASE("Opacity mixes with white and rounds", "[pixels]") {
  CHECK(OverWhite(0, 255, 255) == 0);
  CHECK(OverWhite(0, 0, 255) == 255);
  CHECK(OverWhite(0, 128, 255) == 127);
  CHECK(OverWhite(100, 1, 255) == 254);
  CHECK(OverWhite(65535, 65535, 65535) == 255);
  CHECK(OverWhite(65535, 1, 65535) == 255);
}

TEST_CASE("Each of the eight orientations shows the image the right way up", "[pixels]") {
  // Upright:  1 2 3    as a camera would store it for each orientation
  //           4 5 6
  struct Stored {
    int width;
    std::vector<uint8_t> pixels;
  };
  const std::array<Stored, 8> orientations = {{{3, {1, 2, 3, 4, 5, 6}},
                                               {3, {3, 2, 1, 6, 5, 4}},
                                               {3, {6, 5, 4, 3, 2, 1}},
                                               {3, {4, 5, 6, 1, 2, 3}},
                                               {2, {1, 4, 2, 5, 3, 6}},
                                               {2, {3, 6, 2, 5, 1, 4}},
                                               {2, {6, 3, 5, 2, 4, 1}},
                                               {2, {4, 1, 5, 2, 6, 3}}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const int channels : {1, 3}) {
      const Stored& stored = orientations[static_cast<size_t>(orientation - 1)];
      Image image{
          .width = stored.width, .height = 6 / stored.width, .channels = channels, .pixels = {}};
      std::vector<uint8_t> upright;
      for (const uint8_t pixel : stored.pixels) {
        for (int c = 0; c < channels; ++c)
          image.pixels.push_back(static_cast<uint8_t>(pixel * 10 + c));
      }
      for (uint8_t pixel = 1; pixel <= 6; ++pixel) {
        for (int c = 0; c < channels; ++c) upright.push_back(static_cast<uint8_t>(pixel * 10 + c));
      }
      const auto shown = Oriented(image, orientation);
      REQUIRE(shown.ok());
      INFO("orientation " << orientation << ", channels " << channels);
      CHECK(shown.value().width == 3);
      CHECK(shown.value().height == 2);
      CHECK(shown.value().channels == channels);
      CHECK(shown.value().pixels == upright);
    }
  }
}

TEST_CASE("Memory that cannot be had is refused, not fatal", "[pixels]") {
  CHECK(AllocateMemory(1) != nullptr);
  CHECK(OutOfMemory().error().code == ErrorCode::kOutOfMemory);
}

}  // namespace
}  // namespace insitu
