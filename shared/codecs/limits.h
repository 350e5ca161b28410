// Every limit of the codecs by name. Each has a test on both sides of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace insitu {

// A tile, frame or picture that is decoded at once: bytes of it encoded.
inline constexpr size_t kMaxEncodedBytes = size_t{64} << 20;

// Its decoded samples as they are handed over: 64 million pixels of RGB.
inline constexpr int64_t kMaxRasterBytes = int64_t{192} << 20;

// What decoding it may take, encoded bytes and result included. The WebAssembly file may use
// 512 MiB, and the page 600 MB in all.
inline constexpr int64_t kMaxCodecMemory = int64_t{400} << 20;

inline constexpr int kMaxRasterChannels = 4;
inline constexpr int kMaxRasterBits = 16;

// Tiles inside one JPEG 2000 picture: OpenJPEG keeps some 10 KB for each.
inline constexpr int64_t kMaxJpeg2000Tiles = 4'096;

// Decoded pixels that a byte can stand for. A white JPEG has 228 (a MCU of 16 x 16 pixels is at
// least six blocks of two bits, each one fewer where it is progressive); JPEG 2000 and JPEG-LS say
// "all white" in almost nothing, which real tiles of glass do.
inline constexpr int64_t kMaxJpegPixelsPerByte = 1'024;
inline constexpr int64_t kMaxPixelsPerByte = 100'000;

// A tile that is packed by Deflate, unpacked and packed: what does not grow smaller grows a little.
inline constexpr size_t kMaxInflatedBytes = size_t{64} << 20;
inline constexpr size_t kMaxDeflatedBytes = 2 * kMaxInflatedBytes + (size_t{64} << 10);

// Scans of one JPEG; progressive ones have about ten. Each is a pass over all coefficients.
inline constexpr int kMaxCodecJpegScans = 100;

// A picture read by strips: its pixels, and either side.
inline constexpr int64_t kMaxStripPixels = 400'000'000;
inline constexpr int kMaxStripSide = 131'072;

// What cannot be read by strips has to be held whole: the coefficients of a progressive JPEG, and
// the rows of an interlaced PNG.
inline constexpr int64_t kMaxProgressiveBytes = int64_t{256} << 20;
inline constexpr int64_t kMaxInterlacedBytes = int64_t{192} << 20;

// One chunk of a PNG that is read beside its pixels; it is buffered until it is all there. Others
// are passed over whatever their size.
inline constexpr size_t kMaxPngChunkBytes = size_t{1} << 20;

// Resolutions of JPEG 2000 that may be left out; the standard has up to 32.
inline constexpr int kMaxJpeg2000Reduction = 32;

// By how much a picture may be reduced while it is read by strips; a power of two.
inline constexpr int kMaxReduction = 256;

// Bytes that may be given to a strip decoder at once.
inline constexpr size_t kMaxPushBytes = size_t{4} << 20;

}  // namespace insitu
