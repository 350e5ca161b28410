#include "tests/make_image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

namespace insitu {
namespace {

void Append(Bytes* to, const Bytes& from) { to->insert(to->end(), from.begin(), from.end()); }

void AppendBigEndian(Bytes* to, uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    to->push_back(static_cast<uint8_t>(number >> shift));
  }
}

void AppendLittleEndian(Bytes* to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to->push_back(static_cast<uint8_t>(number >> (8 * i)));
}

class Noise {
 public:
  explicit Noise(uint32_t seed) : state_(seed) {}
  uint32_t Next() {
    state_ = state_ * 1103515245U + 12345U;
    return state_ >> 15;
  }

 private:
  uint32_t state_;
};

uint32_t Crc32(const Bytes& bytes) {
  uint32_t crc = 0xffffffffU;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
  }
  return ~crc;
}

class Adler32 {
 public:
  void Add(uint8_t byte) {
    a_ = (a_ + byte) % 65521;
    b_ = (b_ + a_) % 65521;
  }
  uint32_t Sum() const { return b_ << 16 | a_; }

 private:
  uint32_t a_ = 1;
  uint32_t b_ = 0;
};

// Bits from the lowest of a byte up, as deflate has them.
class BitWriter {
 public:
  void Bits(uint32_t bits, int count) {
    for (int i = 0; i < count; ++i) Bit((bits >> i) & 1);
  }
  // A Huffman code: from its highest bit down.
  void Code(uint32_t code, int count) {
    for (int i = count - 1; i >= 0; --i) Bit((code >> i) & 1);
  }
  Bytes bytes;

 private:
  void Bit(uint32_t bit) {
    if (used_ == 0) bytes.push_back(0);
    bytes.back() = static_cast<uint8_t>(bytes.back() | bit << used_);
    used_ = (used_ + 1) % 8;
  }
  int used_ = 0;
};

uint8_t Predict(int filter, int left, int above, int above_left) {
  switch (filter) {
    case 1:
      return static_cast<uint8_t>(left);
    case 2:
      return static_cast<uint8_t>(above);
    case 3:
      return static_cast<uint8_t>((left + above) / 2);
    case 4: {
      const int p = left + above - above_left;
      const std::array<int, 3> candidates = {left, above, above_left};
      return static_cast<uint8_t>(
          *std::min_element(candidates.begin(), candidates.end(),
                            [p](int a, int b) { return std::abs(p - a) < std::abs(p - b); }));
    }
    default:
      return 0;
  }
}

// One (sub)image: its rows packed, filtered, each after its filter byte.
Bytes FilteredRows(const Raster& raster, int filter_option) {
  const size_t per_row = static_cast<size_t>(raster.width) * static_cast<size_t>(raster.channels);
  const auto depth = static_cast<size_t>(raster.depth);
  const size_t row_bytes = (per_row * depth + 7) / 8;
  const size_t step = std::max<size_t>(1, static_cast<size_t>(raster.channels) * depth / 8);
  Bytes rows;
  Bytes above(row_bytes);
  for (int y = 0; y < raster.height; ++y) {
    Bytes row(row_bytes);
    for (size_t i = 0; i < per_row; ++i) {
      const uint32_t sample = raster.samples[static_cast<size_t>(y) * per_row + i];
      for (size_t bit = 0; bit < depth; ++bit) {
        const size_t at = i * depth + bit;
        const uint32_t value = (sample >> (depth - 1 - bit)) & 1;
        row[at / 8] = static_cast<uint8_t>(row[at / 8] | value << (7 - at % 8));
      }
    }
    const int filter = filter_option == 5 ? y % 5 : filter_option;
    rows.push_back(static_cast<uint8_t>(filter));
    for (size_t i = 0; i < row_bytes; ++i) {
      const int left = i >= step ? row[i - step] : 0;
      const int above_left = i >= step ? above[i - step] : 0;
      rows.push_back(static_cast<uint8_t>(row[i] - Predict(filter, left, above[i], above_left)));
    }
    above = row;
  }
  return rows;
}

