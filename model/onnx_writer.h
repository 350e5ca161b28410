// A network as an ONNX file: opset 17, weights as float16 followed by Cast nodes, so that any ONNX
// runtime reads it, metadata as in shared/model_info.h.
#pragma once

#include <cstdint>
#include <vector>

#include "model/network_spec.h"
#include "shared/model_info.h"

namespace insitu {

// What remains of the weights once they are stored: all but the biases rounded to float16.
NetworkWeights AsStored(const NetworkWeights& weights);

// metadata: all entries but insitu.self_sha256, which is added as the last. The output is the
// probabilities: the softmax of the logits.
std::vector<uint8_t> OnnxFile(const NetworkWeights& weights, const Metadata& metadata);

}  // namespace insitu
