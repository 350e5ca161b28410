// Encodes samples from standard input for the tests in node, by the encoders of the libraries that
// the codecs are made of:
//   encode_picture jpeg WIDTH HEIGHT CHANNELS 8 OPTION…     u8
//   encode_picture jpeg2000|jp2 WIDTH HEIGHT CHANNELS BITS OPTION…   u8, above 8 bits u16
//   encode_picture jpegls WIDTH HEIGHT CHANNELS BITS OPTION…
// Options, NAME=NUMBER: jpeg: quality, subsampling (1, 2), progressive, rgb, restart (rows of
// MCUs), tables (1: only tables, 2: all but the tables); jpeg2000: resolutions, tile, signed,
// lossy, sycc, subsampling; jpegls: interleave (0 planes, 1 lines, 2 samples), near.

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/encode_picture.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) {
    std::cerr << "encode_picture KIND WIDTH HEIGHT CHANNELS BITS OPTION=NUMBER…\n";
    return 2;
  }
  insitu::EncodeOptions options;
  for (size_t i = 5; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    options[words[i].substr(0, equals)] = std::stoi(words[i].substr(equals + 1));
  }
  insitu::KnownSamples known;
  known.width = std::stoi(words[1]);
  known.height = std::stoi(words[2]);
  known.channels = std::stoi(words[3]);
  known.bits = std::stoi(words[4]);
  const std::vector<uint8_t> raw{std::istreambuf_iterator<char>(std::cin), {}};
  const size_t bytes = known.bits > 8 ? 2 : 1;
  const size_t count = static_cast<size_t>(known.width) * static_cast<size_t>(known.height) *
                       static_cast<size_t>(known.channels);
  if (raw.size() != count * bytes) {
    std::cerr << "Expected " << count * bytes << " bytes of samples, got " << raw.size() << ".\n";
    return 1;
  }
  known.samples.resize(count);
  for (size_t i = 0; i < count; ++i) {
    known.samples[i] =
        bytes == 1 ? raw[i] : static_cast<uint16_t>(raw[2 * i] | raw[2 * i + 1] << 8);
  }
  const std::vector<uint8_t> encoded = insitu::EncodePicture(words[0], known, options);
  if (encoded.empty()) {
    std::cerr << "It could not be encoded.\n";
    return 1;
  }
  std::fwrite(encoded.data(), 1, encoded.size(), stdout);
  return 0;
}
