#include "shared/formats/png.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "shared/formats/exif.h"
#include "shared/formats/pixels.h"
#include "shared/formats/png_chunks.h"
#include "shared/formats/png_samples.h"
#include "shared/formats/stb.h"

namespace insitu {
namespace {

// Deflate cannot shrink data further than this.
constexpr size_t kMaxDeflateRatio = 1032;

Failed Bad(std::string_view reason) { return Corrupt("PNG", reason); }

// The pixels (left + i * step_x, top + j * step_y) of the image, stored as one small image.
struct Pass {
  uint32_t left;
  uint32_t top;
  uint32_t step_x;
  uint32_t step_y;

  uint32_t Width(const PngFile& png) const { return (png.width + step_x - 1 - left) / step_x; }
  uint32_t Height(const PngFile& png) const { return (png.height + step_y - 1 - top) / step_y; }
  // Bytes with the rows' filter bytes; a pass without pixels has none.
  size_t Bytes(const PngFile& png) const {
    if (Width(png) == 0) return 0;
    return (1 + PngRowBytes(png, Width(png))) * Height(png);
  }
};

constexpr std::array<Pass, 1> kWhole = {{{0, 0, 1, 1}}};
constexpr std::array<Pass, 7> kAdam7 = {{{0, 0, 8, 8},
                                         {4, 0, 8, 8},
                                         {0, 4, 4, 8},
                                         {2, 0, 4, 4},
                                         {0, 2, 2, 4},
                                         {1, 0, 2, 2},
                                         {0, 1, 1, 2}}};

std::span<const Pass> Passes(const PngFile& png) {
  if (png.interlaced) return kAdam7;
  return kWhole;
}

uint8_t Paeth(int left, int above, int above_left) {
  const int estimate = left + above - above_left;
  const int to_left = std::abs(estimate - left);
  const int to_above = std::abs(estimate - above);
  const int to_above_left = std::abs(estimate - above_left);
  if (to_left <= to_above && to_left <= to_above_left) return static_cast<uint8_t>(left);
  return static_cast<uint8_t>(to_above <= to_above_left ? above : above_left);
}

// Undoes a row's filter in place. above: the row before, or zeros. step: bytes of a pixel.
bool Unfilter(uint8_t filter, std::span<uint8_t> row, const uint8_t* above, size_t step) {
  const auto add = [](uint8_t a, int b) { return static_cast<uint8_t>(a + b); };
  const size_t first = std::min(step, row.size());
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (size_t i = first; i < row.size(); ++i) row[i] = add(row[i], row[i - step]);
      return true;
    case 2:
      for (size_t i = 0; i < row.size(); ++i) row[i] = add(row[i], above[i]);
      return true;
    case 3:
      for (size_t i = 0; i < first; ++i) row[i] = add(row[i], above[i] / 2);
      for (size_t i = first; i < row.size(); ++i) {
        row[i] = add(row[i], (row[i - step] + above[i]) / 2);
      }
      return true;
    case 4:
      for (size_t i = 0; i < first; ++i) row[i] = add(row[i], above[i]);
      for (size_t i = first; i < row.size(); ++i) {
        row[i] = add(row[i], Paeth(row[i - step], above[i], above[i - step]));
      }
      return true;
    default:
      return false;
  }
}

// All rows of all passes, with their filter bytes.
Result<Memory> InflateRows(const PngFile& png, size_t size) {
  size_t compressed = 0;
  for (const std::span<const uint8_t> part : png.image) compressed += part.size();
  if (size / kMaxDeflateRatio > compressed) return Bad("it holds less than its size promises");
  Memory joined;
  std::span<const uint8_t> zlib = png.image[0];
  if (png.image.size() > 1) {
    joined = AllocateMemory(compressed);
    if (joined == nullptr) return OutOfMemory();
    size_t at = 0;
    for (const std::span<const uint8_t> part : png.image) {
      if (!part.empty()) std::memcpy(&joined[at], part.data(), part.size());
      at += part.size();
    }
    zlib = {joined.get(), compressed};
  }
  Memory rows = AllocateMemory(size + kMaxPngSurplus);
  if (rows == nullptr) return OutOfMemory();
  const std::optional<size_t> inflated = Inflate(zlib, {rows.get(), size + kMaxPngSurplus});
  if (!inflated) return Bad("its compressed data cannot be read");
  if (*inflated < size) return Bad("it holds less than its size promises");
  return rows;
}

// Unfilters the rows of a pass and puts their pixels where they belong.
Status ReadPass(const PngFile& png, const PngSamples& samples, const Pass& pass, uint8_t* rows,
                Image* image) {
  const size_t row_bytes = PngRowBytes(png, pass.Width(png));
  const size_t step = std::max<size_t>(1, PngRowBytes(png, 1));
  const auto channels = static_cast<size_t>(image->channels);
  const size_t stride = png.width * channels;
  const std::vector<uint8_t> zeros(row_bytes);
  std::vector<uint8_t> apart(pass.step_x > 1 ? pass.Width(png) * channels : 0);
  const uint8_t* above = zeros.data();
  for (uint32_t j = 0; j < pass.Height(png); ++j) {
    const std::span<uint8_t> row(rows + 1, row_bytes);
    if (!Unfilter(rows[0], row, above, step))
      return Bad("a row has a filter that PNG does not have");
    uint8_t* out = &image->pixels[(pass.top + j * pass.step_y) * stride];
    const bool inside =
        samples.Expand(row.data(), pass.Width(png), apart.empty() ? out : apart.data());
    if (!inside) return Bad("a pixel points outside the palette");
    for (size_t i = 0; i < apart.size(); ++i) {
      out[(pass.left + i / channels * pass.step_x) * channels + i % channels] = apart[i];
    }
    above = row.data();
    rows += 1 + row_bytes;
  }
  return {};
}

}  // namespace

Result<Image> DecodePng(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const PngFile png, ReadPngChunks(bytes));
  size_t size = 0;
  for (const Pass& pass : Passes(png)) size += pass.Bytes(png);
  ASSIGN_OR_RETURN(const Memory rows, InflateRows(png, size));

  const PngSamples samples(png);
  ASSIGN_OR_RETURN(Image image, NewImage(png.width, png.height, samples.channels()));
  uint8_t* at = rows.get();
  for (const Pass& pass : Passes(png)) {
    if (pass.Bytes(png) == 0) continue;
    RETURN_IF_ERROR(ReadPass(png, samples, pass, at, &image));
    at += pass.Bytes(png);
  }
  return Oriented(std::move(image), ReadExifOrientation(png.exif));
}

}  // namespace insitu