// Every dx-th column from x0 on, of every dy-th row from y0 on.
Raster Thinned(const Raster& raster, int x0, int y0, int dx, int dy) {
  Raster thin{.width = std::max(0, (raster.width - x0 + dx - 1) / dx),
              .height = std::max(0, (raster.height - y0 + dy - 1) / dy),
              .channels = raster.channels,
              .depth = raster.depth,
              .samples = {}};
  for (int y = y0; y < raster.height; y += dy) {
    for (int x = x0; x < raster.width; x += dx) {
      for (int c = 0; c < raster.channels; ++c) {
        thin.samples.push_back(
            raster.samples[static_cast<size_t>((y * raster.width + x) * raster.channels + c)]);
      }
    }
  }
  return thin;
}

Bytes InterlacedRows(const Raster& raster, int filter) {
  constexpr int kPasses[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                 {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  Bytes rows;
  for (const auto& pass : kPasses) {
    const Raster thin = Thinned(raster, pass[0], pass[1], pass[2], pass[3]);
    if (thin.width > 0 && thin.height > 0) Append(&rows, FilteredRows(thin, filter));
  }
  return rows;
}

}  // namespace

Raster NoiseRaster(int width, int height, int channels, int depth, uint32_t seed) {
  Raster raster{
      .width = width, .height = height, .channels = channels, .depth = depth, .samples = {}};
  Noise noise(seed);
  raster.samples.resize(static_cast<size_t>(width * height * channels));
  for (uint16_t& sample : raster.samples) {
    sample = static_cast<uint16_t>(noise.Next() & ((1U << depth) - 1));
  }
  return raster;
}

Image NoiseImage(int width, int height, int channels, uint32_t seed) {
  const Raster raster = NoiseRaster(width, height, channels, 8, seed);
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  for (const uint16_t sample : raster.samples) image.pixels.push_back(static_cast<uint8_t>(sample));
  return image;
}

Image SmoothImage(int width, int height, int channels) {
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double wave = std::sin(0.05 * x + c) + std::cos(0.04 * y - 0.5 * c);
        image.pixels.push_back(static_cast<uint8_t>(std::lround(128 + 50 * wave)));
      }
    }
  }
  return image;
}

Bytes Join(std::span<const Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) Append(&all, part);
  return all;
}

Bytes FromText(std::string_view text) { return {text.begin(), text.end()}; }

Bytes PngSignature() { return {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}; }

Bytes PngChunk(std::string_view type, const Bytes& data) {
  Bytes checked = FromText(type);
  Append(&checked, data);
  Bytes chunk;
  AppendBigEndian(&chunk, data.size(), 4);
  Append(&chunk, checked);
  AppendBigEndian(&chunk, Crc32(checked), 4);
  return chunk;
}

Bytes PngHeader(uint32_t width, uint32_t height, uint8_t depth, uint8_t colour, uint8_t interlace) {
  Bytes data;
  AppendBigEndian(&data, width, 4);
  AppendBigEndian(&data, height, 4);
  Append(&data, {depth, colour, 0, 0, interlace});
  return PngChunk("IHDR", data);
}

Bytes ZlibStored(const Bytes& data) {
  constexpr size_t kMost = 65'535;
  Bytes zlib = {0x78, 0x01};
  size_t at = 0;
  do {
    const size_t size = std::min(kMost, data.size() - at);
    zlib.push_back(at + size == data.size() ? 1 : 0);
    AppendLittleEndian(&zlib, size, 2);
    AppendLittleEndian(&zlib, ~size, 2);
    zlib.insert(zlib.end(), data.begin() + static_cast<ptrdiff_t>(at),
                data.begin() + static_cast<ptrdiff_t>(at + size));
    at += size;
  } while (at < data.size());
  Adler32 adler;
  for (const uint8_t byte : data) adler.Add(byte);
  AppendBigEndian(&zlib, adler.Sum(), 4);
  return zlib;
}

