// The boundary that public/src/slide/codecs.ts calls, with the sanitizers.
#include "wasm/codecs_api.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include "shared/codecs/limits.h"
#include "shared/image.h"
#include "tests/encode_picture.h"
#include "tests/make_image.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

using Decoded = std::unique_ptr<insitu_raster, decltype(&insitu_raster_destroy)>;
using Strips = std::unique_ptr<insitu_strips, decltype(&insitu_strips_destroy)>;

Decoded Hold(insitu_raster* raster) { return {raster, &insitu_raster_destroy}; }

Decoded DecodeJpeg(const Bytes& bytes, int reduction = 1) {
  return Hold(
      insitu_decode_jpeg(bytes.data(), bytes.size(), nullptr, 0, INSITU_JPEG_AUTO, reduction));
}

int Number(const Decoded& raster, int key) {
  return static_cast<int>(insitu_raster_number(raster.get(), key));
}

// As numbers, whatever their type.
std::vector<uint16_t> SamplesOf(const Decoded& raster) {
  const auto count = static_cast<size_t>(Number(raster, INSITU_RASTER_WIDTH)) *
                     static_cast<size_t>(Number(raster, INSITU_RASTER_HEIGHT)) *
                     static_cast<size_t>(Number(raster, INSITU_RASTER_CHANNELS));
  const void* samples = insitu_raster_samples(raster.get());
  if (Number(raster, INSITU_RASTER_BITS) <= 8 && Number(raster, INSITU_RASTER_SIGNED) == 0) {
    const auto* bytes = static_cast<const uint8_t*>(samples);
    return {bytes, bytes + count};
  }
  const auto* words = static_cast<const uint16_t*>(samples);
  return {words, words + count};
}

std::string ErrorOf(const Decoded& raster) {
  if (raster != nullptr) return "decoded";
  return insitu_codecs_error_name();
}

// All rows, or the name of the error.
struct Picture {
  std::string error;
  Bytes rows;
};

Picture ReadStrips(int kind, const Bytes& file, int reduction, size_t step) {
  const Strips strips(insitu_strips_create(kind, reduction, static_cast<double>(file.size())),
                      &insitu_strips_destroy);
  Picture picture;
  for (size_t at = 0; insitu_strips_number(strips.get(), INSITU_STRIPS_FINISHED) == 0; at += step) {
    if (at < file.size()) {
      insitu_strips_push(strips.get(), &file[at], std::min(step, file.size() - at));
    } else {
      insitu_strips_end(strips.get());
    }
    int rows = 0;
    while ((rows = insitu_strips_advance(strips.get())) > 0) {
      const auto size =
          static_cast<size_t>(rows * insitu_strips_number(strips.get(), INSITU_STRIPS_WIDTH) *
                              insitu_strips_number(strips.get(), INSITU_STRIPS_CHANNELS));
      const uint8_t* data = insitu_strips_rows(strips.get());
      picture.rows.insert(picture.rows.end(), data, data + size);
    }
    if (rows < 0) {
      picture.error = insitu_codecs_error_name();
      return picture;
    }
  }
  return picture;
}

// A field of two bytes, which lies `offset` bytes after the first marker of that kind.
Bytes With16(Bytes file, uint8_t marker, size_t offset, uint16_t value) {
  const uint8_t start[] = {0xff, marker};
  const auto at = std::search(file.begin(), file.end(), std::begin(start), std::end(start));
  at[static_cast<ptrdiff_t>(offset)] = static_cast<uint8_t>(value >> 8);
  at[static_cast<ptrdiff_t>(offset) + 1] = static_cast<uint8_t>(value);
  return file;
}

}  // namespace

TEST_CASE("JPEG 2000 and JPEG-LS come exactly as they were encoded", "[codecs]") {
  for (const int channels : {1, 3}) {
    for (const int bits : {8, 12, 16}) {
      const KnownSamples known = SoftSamples(61, 47, channels, bits);
      for (const char* kind : {"jpeg2000", "jp2", "jpegls"}) {
        const Bytes file = EncodePicture(kind, known);
        const bool is_ls = std::string(kind) == "jpegls";
        const Decoded raster = Hold(is_ls ? insitu_decode_jpegls(file.data(), file.size())
                                          : insitu_decode_jpeg2000(file.data(), file.size(), 0));
        REQUIRE(raster != nullptr);
        CHECK(Number(raster, INSITU_RASTER_BITS) == bits);
        CHECK(SamplesOf(raster) == known.samples);
      }
    }
  }
}

