#include "model/shrink.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>

#include "model/model_metadata.h"
#include "model/onnx_writer.h"
#include "shared/classifier.h"
#include "shared/network/onnx.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

ModelConfig MadeConfig() {
  ModelConfig config;
  config.id = "made";
  config.kind = "histology";
  config.um_per_pixel = 4;
  config.labels = {"no IDC", "IDC"};
  config.verdicts = {"nothing", "something"};
  return config;
}

ModelFacts MadeFacts() {
  ModelFacts facts;
  facts.input.channels = 3;
  facts.input.mean = {0.8F, 0.6F, 0.7F};
  facts.input.std = {0.1F, 0.25F, 0.5F};
  facts.operating_points = {{"balanced", 0.5, 0.8, 0.75}};
  facts.calibration_interval = {{0, 0, 0}, {1, 1, 1}};
  facts.uncertain = {0.25, 0.5, 0.9};
  facts.training_data = "made data";
  facts.commit = "abc123";
  facts.known_answer = {0.25, 0.75};  // of no network: only as long as one
  return facts;
}

// A convolution of eight filters and a dense layer, over 12x12 pixels.
std::vector<uint8_t> MadeModel() {
  NetworkWeights weights;
  weights.spec.side = 12;
  LayerSpec convolution;
  convolution.filters = 8;
  convolution.side = 3;
  convolution.pool = 2;
  weights.spec.layers = {convolution};
  uint32_t seed = 0;
  for (const LayerShapes& shapes : WeightShapes(weights.spec)) {
    const auto made = [&seed](const auto& shape) {
      size_t count = shape.empty() ? 0 : 1;
      for (const int64_t size : shape) count *= static_cast<size_t>(size);
      return TestNumbers(count, ++seed);
    };
    weights.layers.push_back({made(shapes.depthwise), made(shapes.weight), made(shapes.bias)});
    for (float& weight : weights.layers.back().weight) weight *= 0.3F;
  }
  return OnnxFile(weights, ModelMetadata(MadeConfig(), MadeFacts()));
}

List<float> Weights(const std::vector<uint8_t>& file, std::string_view name) {
  const auto model = ReadOnnx(file);
  REQUIRE(model.ok());
  const Tensor* initializer = model.value().FindInitializer(name);
  REQUIRE(initializer != nullptr);
  REQUIRE_FALSE(initializer->floats.empty());
  return initializer->floats;
}

TEST_CASE("Shrunk weights are the nearest multiples of a step, biases as they were", "[shrink]") {
  const std::vector<uint8_t> file = MadeModel();
  for (const int bits : {kLeastShrinkBits, 8, kMostShrinkBits}) {
    const auto shrunk = Shrunk(file, bits);
    INFO((shrunk.ok() ? "" : shrunk.error().message));
    REQUIRE(shrunk.ok());
    CHECK(shrunk.value().size() == file.size());
    const List<float> before = Weights(file, "layer1.weight.float16");
    const List<float> after = Weights(shrunk.value(), "layer1.weight.float16");
    REQUIRE(after.size() == before.size());
    const float step = 0.5F / static_cast<float>(1 << bits);  // the largest lies below 0.3
    for (size_t i = 0; i < before.size(); ++i) {
      CHECK(std::fabs(after[i] - before[i]) <= step / 2);
      CHECK(std::nearbyint(after[i] / step) * step == after[i]);
    }
    CHECK(Weights(shrunk.value(), "layer1.bias") == Weights(file, "layer1.bias"));
  }
}

TEST_CASE("A shrunk model gives its known answer and has its own checksum", "[shrink]") {
  const std::vector<uint8_t> file = MadeModel();
  CHECK_FALSE(Classifier::Create(file).ok());  // its known answer is of no network
  const auto shrunk = Shrunk(file, 8);
  REQUIRE(shrunk.ok());
  CHECK(Classifier::Create(shrunk.value()).ok());
  const auto again = Shrunk(shrunk.value(), 8);
  REQUIRE(again.ok());
  CHECK(again.value() == shrunk.value());
}

TEST_CASE("A model without float16 weights is not shrunk, nor what is no model", "[shrink]") {
  const auto whole = Shrunk(MakeClassifierModel(), 8);
  REQUIRE_FALSE(whole.ok());
  CHECK(whole.error().code == ErrorCode::kModelUnsupported);
  CHECK(whole.error().message == "The model cannot be shrunk: it has no float16 weights.");
  CHECK_FALSE(Shrunk({1, 2, 3}, 8).ok());
}

}  // namespace
}  // namespace insitu
