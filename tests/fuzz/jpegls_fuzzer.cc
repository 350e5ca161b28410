// libFuzzer: arbitrary bytes as JPEG-LS.
#include "tests/fuzz/codec_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  insitu::RequireSound(insitu_decode_jpegls(data, size));
  return 0;
}