TEST_CASE("A PNG by strips is what the engine makes of it, in whatever parts it comes",
          "[codecs]") {
  for (const int channels : {1, 2, 3, 4}) {
    for (const int depth : {1, 8, 16}) {
      if (depth == 1 && channels != 1) continue;
      for (const bool interlaced : {false, true}) {
        const Bytes file = EncodePng(NoiseRaster(37, 29, channels, depth),
                                     {.interlaced = interlaced, .filter = 5, .chunk_bytes = 100});
        const auto whole = DecodeImage(file);
        REQUIRE(whole.ok());
        for (const size_t step : {size_t{1}, size_t{100}, file.size()}) {
          const Picture picture = ReadStrips(INSITU_STRIPS_PNG, file, 1, step);
          CHECK(picture.error.empty());
          CHECK(picture.rows == whole.value().pixels);
        }
      }
    }
  }
}

TEST_CASE("A PNG's palette and transparency by strips are those of the engine", "[codecs]") {
  const Bytes palette = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  const Bytes coloured =
      EncodePng(NoiseRaster(9, 7, 1, 2), {.palette = palette, .transparency = {0, 51}});
  const Bytes keyed = EncodePng(NoiseRaster(9, 7, 1, 8), {.transparency = {0, 51}});
  const Bytes keyed_rgb = EncodePng(NoiseRaster(9, 7, 3, 8), {.transparency = {0, 1, 0, 2, 0, 3}});
  for (const Bytes& file : {coloured, keyed, keyed_rgb}) {
    const auto whole = DecodeImage(file);
    REQUIRE(whole.ok());
    CHECK(ReadStrips(INSITU_STRIPS_PNG, file, 1, 50).rows == whole.value().pixels);
  }
  const Bytes short_palette(palette.begin(), palette.begin() + 6);
  const Bytes outside = EncodePng(NoiseRaster(9, 7, 1, 8), {.palette = short_palette});
  CHECK(ReadStrips(INSITU_STRIPS_PNG, outside, 1, 50).error == "image_corrupt");
}

TEST_CASE("A JPEG by strips is what it is decoded at once", "[codecs]") {
  for (const bool progressive : {false, true}) {
    for (const int chroma_step : {1, 2}) {
      const Bytes file = EncodeJpeg(
          SmoothImage(75, 53, 3),
          {.progressive = progressive, .chroma_step = chroma_step, .restart_interval = 2});
      for (const int reduction : {1, 2, 4, 8}) {
        const Decoded whole = DecodeJpeg(file, reduction);
        REQUIRE(whole != nullptr);
        const std::vector<uint16_t> samples = SamplesOf(whole);
        const Picture picture = ReadStrips(INSITU_STRIPS_JPEG, file, reduction, 10);
        CHECK(std::equal(picture.rows.begin(), picture.rows.end(), samples.begin(), samples.end()));
      }
    }
  }
}

TEST_CASE("Every beginning of a picture is refused and none is read past its end", "[codecs]") {
  const Image image = SmoothImage(19, 17, 3);
  const KnownSamples known = SoftSamples(19, 17, 3, 8);
  for (const bool progressive : {false, true}) {
    const Bytes file = EncodeJpeg(image, {.progressive = progressive, .quantiser = 8});
    for (size_t size = 0; size + 20 < file.size(); ++size) {
      const Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
      CHECK(ErrorOf(DecodeJpeg(cut)).substr(0, 6) == "image_");
      CHECK(ReadStrips(INSITU_STRIPS_JPEG, cut, 1, 64).error == "image_truncated");
    }
  }
  const Bytes png = EncodePng(NoiseRaster(19, 17, 3, 8));
  for (size_t size = 0; size < png.size(); ++size) {
    const Bytes cut(png.begin(), png.begin() + static_cast<ptrdiff_t>(size));
    CHECK(ReadStrips(INSITU_STRIPS_PNG, cut, 1, 64).error == "image_truncated");
  }
  for (const char* kind : {"jpeg2000", "jp2", "jpegls"}) {
    const Bytes file = EncodePicture(kind, known);
    for (size_t size = 0; size + 4 < file.size(); ++size) {
      const Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
      const Decoded raster =
          Hold(std::string(kind) == "jpegls" ? insitu_decode_jpegls(cut.data(), cut.size())
                                             : insitu_decode_jpeg2000(cut.data(), cut.size(), 0));
      CHECK(ErrorOf(raster).substr(0, 6) == "image_");
    }
  }
}

