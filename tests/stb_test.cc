#include "shared/formats/stb.h"

#include <algorithm>
#include <catch_amalgamated.hpp>

#include "tests/make_image.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

TEST_CASE("zlib data that fit are inflated, and how many bytes they came to is said", "[stb]") {
  const Bytes data = FromText("to be stored as it is");
  Bytes out(data.size() + 3);
  CHECK(Inflate(ZlibStored(data), out) == data.size());
  out.resize(data.size());
  CHECK(out == data);
  CHECK(Inflate(ZlibStored(data), out) == data.size());  // exactly
  Bytes zeros(1000, 1);
  CHECK(Inflate(ZlibZeros(1000), zeros) == 1000);
  CHECK(zeros == Bytes(1000, 0));
}

TEST_CASE("zlib data that do not fit are refused, and nothing is written beyond", "[stb]") {
  Bytes out(1000, 1);
  CHECK_FALSE(Inflate(ZlibZeros(1000), std::span(out).first(999)).has_value());
  CHECK(out.back() == 1);
  CHECK_FALSE(Inflate(ZlibZeros(1), {}).has_value());
}

TEST_CASE("Bytes that are no zlib data are refused", "[stb]") {
  Bytes out(100);
  CHECK_FALSE(Inflate({}, out).has_value());
  CHECK_FALSE(Inflate(Bytes{0x78}, out).has_value());
  CHECK_FALSE(Inflate(Bytes{0x78, 0x02, 0x01}, out).has_value());        // a wrong checksum
  CHECK_FALSE(Inflate(Bytes{0x78, 0x01, 0x07, 0x00}, out).has_value());  // a block of kind 3
  CHECK_FALSE(Inflate(Bytes{0x78, 0x01, 0x01, 5, 0, 5, 0, 1}, out).has_value());
}

TEST_CASE("A JPEG's pixels come in the channels that are asked for", "[stb]") {
  const Bytes jpeg = EncodeJpeg(SmoothImage(9, 5, 3));
  for (const int channels : {1, 3}) {
    const auto image = DecodeJpegPixels(jpeg, channels);
    REQUIRE(image.ok());
    CHECK(image.value().width == 9);
    CHECK(image.value().height == 5);
    CHECK(image.value().channels == channels);
    CHECK(image.value().pixels.size() == static_cast<size_t>(9 * 5 * channels));
  }
}

TEST_CASE("A JPEG whose coefficients are too large to be right is decoded all the same", "[stb]") {
  // Each quantiser but the first is 255 times what it was: the inverse transform's sums leave the
  // range of int.
  Bytes jpeg = EncodeJpeg(NoiseImage(64, 64, 1));
  const Bytes quantisers = {0xff, 0xdb, 0, 67, 0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), quantisers.begin(), quantisers.end());
  REQUIRE(at != jpeg.end());
  std::fill_n(at + std::ssize(quantisers) + 1, 63, uint8_t{255});
  const auto image = DecodeJpegPixels(jpeg, 1);
  REQUIRE(image.ok());
  CHECK(image.value().pixels.size() == size_t{64} * 64);
}

TEST_CASE("Bytes that are no JPEG are refused as corrupt", "[stb]") {
  CHECK(DecodeJpegPixels({}, 3).error().code == ErrorCode::kImageCorrupt);
  CHECK(DecodeJpegPixels(FromText("not a JPEG"), 3).error().code == ErrorCode::kImageCorrupt);
}

}  // namespace
}  // namespace insitu
