// The seed network as an ONNX file: opset 17, weights as float16 followed by Cast nodes, so that
// any ONNX runtime reads it, metadata as in shared/model_info.h.
#pragma once

#include <cstdint>
#include <vector>

#include "model/seed_network.h"
#include "shared/model_info.h"

namespace insitu {

// What remains of the weights once they are stored: all but the biases rounded to float16.
SeedWeights AsStored(const SeedWeights& weights);

// metadata: all entries but insitu.self_sha256, which is added as the last.
std::vector<uint8_t> SeedOnnx(const SeedWeights& weights, const Metadata& metadata);

}  // namespace insitu
