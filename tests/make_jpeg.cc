#include "tests/make_jpeg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace insitu {
namespace {

constexpr int kZigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                             12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                             35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                             58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

using Block = std::array<int, 64>;  // quantised coefficients, in zigzag order

struct Component {
  int step = 1;      // image pixels per sample, in each direction
  int sampling = 1;  // blocks of an MCU, in each direction
  int across = 0;    // blocks that hold pixels
  int down = 0;
  int stride = 0;  // blocks of a row, with those that fill up MCUs
  std::vector<Block> blocks;
};

struct Scan {
  std::vector<size_t> components;
  int first = 0;  // coefficients
  int last = 63;
  int high = 0;  // bits that earlier scans left off, and that this one leaves off
  int low = 0;
};

double Value(const Image& image, int component, int x, int y) {
  x = std::min(x, image.width - 1);
  y = std::min(y, image.height - 1);
  const auto at = static_cast<size_t>((y * image.width + x) * image.channels);
  if (image.channels == 1) return image.pixels[at] - 128.0;
  const double r = image.pixels[at];
  const double g = image.pixels[at + 1];
  const double b = image.pixels[at + 2];
  if (component == 0) return 0.299 * r + 0.587 * g + 0.114 * b - 128;
  if (component == 1) return -0.168736 * r - 0.331264 * g + 0.5 * b;
  return 0.5 * r - 0.418688 * g - 0.081312 * b;
}

double Sample(const Image& image, int component, int step, int x, int y) {
  double sum = 0;
  for (int j = 0; j < step; ++j) {
    for (int i = 0; i < step; ++i) sum += Value(image, component, x * step + i, y * step + j);
  }
  return sum / (step * step);
}

// The forward transform by its definition (T.81, A.3.3).
Block Transform(const std::array<double, 64>& samples, int quantiser) {
  Block block;
  for (int k = 0; k < 64; ++k) {
    const int u = kZigzag[k] % 8;
    const int v = kZigzag[k] / 8;
    double sum = 0;
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        sum += samples[static_cast<size_t>(y * 8 + x)] *
               std::cos((2 * x + 1) * u * std::numbers::pi / 16) *
               std::cos((2 * y + 1) * v * std::numbers::pi / 16);
      }
    }
    const double scale = (u == 0 ? std::sqrt(0.5) : 1) * (v == 0 ? std::sqrt(0.5) : 1) / 4;
    block[static_cast<size_t>(k)] = static_cast<int>(std::lround(sum * scale / quantiser));
  }
  return block;
}

class Encoder {
 public:
  Encoder(const Image& image, const JpegOptions& options);
  Bytes Encode();

 private:
  void WriteHeader();
  void WriteTables();
  void WriteScan(const Scan& scan);
  void WriteScanHeader(const Scan& scan);
  void WriteMcu(const Scan& scan, int i, int j);
  void WriteBlock(const Scan& scan, size_t component, const Block& block);
  void WriteDirect(const Scan& scan, size_t component, int value);
  void WriteCoefficients(const Scan& scan, const Block& block);
  void RefineCoefficients(const Scan& scan, const Block& block);
  void Restart(int number);

  void Segment(uint8_t marker, const Bytes& data);
  void Bits(int bits, int count);
  void Amplitude(int value, int size);
  void DirectCode(int symbol) { Bits(symbol, 4); }
  void CoefficientCode(int symbol) { symbol < 128 ? Bits(symbol, 8) : Bits(symbol + 128, 9); }
  void Flush();

  const Image& image_;
  const JpegOptions& options_;
  std::vector<Component> components_;
  int mcus_across_ = 0;
  int mcus_down_ = 0;
  Bytes bytes_;
  std::array<int, 3> predictions_ = {};
  int pending_ = 0;  // bits that do not make a byte yet
  int pending_count_ = 0;
};

Encoder::Encoder(const Image& image, const JpegOptions& options)
    : image_(image), options_(options) {
  const int largest = image.channels == 1 ? 1 : options.chroma_step;
  mcus_across_ = (image.width + 8 * largest - 1) / (8 * largest);
  mcus_down_ = (image.height + 8 * largest - 1) / (8 * largest);
  for (int c = 0; c < image.channels; ++c) {
    Component component;
    component.step = c == 0 ? 1 : largest;
    component.sampling = largest / component.step;
    const int unit = 8 * component.step;
    component.across = (image.width + unit - 1) / unit;
    component.down = (image.height + unit - 1) / unit;
    component.stride = mcus_across_ * component.sampling;
    for (int by = 0; by < mcus_down_ * component.sampling; ++by) {
      for (int bx = 0; bx < component.stride; ++bx) {
        std::array<double, 64> samples;
        for (int i = 0; i < 64; ++i) {
          samples[static_cast<size_t>(i)] =
              Sample(image, c, component.step, bx * 8 + i % 8, by * 8 + i / 8);
        }
        component.blocks.push_back(Transform(samples, options.quantiser));
      }
    }
    components_.push_back(component);
  }
}

