// Rounds a model's float16 weights, so that the file compresses better: it stays as long as it is,
// and every ONNX runtime reads it as before.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/result.h"

namespace insitu {

inline constexpr int kLeastShrinkBits = 4;
inline constexpr int kMostShrinkBits = 10;  // float16 has 11 bits, which then hold every multiple

// Each weight becomes the nearest multiple of the power of two above a tensor's largest / 2^bits: a
// uniform quantiser, whose values a compressor then codes by how frequent they are. The known
// answer is computed anew, by this engine, and the file's own checksum too. Errors: those of
// ReadOnnx, Network::Create and ReadModelInfo; kModelUnsupported for a model without float16
// weights or one that does not put out probabilities.
Result<std::vector<uint8_t>> Shrunk(std::vector<uint8_t> model, int bits);

}  // namespace insitu
