// libFuzzer: arbitrary bytes as a PNG, by strips.
#include "tests/fuzz/codec_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  insitu::ReadByStrips(INSITU_STRIPS_PNG, data, size);
  return 0;
}
