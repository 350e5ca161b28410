#include "model/onnx_writer.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/random.h"
#include "shared/network/network.h"
#include "shared/network/onnx.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

constexpr size_t kLargestFile = 2'100'000;

SeedWeights RandomWeights(const SeedShape& s = {}) {
  Random random(11);
  const auto fill = [&random](std::vector<float>* values, int count) {
    for (int i = 0; i < count; ++i) values->push_back(static_cast<float>(random.Uniform(-1, 1)));
  };
  SeedWeights w;
  w.shape = s;
  fill(&w.conv1, s.conv1_filters * kSeedChannels * s.conv1_side * s.conv1_side);
  fill(&w.conv1_bias, s.conv1_filters);
  fill(&w.conv2, s.conv2_filters * s.conv1_filters * s.conv2_side * s.conv2_side);
  fill(&w.conv2_bias, s.conv2_filters);
  fill(&w.dense1, s.dense * s.features());
  fill(&w.dense1_bias, s.dense);
  fill(&w.dense2, kSeedLabels * s.dense);
  fill(&w.dense2_bias, kSeedLabels);
  return w;
}

std::vector<std::string> Operators(const OnnxModel& model) {
  std::vector<std::string> operators;
  operators.reserve(model.nodes.size());
  for (const OnnxNode& node : model.nodes) operators.emplace_back(model.names.text(node.op_type));
  return operators;
}

TEST_CASE("The written seed network is read back as it was meant", "[onnx_writer]") {
  const SeedWeights weights = RandomWeights();
  const std::vector<uint8_t> file = SeedOnnx(weights, {{"insitu.id", "made"}});
  CHECK(file.size() <= kLargestFile);
  const auto model = ReadOnnx(file);
  REQUIRE(model.ok());
  CHECK(model.value().opset == 17);
  CHECK(Operators(model.value()) == std::vector<std::string>{"Cast", "Cast", "Cast", "Cast", "Conv",
                                                             "Relu", "MaxPool", "Conv", "Relu",
                                                             "MaxPool", "Flatten", "Gemm", "Relu",
                                                             "Dropout", "Gemm", "Softmax"});
  REQUIRE(model.value().inputs.size() == 1);
  CHECK(model.value().names.text(model.value().inputs[0].name) == "image");
  CHECK(model.value().inputs[0].shape == Shape{-1, 3, 50, 50});
  REQUIRE(model.value().outputs.size() == 1);
  CHECK(model.value().outputs[0].shape == Shape{-1, 2});
}

TEST_CASE("Stored weights are those that AsStored gives, biases unchanged", "[onnx_writer]") {
  const SeedWeights weights = RandomWeights();
  const SeedWeights stored = AsStored(weights);
  CHECK(stored.dense1 != weights.dense1);
  CHECK(stored.dense1_bias == weights.dense1_bias);
  const auto model = ReadOnnx(SeedOnnx(weights, {}));
  REQUIRE(model.ok());
  const OnnxModel& read = model.value();
  CHECK(read.FindInitializer("conv1.weight.float16")->floats == stored.conv1);
  CHECK(read.FindInitializer("conv2.weight.float16")->floats == stored.conv2);
  CHECK(read.FindInitializer("dense1.weight.float16")->floats == stored.dense1);
  const SeedShape& s = weights.shape;
  CHECK(read.FindInitializer("dense1.weight.float16")->shape == Shape{s.dense, s.features()});
  CHECK(read.FindInitializer("dense2.weight.float16")->floats == stored.dense2);
  CHECK(read.FindInitializer("dense1.bias")->floats == weights.dense1_bias);
  CHECK(read.FindInitializer("dropout.ratio")->floats == std::vector<float>{0.5f});
}

TEST_CASE("The file ends in the SHA-256 of itself with those digits as zeros", "[onnx_writer]") {
  std::vector<uint8_t> file = SeedOnnx(RandomWeights(), {{"insitu.id", "made"}});
  const auto model = ReadOnnx(file);
  REQUIRE(model.ok());
  REQUIRE(model.value().metadata.size() == 2);
  CHECK(model.value().metadata[0].second == "made");
  CHECK(model.value().metadata[1].first == "insitu.self_sha256");
  const std::string digits(file.end() - 64, file.end());
  CHECK(model.value().metadata[1].second == digits);
  std::fill(file.end() - 64, file.end(), uint8_t{'0'});
  CHECK(HexDigits(Sha256(file)) == digits);
}

TEST_CASE("The engine runs a written network of any sizes", "[onnx_writer]") {
  const SeedShape shape = {.conv1_side = 5,
                           .conv1_filters = 4,
                           .pool1 = 3,
                           .conv2_side = 4,
                           .conv2_filters = 6,
                           .pool2 = 5,
                           .dense = 7};
  REQUIRE(shape.features() == 6 * 2 * 2);  // 50 - 4 = 46, / 3 = 15, - 3 = 12, / 5 = 2
  auto model = ReadOnnx(SeedOnnx(RandomWeights(shape), {}));
  REQUIRE(model.ok());
  const auto network = Network::Create(std::move(model.value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  CHECK(network.value().outputs()[0].shape == Shape{1, 2});
  CHECK(network.value().Parameters() == 4 * 75 + 4 + 6 * 64 + 6 + 7 * 24 + 7 + 2 * 7 + 2);
}

}  // namespace
}  // namespace insitu
