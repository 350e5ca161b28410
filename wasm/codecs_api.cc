#include "wasm/codecs_api.h"

#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "shared/codecs/deflate.h"
#include "shared/codecs/jpeg.h"
#include "shared/codecs/jpeg2000.h"
#include "shared/codecs/jpegls.h"
#include "shared/codecs/strips.h"

struct insitu_raster {
  insitu::DecodedRaster decoded;
};

struct insitu_strips {
  std::unique_ptr<insitu::StripDecoder> decoder;
};

namespace {

constexpr double kMostFileBytes = 9e15;  // whole numbers up to there

insitu::Error last_error;

insitu_raster* Handed(insitu::Result<insitu::DecodedRaster> result) {
  if (!result.ok()) {
    last_error = result.error();
    return nullptr;
  }
  return new insitu_raster{insitu::TakeValue(&result)};
}

}  // namespace

void* insitu_codecs_alloc(size_t size) { return std::malloc(size); }

void insitu_codecs_free(void* memory) { std::free(memory); }

int insitu_inflate(const uint8_t* bytes, size_t size, uint8_t* out, size_t out_size) {
  const insitu::Status unpacked = insitu::UnpackDeflate({bytes, size}, {out, out_size});
  if (unpacked.ok()) return 0;
  last_error = unpacked.error();
  return static_cast<int>(last_error.code);
}

insitu_raster* insitu_decode_jpeg(const uint8_t* bytes, size_t size, const uint8_t* tables,
                                  size_t tables_size, int colour, int reduction) {
  if (colour < INSITU_JPEG_AUTO || colour > INSITU_JPEG_GREY) {
    last_error =
        insitu::Fail(insitu::ErrorCode::kInvalidArgument, "There is no such colour.").error();
    return nullptr;
  }
  return Handed(insitu::DecodeJpegRaster({bytes, size}, {tables, tables_size},
                                         static_cast<insitu::JpegColour>(colour), reduction));
}

insitu_raster* insitu_decode_jpeg2000(const uint8_t* bytes, size_t size, int reduction) {
  return Handed(insitu::DecodeJpeg2000({bytes, size}, reduction));
}

insitu_raster* insitu_decode_jpegls(const uint8_t* bytes, size_t size) {
  return Handed(insitu::DecodeJpegLs({bytes, size}));
}

void insitu_raster_destroy(insitu_raster* raster) { delete raster; }

double insitu_raster_number(const insitu_raster* raster, int key) {
  switch (key) {
    case INSITU_RASTER_WIDTH:
      return raster->decoded.width;
    case INSITU_RASTER_HEIGHT:
      return raster->decoded.height;
    case INSITU_RASTER_CHANNELS:
      return raster->decoded.channels;
    case INSITU_RASTER_BITS:
      return raster->decoded.bits;
    case INSITU_RASTER_SIGNED:
      return raster->decoded.is_signed ? 1 : 0;
    case INSITU_RASTER_COLOUR:
      return static_cast<int>(raster->decoded.colour);
    default:
      return std::nan("");
  }
}

const void* insitu_raster_samples(const insitu_raster* raster) {
  return raster->decoded.samples.get();
}

insitu_strips* insitu_strips_create(int kind, int reduction, double file_bytes) {
  const bool is_known = kind == INSITU_STRIPS_PNG || kind == INSITU_STRIPS_JPEG;
  if (!is_known || !(file_bytes >= 0 && file_bytes <= kMostFileBytes)) {
    last_error = insitu::Fail(insitu::ErrorCode::kInvalidArgument,
                              "There is no such kind of picture, or no such size.")
                     .error();
    return nullptr;
  }
  auto decoder = insitu::StripDecoder::Create(static_cast<insitu::StripKind>(kind), reduction,
                                              static_cast<int64_t>(file_bytes));
  if (!decoder.ok()) {
    last_error = decoder.error();
    return nullptr;
  }
  return new insitu_strips{insitu::TakeValue(&decoder)};
}

void insitu_strips_destroy(insitu_strips* strips) { delete strips; }

int insitu_strips_push(insitu_strips* strips, const uint8_t* bytes, size_t size) {
  const insitu::Status pushed = strips->decoder->Push({bytes, size});
  if (pushed.ok()) return 0;
  last_error = pushed.error();
  return static_cast<int>(last_error.code);
}

void insitu_strips_end(insitu_strips* strips) { strips->decoder->End(); }

int insitu_strips_advance(insitu_strips* strips) {
  const insitu::Result<int> rows = strips->decoder->Advance();
  if (rows.ok()) return rows.value();
  last_error = rows.error();
  return -static_cast<int>(last_error.code);
}

double insitu_strips_number(const insitu_strips* strips, int key) {
  const insitu::StripDecoder& decoder = *strips->decoder;
  const insitu::StripHeader& header = decoder.header();
  if (key == INSITU_STRIPS_FINISHED) return decoder.is_finished() ? 1 : 0;
  if (!decoder.has_header()) return std::nan("");
  switch (key) {
    case INSITU_STRIPS_WIDTH:
      return header.width;
    case INSITU_STRIPS_HEIGHT:
      return header.height;
    case INSITU_STRIPS_CHANNELS:
      return header.channels;
    case INSITU_STRIPS_FULL_WIDTH:
      return header.full_width;
    case INSITU_STRIPS_FULL_HEIGHT:
      return header.full_height;
    case INSITU_STRIPS_ORIENTATION:
      return decoder.orientation();
    case INSITU_STRIPS_FIRST_ROW:
      return decoder.first_row();
    default:
      return std::nan("");
  }
}

const uint8_t* insitu_strips_rows(const insitu_strips* strips) { return strips->decoder->rows(); }

const char* insitu_codecs_error_name() { return insitu::ErrorName(last_error.code); }

const char* insitu_codecs_error_message() { return last_error.message.c_str(); }