// Found by fuzzing: CharLS reads and writes past its buffers.
TEST_CASE("JPEG-LS whose scans CharLS cannot hold is refused", "[codecs]") {
  const auto insert = [](Bytes file, const Bytes& segment) {
    const uint8_t sos[] = {0xff, 0xda};
    const auto at = std::search(file.begin(), file.end(), std::begin(sos), std::end(sos));
    file.insert(at, segment.begin(), segment.end());
    const Decoded raster = Hold(insitu_decode_jpegls(file.data(), file.size()));
    return ErrorOf(raster);
  };
  // LSE, 13 bytes, 1: presets: maximum 4095, thresholds by default, statistics halved at RESET
  const auto preset = [](uint8_t reset) {
    return Bytes{0xff, 0xf8, 0, 13, 1, 0x0f, 0xff, 0, 18, 0, 67, 0, 276 - 256, 0, reset};
  };
  const Bytes samples = EncodePicture("jpegls", SoftSamples(17, 21, 3, 12), {{"interleave", 2}});
  CHECK(insert(samples, preset(20)) == "image_unknown");
  CHECK(insert(samples, preset(64)) != "image_unknown");
  Bytes planes = EncodePicture("jpegls", SoftSamples(17, 21, 3, 12), {{"interleave", 0}});
  CHECK(insert(planes, {}) == "decoded");
  const uint8_t sos[] = {0xff, 0xda};
  const auto last = std::find_end(planes.begin(), planes.end(), std::begin(sos), std::end(sos));
  last[8] = 2;
  CHECK(insert(planes, {}) == "image_unknown");
}

TEST_CASE("A picture is decoded at once up to the limit of its bytes", "[codecs]") {
  Bytes file = EncodeJpeg(SmoothImage(16, 16, 1));
  file.resize(kMaxEncodedBytes);  // what follows the image is not looked at
  CHECK(ErrorOf(DecodeJpeg(file)) == "decoded");
  file.push_back(0);
  CHECK(ErrorOf(DecodeJpeg(file)) == "image_too_large");
}

TEST_CASE("A picture is decoded at once up to the limit of its samples", "[codecs]") {
  // 8192 x 8192 x 3 bytes are 192 MiB: what is there is far too little for that, which is told
  // before the memory is taken.
  const Bytes file = EncodeJpeg(SmoothImage(16, 16, 3));
  const Bytes wide = With16(file, 0xc0, 7, 8192);
  CHECK(ErrorOf(DecodeJpeg(With16(wide, 0xc0, 5, 8192))) == "image_corrupt");
  CHECK(ErrorOf(DecodeJpeg(With16(wide, 0xc0, 5, 8193))) == "image_too_large");
}

TEST_CASE("A JPEG stands for up to 1024 pixels a byte", "[codecs]") {
  const Bytes file = EncodeJpeg(SmoothImage(16, 16, 1));
  const auto most = static_cast<uint16_t>(file.size() * kMaxJpegPixelsPerByte / 1024);
  const Bytes wide = With16(file, 0xc0, 7, 1024);
  CHECK(ErrorOf(DecodeJpeg(With16(wide, 0xc0, 5, most))) == "image_truncated");
  CHECK(ErrorOf(DecodeJpeg(With16(wide, 0xc0, 5, static_cast<uint16_t>(most + 1)))) ==
        "image_corrupt");
}