Bytes Encoder::Encode() {
  WriteHeader();
  WriteTables();
  std::vector<size_t> all;
  for (size_t c = 0; c < components_.size(); ++c) all.push_back(c);
  if (!options_.progressive) {
    WriteScan({.components = all});
  } else {
    WriteScan({.components = all, .last = 0, .low = 1});
    for (const size_t c : all) WriteScan({.components = {c}, .first = 1, .last = 5});
    for (const size_t c : all) WriteScan({.components = {c}, .first = 6, .low = 1});
    for (const size_t c : all) WriteScan({.components = {c}, .first = 6, .high = 1});
    WriteScan({.components = all, .last = 0, .high = 1});
  }
  bytes_.insert(bytes_.end(), {0xff, 0xd9});
  return bytes_;
}

void Encoder::Segment(uint8_t marker, const Bytes& data) {
  const size_t length = data.size() + 2;
  bytes_.insert(bytes_.end(),
                {0xff, marker, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
  bytes_.insert(bytes_.end(), data.begin(), data.end());
}

void Encoder::WriteHeader() {
  bytes_ = {0xff, 0xd8};
  if (!options_.exif.empty()) {
    const Bytes parts[] = {FromText("Exif"), {0, 0}, options_.exif};
    Segment(0xe1, Join(parts));
  }
  Bytes frame = {8,
                 static_cast<uint8_t>(image_.height >> 8),
                 static_cast<uint8_t>(image_.height),
                 static_cast<uint8_t>(image_.width >> 8),
                 static_cast<uint8_t>(image_.width),
                 static_cast<uint8_t>(components_.size())};
  for (size_t c = 0; c < components_.size(); ++c) {
    frame.push_back(static_cast<uint8_t>(c + 1));
    frame.push_back(static_cast<uint8_t>(components_[c].sampling * 17));
    frame.push_back(0);
  }
  Segment(options_.progressive ? 0xc2 : 0xc0, frame);
}

// One quantisation table; Huffman codes as simple as they can be: 4 bits for every category of the
// first coefficient, 8 or 9 for every symbol of the others.
void Encoder::WriteTables() {
  Bytes quantisers = {0};
  quantisers.resize(65, static_cast<uint8_t>(options_.quantiser));
  Segment(0xdb, quantisers);
  Bytes direct(17);
  direct[4] = 12;
  for (uint8_t symbol = 0; symbol < 12; ++symbol) direct.push_back(symbol);
  Segment(0xc4, direct);
  Bytes coefficients(17);
  coefficients[0] = 0x10;
  coefficients[8] = 128;
  coefficients[9] = 128;
  for (int symbol = 0; symbol < 256; ++symbol) coefficients.push_back(static_cast<uint8_t>(symbol));
  Segment(0xc4, coefficients);
  if (options_.restart_interval > 0) {
    Segment(0xdd, {static_cast<uint8_t>(options_.restart_interval >> 8),
                   static_cast<uint8_t>(options_.restart_interval)});
  }
}

void Encoder::WriteScanHeader(const Scan& scan) {
  Bytes header = {static_cast<uint8_t>(scan.components.size())};
  for (const size_t c : scan.components) {
    header.push_back(static_cast<uint8_t>(c + 1));
    header.push_back(0);
  }
  header.push_back(static_cast<uint8_t>(scan.first));
  header.push_back(static_cast<uint8_t>(scan.last));
  header.push_back(static_cast<uint8_t>(scan.high << 4 | scan.low));
  Segment(0xda, header);
}

void Encoder::WriteScan(const Scan& scan) {
  WriteScanHeader(scan);
  predictions_ = {};
  const bool alone = scan.components.size() == 1;
  const Component& first = components_[scan.components[0]];
  const int across = alone ? first.across : mcus_across_;
  const int down = alone ? first.down : mcus_down_;
  for (int i = 0; i < across * down; ++i) {
    const int interval = options_.restart_interval;
    if (interval > 0 && i > 0 && i % interval == 0) Restart(i / interval - 1);
    if (alone) {
      const auto at = static_cast<size_t>(i / across * first.stride + i % across);
      WriteBlock(scan, scan.components[0], first.blocks[at]);
    } else {
      WriteMcu(scan, i % across, i / across);
    }
  }
  Flush();
}

void Encoder::WriteMcu(const Scan& scan, int i, int j) {
  for (const size_t c : scan.components) {
    const Component& component = components_[c];
    for (int y = 0; y < component.sampling; ++y) {
      for (int x = 0; x < component.sampling; ++x) {
        const int row = j * component.sampling + y;
        const int column = i * component.sampling + x;
        const auto at = static_cast<size_t>(row * component.stride + column);
        WriteBlock(scan, c, component.blocks[at]);
      }
    }
  }
}

void Encoder::Restart(int number) {
  Flush();
  bytes_.insert(bytes_.end(), {0xff, static_cast<uint8_t>(0xd0 + number % 8)});
  predictions_ = {};
}

void Encoder::WriteBlock(const Scan& scan, size_t component, const Block& block) {
  if (scan.first == 0) WriteDirect(scan, component, block[0]);
  if (scan.last == 0) return;
  scan.high == 0 ? WriteCoefficients(scan, block) : RefineCoefficients(scan, block);
}

void Encoder::WriteDirect(const Scan& scan, size_t component, int value) {
  value >>= scan.low;
  if (scan.high > 0) return Bits(value & 1, 1);
  const int difference = value - predictions_[component];
  predictions_[component] = value;
  int size = 0;
  while (std::abs(difference) >> size > 0) ++size;
  DirectCode(size);
  Amplitude(difference, size);
}

void Encoder::WriteCoefficients(const Scan& scan, const Block& block) {
  int run = 0;
  for (int k = std::max(1, scan.first); k <= scan.last; ++k) {
    const int whole = block[static_cast<size_t>(k)];
    const int magnitude = std::abs(whole) >> scan.low;
    if (magnitude == 0) {
      ++run;
      continue;
    }
    for (; run > 15; run -= 16) CoefficientCode(0xf0);
    int size = 0;
    while (magnitude >> size > 0) ++size;
    CoefficientCode(run << 4 | size);
    Amplitude(whole < 0 ? -magnitude : magnitude, size);
    run = 0;
  }
  if (run > 0) CoefficientCode(0);  // the rest of the block is zero
}

// T.81, G.1.2.3: symbols for coefficients that become non-zero, with one bit for each passed one
// that is so already.
void Encoder::RefineCoefficients(const Scan& scan, const Block& block) {
  const auto magnitude = [&](int k) { return std::abs(block[static_cast<size_t>(k)]) >> scan.low; };
  int last_new = 0;
  for (int k = scan.first; k <= scan.last; ++k) {
    if (magnitude(k) == 1) last_new = k;
  }
  std::vector<int> corrections;
  const auto write_corrections = [&] {
    for (const int bit : corrections) Bits(bit, 1);
    corrections.clear();
  };
  int run = 0;
  for (int k = scan.first; k <= scan.last; ++k) {
    if (magnitude(k) == 0) {
      ++run;
      continue;
    }
    for (; run > 15 && k <= last_new; run -= 16) {
      CoefficientCode(0xf0);
      write_corrections();
    }
    if (magnitude(k) > 1) {
      corrections.push_back(magnitude(k) & 1);
      continue;
    }
    CoefficientCode(run << 4 | 1);
    Bits(block[static_cast<size_t>(k)] > 0 ? 1 : 0, 1);
    write_corrections();
    run = 0;
  }
  if (run > 0 || !corrections.empty()) {
    CoefficientCode(0);
    write_corrections();
  }
}

void Encoder::Amplitude(int value, int size) {
  Bits(value < 0 ? value + (1 << size) - 1 : value, size);
}

void Encoder::Bits(int bits, int count) {
  for (int i = count - 1; i >= 0; --i) {
    pending_ = pending_ << 1 | ((bits >> i) & 1);
    if (++pending_count_ < 8) continue;
    bytes_.push_back(static_cast<uint8_t>(pending_));
    if (pending_ == 0xff) bytes_.push_back(0);
    pending_ = 0;
    pending_count_ = 0;
  }
}

void Encoder::Flush() {
  while (pending_count_ != 0) Bits(1, 1);
}

}  // namespace

Bytes EncodeJpeg(const Image& image, const JpegOptions& options) {
  return Encoder(image, options).Encode();
}

}  // namespace insitu
