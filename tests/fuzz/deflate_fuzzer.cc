// libFuzzer: arbitrary bytes as a tile that is packed by Deflate. The first two say how large the
// tile is.
#include <vector>

#include "tests/fuzz/codec_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::vector<uint8_t> tile(size_t{data[0]} * 256 + data[1]);
  if (insitu_inflate(data + 2, size - 2, tile.data(), tile.size()) != 0) insitu::RequireRefusal();
  insitu::Touch(tile.data(), tile.size());
  return 0;
}
