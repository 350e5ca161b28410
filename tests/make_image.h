// Image files made by code, for tests: so that none has to be fetched or kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/image.h"

namespace insitu {

using Bytes = std::vector<uint8_t>;

// Samples as a file may hold them: (height, width, channels), each of `depth` bits.
struct Raster {
  int width = 0;
  int height = 0;
  int channels = 1;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
  int depth = 8;
  std::vector<uint16_t> samples;
};

// Reproducible noise.
Raster NoiseRaster(int width, int height, int channels, int depth, uint32_t seed = 1);
Image NoiseImage(int width, int height, int channels, uint32_t seed = 1);

// Soft colours, as photographs have them; JPEG keeps them well.
Image SmoothImage(int width, int height, int channels);

// --- PNG ---

struct PngOptions {
  bool interlaced = false;
  int filter = 0;               // 0..4 for every row, or 5: each row the next one
  size_t chunk_bytes = 65'000;  // of one IDAT
  Bytes palette = {};           // PLTE; the raster's one channel is then indices
  Bytes transparency = {};      // tRNS
  Bytes exif = {};              // eXIf
};
Bytes EncodePng(const Raster& raster, const PngOptions& options = {});
Bytes EncodePng(const Image& image);

Bytes PngSignature();
// Length, type, data, CRC.
Bytes PngChunk(std::string_view type, const Bytes& data);
Bytes PngHeader(uint32_t width, uint32_t height, uint8_t depth, uint8_t colour,
                uint8_t interlace = 0);
// zlib data: as it is, in stored blocks; and `count` zeros in about count / 160 bytes.
Bytes ZlibStored(const Bytes& data);
Bytes ZlibZeros(size_t count);

// --- BMP ---

struct BmpOptions {
  int depth = 24;  // 1, 4, 8 (grey palette), 16 (5-5-5), 24 or 32
  bool top_down = false;
  bool with_alpha = false;  // 32 bits: a 108-byte header with masks; alpha as below
  uint8_t alpha = 255;
  bool old_header = false;     // of 12 bytes
  size_t palette_entries = 0;  // 0: all
};
Bytes EncodeBmp(const Image& image, const BmpOptions& options = {});

// --- PNM ---

// kind: '2', '3', '5' or '6'; the samples are written as they are, in 2 bytes above 255.
Bytes EncodePnm(const Raster& raster, char kind, int maximum);

// --- EXIF ---

// A TIFF block whose only directory holds an orientation, in either byte order.
Bytes ExifBlock(int orientation, bool little_endian);

// --- Whatever the format ---

Bytes Join(std::span<const Bytes> parts);
Bytes FromText(std::string_view text);

}  // namespace insitu
