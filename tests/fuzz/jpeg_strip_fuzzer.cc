// libFuzzer: arbitrary bytes as a JPEG, by strips and at once.
#include "tests/fuzz/codec_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  insitu::ReadByStrips(INSITU_STRIPS_JPEG, data, size);
  // The first byte of the two that say how: tables as well, from the same bytes.
  const size_t tables = data[0] < 128 ? 0 : (size - 2) * data[1] / 256;
  insitu::RequireSound(insitu_decode_jpeg(data + 2 + tables, size - 2 - tables, data + 2, tables,
                                          data[0] % 4, 1 << (data[1] % 4)));
  return 0;
}
