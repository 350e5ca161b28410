#include "shared/network/bfloat_dense.h"

#include <algorithm>
#include <bit>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

struct Layer {
  int64_t rows, inputs, outputs;
  std::vector<float> weights;  // (outputs, inputs), of 8 bits
  std::vector<float> bias;
  Clamp clamp = {};

  Layer(int64_t row_count, int64_t input_count, int64_t output_count)
      : rows(row_count),
        inputs(input_count),
        outputs(output_count),
        weights(TestNumbers(static_cast<size_t>(inputs * outputs), 2)),
        bias(TestNumbers(static_cast<size_t>(outputs), 3)) {
    const float scale = 1 / std::sqrt(static_cast<float>(inputs));  // so that sums stay about 1
    for (float& weight : weights) {
      weight = std::bit_cast<float>(std::bit_cast<uint32_t>(weight * scale) & 0xffff0000);
    }
  }

  DenseSpec Spec() const { return {rows, inputs, outputs, weights.data(), bias.data(), clamp}; }

  std::vector<float> Run(int batch, const std::vector<float>& input) const {
    REQUIRE(SuitsBfloatDense(Spec()));
    const auto operation = MakeBfloatDense(Spec());
    const auto size = static_cast<size_t>(batch * rows * outputs);
    std::vector<float> output(size + 1, NAN);
    const Operand operand{input.data(), rows * inputs};
    REQUIRE(operation->Bind(batch, {&operand, 1}, output.data(), rows * outputs).ok());
    operation->Run();
    CHECK(std::isnan(output.back()));  // nothing beyond
    output.pop_back();
    return output;
  }

  float Worst(int batch) const {
    const std::vector<float> input = TestNumbers(static_cast<size_t>(batch * rows * inputs), 1);
    const std::vector<float> output = Run(batch, input);
    float worst = 0;
    for (int64_t row = 0; row < batch * rows; ++row) {
      for (int64_t column = 0; column < outputs; ++column) {
        double sum = double{bias[static_cast<size_t>(column)]};
        for (int64_t k = 0; k < inputs; ++k) {
          sum += double{input[static_cast<size_t>(row * inputs + k)]} *
                 double{weights[static_cast<size_t>(column * inputs + k)]};
        }
        const float error = std::fabs(output[static_cast<size_t>(row * outputs + column)] -
                                      clamp(static_cast<float>(sum)));
        worst = error <= worst ? worst : error;  // NaN counts
      }
    }
    return worst;
  }
};

TEST_CASE("A dense layer of bfloat16 weights equals the naive loop, whatever the batch",
          "[bfloat_dense]") {
  for (const auto& [rows, inputs, outputs] : {std::array<int64_t, 3>{1, 3136, 128},
                                              {1, 128, 2},
                                              {3, 7, 32},
                                              {2, 1, 33},
                                              {1, 50, 31},
                                              {4, 20, 100},
                                              {1, 5, 1}}) {
    INFO(rows << " rows of " << inputs << " by " << outputs);
    Layer layer(rows, inputs, outputs);
    CHECK(layer.Worst(1) < kTolerance);
    CHECK(layer.Worst(3) < kTolerance);
    layer.clamp = {-0.25F, 0.5F};
    CHECK(layer.Worst(2) < kTolerance);
  }
}

TEST_CASE("A dense layer of bfloat16 weights keeps NaN, huge and denormal values",
          "[bfloat_dense]") {
  Layer layer(1, 4, 9);
  layer.bias.assign(9, 0.0F);
  std::fill(layer.weights.begin(), layer.weights.end(), 0.5F);
  CHECK(layer.Run(1, {1e38F, 1e38F, 0, 0}) == std::vector<float>(9, 1e38F));
  CHECK(layer.Run(1, {1e-40F, 1e-40F, 0, 0}) == std::vector<float>(9, 1e-40F));
  for (const float value : layer.Run(1, {0, NAN, 0, 0})) CHECK(std::isnan(value));
}

TEST_CASE("Only numbers whose lower half is zero are bfloat16", "[bfloat_dense]") {
  Layer layer(1, 6, 5);
  CHECK(SuitsBfloatDense(layer.Spec()));
  layer.weights.back() = 1 + 0x1p-7F;  // the last of eight bits
  CHECK(SuitsBfloatDense(layer.Spec()));
  layer.weights.back() = 1 + 0x1p-8F;
  CHECK_FALSE(SuitsBfloatDense(layer.Spec()));
}

}  // namespace
}  // namespace insitu
