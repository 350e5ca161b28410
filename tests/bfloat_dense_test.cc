// Dense layers of bfloat16 weights, by the kernel that WebAssembly takes for them.
#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "shared/network/convolution.h"
#include "shared/network/matrix_convolution.h"
#include "tests/bfloat.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// How the weights lie in a model's file.
enum class Stored { kFloats, kHalves };

struct Layer {
  int64_t rows = 1;
  int64_t inputs = 1;
  int64_t outputs = 1;
  int64_t taps = 1;         // that the inputs are of; in memory they come before their channels
  bool transposed = false;  // the weights are (outputs, inputs), as Gemm's of transB
  Stored stored = Stored::kFloats;
  Clamp clamp = {};
  std::vector<float> bias = {};  // or none
  std::vector<float> weights;    // (outputs, inputs), in ONNX's order: (channels, taps)

  Layer(int64_t rows, int64_t inputs, int64_t outputs)
      : rows(rows),
        inputs(inputs),
        outputs(outputs),
        weights(TestNumbers(static_cast<size_t>(inputs * outputs), 2)) {
    for (float& weight : weights) weight = NarrowOf(weight / std::sqrt(static_cast<float>(inputs)));
  }

  int64_t channels() const { return inputs / taps; }

  // The row's input for the weight of that place in ONNX's order.
  int64_t Place(int64_t input) const { return input % taps * channels() + input / taps; }

  std::vector<float> Expected(const std::vector<float>& input) const {
    std::vector<float> output;
    for (size_t row = 0; row < input.size(); row += static_cast<size_t>(inputs)) {
      for (int64_t o = 0; o < outputs; ++o) {
        double sum = bias.empty() ? 0 : bias[static_cast<size_t>(o)];
        for (int64_t i = 0; i < inputs; ++i) {
          sum += static_cast<double>(input[row + static_cast<size_t>(Place(i))]) *
                 static_cast<double>(weights[static_cast<size_t>(o * inputs + i)]);
        }
        output.push_back(clamp(static_cast<float>(sum)));
      }
    }
    return output;
  }

  // input: (batch * rows, inputs)
  std::vector<float> Run(int batch, const std::vector<float>& input) const {
    std::vector<float> floats(weights.size());
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t i = 0; i < inputs; ++i) {
        const int64_t at = transposed ? o * inputs + i : i * outputs + o;
        floats[static_cast<size_t>(at)] = weights[static_cast<size_t>(o * inputs + i)];
      }
    }
    std::vector<uint8_t> halves;
    for (const float weight : floats) {
      const uint16_t half = HalfFromFloat(weight);
      halves.push_back(static_cast<uint8_t>(half & 0xff));
      halves.push_back(static_cast<uint8_t>(half >> 8));
    }
    ConvolutionSpec spec;
    spec.window.input[0] = spec.window.output[0] = rows;
    spec.group_inputs = inputs;
    spec.group_outputs = outputs;
    const int64_t across = transposed ? inputs : 1;
    const int64_t down = transposed ? 1 : outputs;
    spec.weights = {floats.data(), taps, channels(), across, down, down * taps};
    if (stored == Stored::kHalves) {
      spec.weights.data = nullptr;
      spec.weights.halves = halves.data();
    }
    spec.bias = bias.empty() ? nullptr : bias.data();
    spec.clamp = clamp;
    auto operation = MakeMatrixConvolution(spec, BfloatKernel());
    REQUIRE(operation.ok());
    floats.assign(floats.size(), NAN);  // the weights are not referred to any more
    halves.assign(halves.size(), 0xff);
    std::vector<float> output(static_cast<size_t>(batch * rows * outputs), NAN);
    const Operand operand{input.data(), rows * inputs};
    REQUIRE(operation.value()->Bind(batch, {&operand, 1}, output.data(), rows * outputs).ok());
    operation.value()->Run();
    return output;
  }

  std::vector<float> Input(int batch) const {
    return TestNumbers(static_cast<size_t>(batch * rows * inputs), 1);
  }

  // The largest difference from the naive loop.
  float Worst(int batch) const {
    const std::vector<float> input = Input(batch);
    const std::vector<float> output = Run(batch, input);
    const std::vector<float> expected = Expected(input);
    REQUIRE(output.size() == expected.size());
    float worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const float error = std::fabs(output[i] - expected[i]);
      worst = error <= worst ? worst : error;  // NaN counts
    }
    return worst;
  }
};

TEST_CASE("A dense layer of bfloat16 weights equals the naive loop, whatever its size and batch",
          "[matrix]") {
  for (const int64_t outputs : {1, 2, 15, 16, 17, 31, 32, 33, 64, 100}) {
    for (const int64_t inputs : {1, 2, 7, 64, 333}) {
      for (const int64_t rows : {1, 2, 5}) {
        INFO(rows << " rows, " << inputs << " inputs, " << outputs << " outputs");
        Layer layer(rows, inputs, outputs);
        for (const int batch : {1, 3}) CHECK(layer.Worst(batch) < kTolerance);
        layer.bias = TestNumbers(static_cast<size_t>(outputs), 3);
        layer.stored = Stored::kHalves;
        CHECK(layer.Worst(3) < kTolerance);
        layer.transposed = true;
        layer.clamp = {-0.25F, 0.5F};
        for (const int batch : {1, 3}) CHECK(layer.Worst(batch) < kTolerance);
        layer.stored = Stored::kFloats;
        CHECK(layer.Worst(1) < kTolerance);
      }
    }
  }
}

