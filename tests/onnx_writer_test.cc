#include "model/onnx_writer.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/random.h"
#include "shared/network/onnx.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

constexpr size_t kLargestFile = 2'100'000;

SeedWeights RandomWeights() {
  Random random(11);
  const auto fill = [&random](std::vector<float>* values, size_t count) {
    for (size_t i = 0; i < count; ++i) values->push_back(static_cast<float>(random.Uniform(-1, 1)));
  };
  SeedWeights w;
  fill(&w.conv1, 32 * 3 * 9);
  fill(&w.conv1_bias, 32);
  fill(&w.conv2, 64 * 32 * 9);
  fill(&w.conv2_bias, 64);
  fill(&w.dense1, 128 * 7744);
  fill(&w.dense1_bias, 128);
  fill(&w.dense2, 2 * 128);
  fill(&w.dense2_bias, 2);
  return w;
}

std::vector<std::string> Operators(const OnnxModel& model) {
  std::vector<std::string> operators;
  for (const OnnxNode& node : model.nodes) operators.push_back(node.op_type);
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
  CHECK(read.FindInitializer("dense1.weight.float16")->shape == Shape{128, 7744});
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

}  // namespace
}  // namespace insitu