// One block of deflate's fixed codes: a zero, then matches of 258 bytes at distance 1.
Bytes ZlibZeros(size_t count) {
  constexpr size_t kMatch = 258;
  BitWriter writer;
  writer.Bits(0x0178, 16);
  writer.Bits(1, 1);  // the last block
  writer.Bits(1, 2);  // of fixed codes
  const size_t literals = count % kMatch == 0 && count > 0 ? kMatch : count % kMatch;
  for (size_t i = 0; i < literals; ++i) writer.Code(0x30, 8);
  for (size_t i = literals; i < count; i += kMatch) {
    writer.Code(0xc5, 8);  // length 258
    writer.Code(0, 5);     // distance 1
  }
  writer.Code(0, 7);  // the end
  Adler32 adler;
  for (size_t i = 0; i < count; ++i) adler.Add(0);
  AppendBigEndian(&writer.bytes, adler.Sum(), 4);
  return writer.bytes;
}

Bytes EncodePng(const Raster& raster, const PngOptions& options) {
  constexpr std::array<uint8_t, 5> kColours = {0, 0, 4, 2, 6};
  const uint8_t colour =
      options.palette.empty() ? kColours[static_cast<size_t>(raster.channels)] : uint8_t{3};
  Bytes png = PngSignature();
  Append(&png, PngHeader(static_cast<uint32_t>(raster.width), static_cast<uint32_t>(raster.height),
                         static_cast<uint8_t>(raster.depth), colour, options.interlaced ? 1 : 0));
  if (!options.palette.empty()) Append(&png, PngChunk("PLTE", options.palette));
  if (!options.transparency.empty()) Append(&png, PngChunk("tRNS", options.transparency));
  if (!options.exif.empty()) Append(&png, PngChunk("eXIf", options.exif));
  const Bytes rows = options.interlaced ? InterlacedRows(raster, options.filter)
                                        : FilteredRows(raster, options.filter);
  const Bytes zlib = ZlibStored(rows);
  for (size_t at = 0; at < zlib.size(); at += options.chunk_bytes) {
    const size_t end = std::min(zlib.size(), at + options.chunk_bytes);
    Append(&png, PngChunk("IDAT", Bytes(zlib.begin() + static_cast<ptrdiff_t>(at),
                                        zlib.begin() + static_cast<ptrdiff_t>(end))));
  }
  Append(&png, PngChunk("IEND", {}));
  return png;
}

Bytes EncodePng(const Image& image) {
  return EncodePng(Raster{.width = image.width,
                          .height = image.height,
                          .channels = image.channels,
                          .depth = 8,
                          .samples = {image.pixels.begin(), image.pixels.end()}});
}

Bytes EncodePnm(const Raster& raster, char kind, int maximum) {
  Bytes pnm = FromText(std::string("P") + kind + "\n" + std::to_string(raster.width) + " " +
                       std::to_string(raster.height) + "\n" + std::to_string(maximum) + "\n");
  for (const uint16_t sample : raster.samples) {
    if (kind == '2' || kind == '3') {
      Append(&pnm, FromText(std::to_string(sample) + "\n"));
    } else {
      AppendBigEndian(&pnm, sample, maximum > 255 ? 2 : 1);
    }
  }
  return pnm;
}

Bytes ExifBlock(int orientation, bool little_endian) {
  Bytes exif = FromText(little_endian ? "II" : "MM");
  const auto append = [&](uint64_t number, int bytes) {
    little_endian ? AppendLittleEndian(&exif, number, bytes)
                  : AppendBigEndian(&exif, number, bytes);
  };
  append(42, 2);
  append(8, 4);       // offset of the directory
  append(2, 2);       // its entries
  append(0x010f, 2);  // the maker of the camera
  append(2, 2);
  append(4, 4);
  append(0x00414243, 4);
  append(0x0112, 2);  // the orientation
  append(3, 2);
  append(1, 4);
  append(static_cast<uint64_t>(orientation), 2);
  append(0, 2);
  append(0, 4);  // no further directory
  return exif;
}

}  // namespace insitu
