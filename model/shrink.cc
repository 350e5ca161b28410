#include "model/shrink.h"

#include <algorithm>
#include <cmath>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string>
#include <string_view>

#include "model/model_metadata.h"
#include "model/onnx_fields.h"
#include "shared/float16.h"
#include "shared/model_info.h"
#include "shared/network/network.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

using protozero::data_view;
using protozero::pbf_reader;

Error Unsupported(std::string_view why) {
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be shrunk: %.", why).error();
}

// What is changed in a model file, in place.
struct Places {
  std::vector<std::span<uint8_t>> weights;  // float16
  std::span<uint8_t> known_answer;
  std::span<uint8_t> digest;
};

std::span<uint8_t> Within(std::vector<uint8_t>* file, const data_view& view) {
  const auto* begin = reinterpret_cast<const uint8_t*>(view.data());
  return {file->data() + (begin - file->data()), view.size()};
}

void FindWeights(pbf_reader tensor, std::vector<uint8_t>* file, Places* places) {
  size_t rank = 0;
  int32_t type = 0;
  data_view raw;
  while (tensor.next()) {
    switch (tensor.tag()) {
      case kDims:
        tensor.skip();
        ++rank;
        break;
      case kDataType:
        type = tensor.get_int32();
        break;
      case kRawData:
        raw = tensor.get_view();
        break;
      default:
        tensor.skip();
    }
  }
  if (type == kFloat16 && rank > 1) places->weights.push_back(Within(file, raw));
}

void FindEntry(pbf_reader entry, std::vector<uint8_t>* file, Places* places) {
  data_view key;
  data_view value;
  while (entry.next()) {
    const bool is_key = entry.tag() == kEntryKey;
    (is_key ? key : value) = entry.get_view();
  }
  const std::string_view name(key.data(), key.size());
  if (name == kKnownAnswerKey) places->known_answer = Within(file, value);
  if (name == kSelfSha256Key) places->digest = Within(file, value);
}

// The file was read by ReadOnnx, so that it is well formed.
Places FindPlaces(std::vector<uint8_t>* file) {
  Places places;
  pbf_reader model(reinterpret_cast<const char*>(file->data()), file->size());
  while (model.next()) {
    if (model.tag() == kMetadata) {
      FindEntry(model.get_message(), file, &places);
    } else if (model.tag() == kGraph) {
      pbf_reader graph = model.get_message();
      while (graph.next(kInitializer)) FindWeights(graph.get_message(), file, &places);
    } else {
      model.skip();
    }
  }
  return places;
}

float HalfAt(std::span<const uint8_t> raw, size_t at) {
  return FloatFromHalf(static_cast<uint16_t>(raw[at] | raw[at + 1] << 8));
}

void Round(std::span<uint8_t> raw, int bits) {
  float largest = 0;
  for (size_t at = 0; at + 1 < raw.size(); at += 2) {
    largest = std::max(largest, std::fabs(HalfAt(raw, at)));
  }
  if (!(largest > 0) || !std::isfinite(largest)) return;
  constexpr float kSmallest = 0x1p-24F;  // that float16 has
  constexpr float kLargest = 65504;
  const float step = std::max(kSmallest, std::ldexp(1.0F, std::ilogb(largest) + 1 - bits));
  for (size_t at = 0; at + 1 < raw.size(); at += 2) {
    // + 0 turns -0 to 0, which is one value less to code
    const float multiple = std::round(HalfAt(raw, at) / step) * step + 0.0F;
    const uint16_t half = HalfFromFloat(std::clamp(multiple, -kLargest, kLargest));
    raw[at] = static_cast<uint8_t>(half);
    raw[at + 1] = static_cast<uint8_t>(half >> 8);
  }
}

Result<std::string> KnownAnswer(std::span<const uint8_t> file) {
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(file));
  const Metadata metadata = onnx.metadata;
  ASSIGN_OR_RETURN(Network network, Network::Create(std::move(onnx), PlanOptions::ForImages()));
  if (network.inputs().size() != 1 || network.outputs().size() != 1 ||
      network.inputs()[0].shape.size() != 4 ||
      network.inputs()[0].layout != Layout::kChannelsLast) {
    return Unsupported("it does not read one image of (N, C, H, W)");
  }
  const Shape& shape = network.inputs()[0].shape;
  ASSIGN_OR_RETURN(const ModelInfo info,
                   ReadModelInfo(metadata, static_cast<int>(shape[3]), static_cast<int>(shape[2]),
                                 static_cast<int>(shape[1])));
  if (info.outputs_logits || info.temperature != 1) {
    return Unsupported("its output is not the probabilities");
  }
  std::vector<float> input(static_cast<size_t>(ElementCount(shape)));
  std::vector<float> output(info.labels.size());
  const Image image = KnownAnswerImage(info.input.width, info.input.height, info.input.channels);
  RETURN_IF_ERROR(Preprocess(image, info.input, input));
  RETURN_IF_ERROR(network.Run(1, input, output));
  return KnownAnswerText({output.begin(), output.end()});
}

}  // namespace

Result<std::vector<uint8_t>> Shrunk(std::vector<uint8_t> model, int bits) {
  ASSIGN_OR_RETURN(const OnnxModel readable, ReadOnnx(model));
  const Places places = FindPlaces(&model);
  if (places.weights.empty()) return Unsupported("it has no float16 weights");
  for (const std::span<uint8_t> weights : places.weights) Round(weights, bits);
  ASSIGN_OR_RETURN(const std::string answer, KnownAnswer(model));
  if (answer.size() != places.known_answer.size() || places.digest.size() != kSha256Digits) {
    return Unsupported("its known answer is not written as the trainer writes it");
  }
  std::copy(answer.begin(), answer.end(), places.known_answer.begin());
  std::fill(places.digest.begin(), places.digest.end(), static_cast<uint8_t>('0'));
  const std::string digits = HexDigits(Sha256(model));
  std::copy(digits.begin(), digits.end(), places.digest.begin());
  return model;
}

}  // namespace insitu
