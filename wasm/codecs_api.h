// The C ABI of the codecs: libjpeg-turbo, OpenJPEG, CharLS and libpng behind the limits of
// shared/codecs/limits.h, in a WebAssembly file of its own. One file of the page calls it:
// public/src/slide/codecs.ts.
//
// Conventions are those of wasm/engine_api.h: handles are opaque; bytes passed in are the caller's;
// what is passed out belongs to its handle; any call may grow the memory; after a trap the instance
// is discarded; insitu_codecs_error_name and insitu_codecs_error_message tell of the last failure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void* insitu_codecs_alloc(size_t size);
void insitu_codecs_free(void* memory);

// --- Tiles, frames and pictures whose bytes are all there --------------------------------------

// Deflate in zlib's frame: fills out_size bytes at out, which is what they unpack to. 0, or the
// error's code: image_too_large where they unpack to more, image_truncated where to less.
int insitu_inflate(const uint8_t* bytes, size_t size, uint8_t* out, size_t out_size);

typedef struct insitu_raster insitu_raster;

enum insitu_jpeg_colour {
  INSITU_JPEG_AUTO = 0,   // as the JPEG says itself
  INSITU_JPEG_RGB = 1,    // its components are red, green and blue
  INSITU_JPEG_YCBCR = 2,  // they are transformed to that
  INSITU_JPEG_GREY = 3,   // only the brightness is wanted
};

// NULL on failure. tables: TIFF's JPEGTables; NULL and 0 where there are none. reduction: 1, 2,
// 4, 8.
insitu_raster* insitu_decode_jpeg(const uint8_t* bytes, size_t size, const uint8_t* tables,
                                  size_t tables_size, int colour, int reduction);
// reduction: resolutions left out, 0 none.
insitu_raster* insitu_decode_jpeg2000(const uint8_t* bytes, size_t size, int reduction);
insitu_raster* insitu_decode_jpegls(const uint8_t* bytes, size_t size);
void insitu_raster_destroy(insitu_raster* raster);

enum insitu_raster_key {
  INSITU_RASTER_WIDTH = 0,
  INSITU_RASTER_HEIGHT = 1,
  INSITU_RASTER_CHANNELS = 2,
  INSITU_RASTER_BITS = 3,
  INSITU_RASTER_SIGNED = 4,  // 0 or 1
  INSITU_RASTER_COLOUR = 5,  // RasterColour of shared/codecs/raster.h
};
double insitu_raster_number(const insitu_raster* raster, int key);
// (height, width, channels), u8 where bits <= 8 and not signed, else u16 or i16.
const void* insitu_raster_samples(const insitu_raster* raster);

// --- Pictures of any size, by strips -----------------------------------------------------------

typedef struct insitu_strips insitu_strips;

enum insitu_strips_kind { INSITU_STRIPS_PNG = 0, INSITU_STRIPS_JPEG = 1 };

// reduction: a power of two. file_bytes: of the whole file. NULL on failure.
insitu_strips* insitu_strips_create(int kind, int reduction, double file_bytes);
void insitu_strips_destroy(insitu_strips* strips);
// At most kMaxPushBytes (shared/codecs/limits.h). 0, or the error's code.
int insitu_strips_push(insitu_strips* strips, const uint8_t* bytes, size_t size);
// No more bytes come: a picture that is not complete is then an error of insitu_strips_advance.
void insitu_strips_end(insitu_strips* strips);
// Decodes the next band: its number of rows, 0 where more bytes are needed or the picture is
// complete, below 0 on failure (after which the handle is only destroyed).
int insitu_strips_advance(insitu_strips* strips);

enum insitu_strips_key {
  // NaN until enough bytes were there
  INSITU_STRIPS_WIDTH = 0,  // of the reduced picture
  INSITU_STRIPS_HEIGHT = 1,
  INSITU_STRIPS_CHANNELS = 2,  // 1 or 3
  INSITU_STRIPS_FULL_WIDTH = 3,
  INSITU_STRIPS_FULL_HEIGHT = 4,
  INSITU_STRIPS_ORIENTATION = 5,  // EXIF, 1..8
  INSITU_STRIPS_FIRST_ROW = 6,    // of the band
  INSITU_STRIPS_FINISHED = 7,     // 0 or 1
};
double insitu_strips_number(const insitu_strips* strips, int key);
// The last band, (rows, width, channels) u8.
const uint8_t* insitu_strips_rows(const insitu_strips* strips);

const char* insitu_codecs_error_name(void);
const char* insitu_codecs_error_message(void);

#ifdef __cplusplus
}  // extern "C"
#endif
