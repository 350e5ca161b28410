// Pictures of known samples, encoded by the encoders of the libraries that the codecs are made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace insitu {

struct KnownSamples {
  int width = 0;
  int height = 0;
  int channels = 1;
  int bits = 8;
  std::vector<uint16_t>
      samples;  // (height, width, channels); signed ones as their two's complement
};

// Reproducible and soft, with a little noise.
KnownSamples SoftSamples(int width, int height, int channels, int bits);

// What encode_picture_main.cc lists.
using EncodeOptions = std::map<std::string, int>;

// kind: jpeg, jpeg2000, jp2 or jpegls. Empty where the library refuses.
std::vector<uint8_t> EncodePicture(const std::string& kind, const KnownSamples& known,
                                   const EncodeOptions& options = {});

}  // namespace insitu
