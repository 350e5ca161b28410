#include "model/onnx_writer.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
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

LayerSpec Convolution(int filters, int side, int pool) {
  LayerSpec layer;
  layer.filters = filters;
  layer.side = side;
  layer.pool = pool;
  return layer;
}

LayerSpec Layer(LayerKind kind, int filters) {
  LayerSpec layer;
  layer.kind = kind;
  layer.filters = filters;
  return layer;
}

// Two convolutions and a dense layer, as the seed model has.
NetworkSpec Plain() {
  NetworkSpec spec;
  spec.layers = {Convolution(32, 3, 3), Convolution(64, 3, 2), Layer(LayerKind::kDense, 128)};
  spec.layers[2].dropout = 0.5;
  return spec;
}

// Every kind of layer and every option, of grey images.
NetworkSpec Varied() {
  NetworkSpec spec;
  spec.side = 20;
  spec.channels = 1;
  LayerSpec strided = Convolution(4, 4, 1);
  strided.stride = 2;  // 20 -> 9
  LayerSpec residual = Convolution(4, 3, 1);
  residual.padding = 1;
  residual.residual = true;
  LayerSpec separable = residual;
  separable.kind = LayerKind::kSeparable;
  LayerSpec wider = separable;
  wider.filters = 6;
  wider.residual = false;
  wider.stride = 2;  // 4 -> 2
  LayerSpec pool = Layer(LayerKind::kMaxPool, 0);
  pool.side = 2;  // 9 -> 4
  spec.layers = {strided,
                 residual,
                 separable,
                 pool,
                 wider,
                 Layer(LayerKind::kGlobalAveragePool, 0),
                 Layer(LayerKind::kDense, 5)};
  return spec;
}

NetworkWeights RandomWeights(const NetworkSpec& spec) {
  Random random(11);
  const auto filled = [&random](const std::vector<int64_t>& shape) {
    std::vector<float> values(shape.empty() ? 0 : 1);
    for (const int64_t size : shape) values.resize(values.size() * static_cast<size_t>(size));
    for (float& value : values) value = static_cast<float>(random.Uniform(-1, 1));
    return values;
  };
  NetworkWeights weights;
  weights.spec = spec;
  for (const LayerShapes& shapes : WeightShapes(spec)) {
    weights.layers.push_back(
        {filled(shapes.depthwise), filled(shapes.weight), filled(shapes.bias)});
  }
  return weights;
}

std::vector<std::string> Operators(const OnnxModel& model) {
  std::vector<std::string> operators;
  operators.reserve(model.nodes.size());
  for (const OnnxNode& node : model.nodes) operators.emplace_back(model.names.text(node.op_type));
  return operators;
}

TEST_CASE("A written network is read back as it was meant", "[onnx_writer]") {
  const auto model = ReadOnnx(OnnxFile(RandomWeights(Plain()), {{"insitu.id", "made"}}));
  REQUIRE(model.ok());
  CHECK(model.value().opset == 17);
  CHECK(Operators(model.value()) == std::vector<std::string>{"Cast", "Conv", "Relu", "MaxPool",
                                                             "Cast", "Conv", "Relu", "MaxPool",
                                                             "Flatten", "Cast", "Gemm", "Relu",
                                                             "Dropout", "Cast", "Gemm", "Softmax"});
  REQUIRE(model.value().inputs.size() == 1);
  CHECK(model.value().names.text(model.value().inputs[0].name) == "image");
  CHECK(model.value().inputs[0].shape == Shape{-1, 3, 50, 50});
  REQUIRE(model.value().outputs.size() == 1);
  CHECK(model.value().outputs[0].shape == Shape{-1, 2});
}

TEST_CASE("Stored weights are those that AsStored gives, biases unchanged", "[onnx_writer]") {
  const NetworkWeights weights = RandomWeights(Varied());
  const NetworkWeights stored = AsStored(weights);
  CHECK(stored.layers[0].weight != weights.layers[0].weight);
  CHECK(stored.layers[0].bias == weights.layers[0].bias);
  const auto model = ReadOnnx(OnnxFile(weights, {}));
  REQUIRE(model.ok());
  const OnnxModel& read = model.value();
  CHECK(read.FindInitializer("layer1.weight.float16")->floats == stored.layers[0].weight);
  CHECK(read.FindInitializer("layer3.depthwise.float16")->floats == stored.layers[2].depthwise);
  CHECK(read.FindInitializer("layer3.depthwise.float16")->shape == Shape{4, 1, 3, 3});
  CHECK(read.FindInitializer("layer7.weight.float16")->shape == Shape{5, 6});
  CHECK(read.FindInitializer("logits.weight.float16")->floats == stored.layers[7].weight);
  CHECK(read.FindInitializer("layer1.bias")->floats == weights.layers[0].bias);
}

TEST_CASE("The file ends in the SHA-256 of itself with those digits as zeros", "[onnx_writer]") {
  std::vector<uint8_t> file = OnnxFile(RandomWeights(Plain()), {{"insitu.id", "made"}});
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

TEST_CASE("The engine runs a written network of every kind of layer", "[onnx_writer]") {
  const NetworkSpec spec = Varied();
  REQUIRE(NetworkFault(spec).empty());
  auto model = ReadOnnx(OnnxFile(RandomWeights(spec), {}));
  REQUIRE(model.ok());
  const auto network = Network::Create(std::move(model.value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  CHECK(network.value().outputs()[0].shape == Shape{1, 2});
  // The engine gives the separable layers' first convolutions a bias of zeros, one a channel.
  CHECK(static_cast<int64_t>(network.value().Parameters()) == ParameterCount(spec) + 4 + 4);
}

TEST_CASE("A residual layer without padding adds its input without the rim", "[onnx_writer]") {
  NetworkSpec spec;
  spec.side = 6;
  spec.channels = 1;
  LayerSpec residual = Convolution(1, 3, 1);
  residual.residual = true;
  spec.layers = {residual, Layer(LayerKind::kGlobalAveragePool, 0)};
  NetworkWeights weights = RandomWeights(spec);
  weights.layers[0].weight.assign(9, 0);  // so that only what is added is left
  weights.layers[0].bias = {0};
  weights.layers[2].weight = {0, 1};
  weights.layers[2].bias = {0, 0};
  auto model = ReadOnnx(OnnxFile(weights, {}));
  REQUIRE(model.ok());
  auto network = Network::Create(std::move(model.value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  std::vector<float> image(36, 100);  // the rim
  for (size_t y = 1; y < 5; ++y) {
    for (size_t x = 1; x < 5; ++x) image[y * 6 + x] = 2;
  }
  std::vector<float> output(2);
  REQUIRE(network.value().Run(1, image, output).ok());
  CHECK_THAT(output[1], Catch::Matchers::WithinAbs(1 / (1 + std::exp(-2.0)), 1e-6));
}

}  // namespace
}  // namespace insitu
