// libFuzzer: arbitrary bytes as JPEG 2000. The first says how many resolutions are left out.
#include "tests/fuzz/codec_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  insitu::RequireSound(insitu_decode_jpeg2000(data + 1, size - 1, data[0] % 4));
  return 0;
}
