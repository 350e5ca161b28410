#include "wasm/codecs_api.h"

#include <cmath>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "shared/codecs/jpeg.h"
#include "shared/codecs/jpeg2000.h"
#include "shared/codecs/jpegls.h"

struct insitu_raster {
  insitu::DecodedRaster decoded;
};

namespace {

insitu::Error last_error;

insitu_raster* Handed(insitu::Result<insitu::DecodedRaster> result) {
  if (!result.ok()) {
    last_error = result.error();
    return nullptr;
  }
  return new insitu_raster{insitu::TakeValue(&result)};
}

}  // namespace

void* insitu_alloc(size_t size) { return std::malloc(size); }

void insitu_free(void* memory) { std::free(memory); }

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

const char* insitu_error_name() { return insitu::ErrorName(last_error.code); }

const char* insitu_error_message() { return last_error.message.c_str(); }