TEST_CASE("JPEG-LS stands for up to 100000 pixels a byte", "[codecs]") {
  const Bytes file = EncodePicture("jpegls", SoftSamples(16, 16, 1, 8));
  const auto most =
      static_cast<uint16_t>(static_cast<int64_t>(file.size()) * kMaxPixelsPerByte / 10'000);
  const Bytes wide = With16(file, 0xf7, 7, 10'000);
  const auto decode = [&](int height) {
    const Bytes changed = With16(wide, 0xf7, 5, static_cast<uint16_t>(height));
    const Decoded raster = Hold(insitu_decode_jpegls(changed.data(), changed.size()));
    return std::string(raster == nullptr ? insitu_codecs_error_message() : "decoded");
  };
  CHECK(decode(most).find("less than its size") == std::string::npos);
  CHECK(decode(most + 1).find("less than its size") != std::string::npos);
}

TEST_CASE("A progressive JPEG has up to a hundred scans", "[codecs]") {
  const auto with = [](int scans) {
    return ErrorOf(
        DecodeJpeg(EncodePicture("jpeg", SoftSamples(16, 16, 3, 8), {{"scans", scans}})));
  };
  CHECK(with(kMaxCodecJpegScans) == "decoded");
  CHECK(with(kMaxCodecJpegScans + 1) == "image_too_large");
}

TEST_CASE("A JPEG 2000 picture has up to 4096 tiles", "[codecs]") {
  const Bytes most =
      EncodePicture("jpeg2000", SoftSamples(64, 64, 1, 8), {{"tile", 1}, {"resolutions", 1}});
  REQUIRE(!most.empty());
  CHECK(ErrorOf(Hold(insitu_decode_jpeg2000(most.data(), most.size(), 0))) == "decoded");
  const Bytes more =
      EncodePicture("jpeg2000", SoftSamples(64, 65, 1, 8), {{"tile", 1}, {"resolutions", 1}});
  CHECK(ErrorOf(Hold(insitu_decode_jpeg2000(more.data(), more.size(), 0))) == "image_too_large");
}

TEST_CASE("A chunk of a PNG beside its pixels is taken up to its limit", "[codecs]") {
  const Bytes plain = EncodePng(NoiseRaster(5, 4, 1, 8));
  const auto with = [&](const char* type, size_t size) {
    const Bytes parts[] = {{plain.begin(), plain.begin() + 33},
                           PngChunk(type, Bytes(size, 'M')),
                           {plain.begin() + 33, plain.end()}};
    return ReadStrips(INSITU_STRIPS_PNG, Join(parts), 1, kMaxPushBytes).error;
  };
  CHECK(with("eXIf", kMaxPngChunkBytes).empty());
  CHECK(with("eXIf", kMaxPngChunkBytes + 1) == "image_too_large");
  CHECK(with("iTXt", kMaxPngChunkBytes * 20).empty());  // passed over
  CHECK(with("ABCD", 10) == "image_unknown");
}

TEST_CASE("A strip decoder takes bytes up to its limit at once", "[codecs]") {
  const Strips strips(insitu_strips_create(INSITU_STRIPS_JPEG, 1, 1e9), &insitu_strips_destroy);
  Bytes bytes(kMaxPushBytes + 1);
  bytes[0] = 0xff;
  bytes[1] = 0xd8;
  CHECK(insitu_strips_push(strips.get(), bytes.data(), kMaxPushBytes) == 0);
  CHECK(insitu_strips_push(strips.get(), bytes.data(), kMaxPushBytes + 1) != 0);
  CHECK(insitu_codecs_error_name() == std::string("invalid_argument"));
}

TEST_CASE("Keys, kinds and colours out of range are answered, not followed", "[codecs]") {
  const Bytes file = EncodeJpeg(SmoothImage(16, 16, 1));
  CHECK(std::isnan(insitu_raster_number(DecodeJpeg(file).get(), 99)));
  CHECK(insitu_decode_jpeg(file.data(), file.size(), nullptr, 0, 9, 1) == nullptr);
  CHECK(insitu_decode_jpeg(file.data(), file.size(), nullptr, 0, 0, 16) == nullptr);
  CHECK(insitu_decode_jpeg2000(file.data(), file.size(), kMaxJpeg2000Reduction + 1) == nullptr);
  CHECK(insitu_codecs_error_name() == std::string("invalid_argument"));
  CHECK(insitu_strips_create(7, 1, 10) == nullptr);
  CHECK(insitu_strips_create(0, 1, -1) == nullptr);
  CHECK(insitu_strips_create(0, kMaxReduction * 2, 10) == nullptr);
  const Strips strips(insitu_strips_create(0, kMaxReduction, 10), &insitu_strips_destroy);
  REQUIRE(strips != nullptr);
  CHECK(std::isnan(insitu_strips_number(strips.get(), INSITU_STRIPS_WIDTH)));
  insitu_raster_destroy(nullptr);
  insitu_strips_destroy(nullptr);
}

}  // namespace insitu