TEST_CASE("Its weights are put in the order of a flattened value's memory", "[matrix]") {
  for (const int64_t taps : {2, 6, 21}) {
    for (const int64_t outputs : {5, 33}) {
      for (const bool transposed : {false, true}) {
        for (const Stored stored : {Stored::kFloats, Stored::kHalves}) {
          INFO(taps << " taps, " << outputs << " outputs, transposed " << transposed);
          Layer layer(2, 42, outputs);
          layer.taps = taps;
          layer.transposed = transposed;
          layer.stored = stored;
          layer.bias = TestNumbers(static_cast<size_t>(outputs), 3);
          CHECK(layer.Worst(2) < kTolerance);
        }
      }
    }
  }
}

TEST_CASE("Weights that are stored as float16 give what the same floats give, to the last bit",
          "[matrix]") {
  Layer layer(2, 57, 41);
  const std::vector<float> input = layer.Input(1);
  const std::vector<float> output = layer.Run(1, input);
  layer.stored = Stored::kHalves;
  CHECK(layer.Run(1, input) == output);
}

TEST_CASE("Denormal and huge values keep their relative error in a dense layer of bfloat16 weights",
          "[matrix]") {
  const Layer layer(2, 64, 33);
  const std::vector<float> input = layer.Input(1);
  const std::vector<float> expected = layer.Run(1, input);
  for (const float scale : {0x1p-130F, 0x1p-120F, 0x1p100F, 0x1p120F}) {
    std::vector<float> scaled = input;
    for (float& value : scaled) value *= scale;
    const std::vector<float> output = layer.Run(1, scaled);
    // What a denormal value cannot hold is 2^-149.
    const float lost = std::max(kTolerance, 100 * 0x1p-149F / scale);
    for (size_t i = 0; i < output.size(); ++i)
      CHECK(std::fabs(output[i] / scale - expected[i]) <= lost);
  }
}

// Alike in what they are, and nearly in what they say.
bool AreAlike(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) < kTolerance;
}

TEST_CASE("Infinite and no numbers reach all outputs of their row through a clamp, and no others",
          "[matrix]") {
  for (const float value : {kInfinity, -kInfinity, NAN}) {
    for (const Clamp clamp : {Clamp{}, Clamp{0, 6}}) {
      Layer layer(3, 7, 35);
      layer.clamp = clamp;
      std::vector<float> input = layer.Input(1);
      input[7 + 4] = value;
      const std::vector<float> output = layer.Run(1, input);
      const std::vector<float> expected = layer.Expected(input);
      for (size_t i = 0; i < output.size(); ++i) {
        INFO(value << ": " << output[i] << " for " << expected[i] << " at " << i);
        CHECK(AreAlike(output[i], expected[i]));
        if (std::isnan(value)) CHECK(std::isnan(output[i]) == (i / 35 == 1));
      }
    }
  }
}

TEST_CASE("An infinite weight or one that is no number counts for its output alone", "[matrix]") {
  for (const float weight : {kInfinity, -kInfinity, NAN}) {
    for (const Stored stored : {Stored::kFloats, Stored::kHalves}) {
      for (int64_t o = 0; o < 35; ++o) {
        Layer layer(2, 3, 35);
        layer.stored = stored;
        layer.weights[static_cast<size_t>(o * 3 + 1)] = weight;
        const std::vector<float> input = layer.Input(1);
        const std::vector<float> output = layer.Run(1, input);
        const std::vector<float> expected = layer.Expected(input);
        const auto alike = std::equal(output.begin(), output.end(), expected.begin(), AreAlike);
        INFO(weight << " of output " << o);
        CHECK(alike);
      }
    }
  }
}

TEST_CASE("Weights are bfloat16 numbers while all are: not with one bit more, nor as floats",
          "[matrix]") {
  // 1, -1, the largest of 8 significant bits, infinity, NaN, -0, the smallest denormal; then one
  // with a ninth significant bit, normal or denormal.
  for (uint16_t ninth : {uint16_t{0x3c04}, uint16_t{0x03ff}}) {
    std::vector<uint8_t> halves;
    for (uint16_t half : std::initializer_list<uint16_t>{0x3c00, 0xbc00, 0x7bf8, 0x7c00, 0x7e00,
                                                         0x8000, 0x0001, ninth}) {
      halves.push_back(static_cast<uint8_t>(half));
      halves.push_back(static_cast<uint8_t>(half >> 8));
    }
    WeightView view;
    view.halves = halves.data();
    CHECK(view.AreBfloats(7));
    CHECK_FALSE(view.AreBfloats(8));
  }
  const float floats[] = {1, 2};
  CHECK_FALSE(WeightView{.data = floats}.AreBfloats(2));
}

}  // namespace
}  // namespace insitu
