#include "shared/network/convolution.h"

#include <catch_amalgamated.hpp>
#include <cmath>

#include "shared/limits.h"
#include "tests/convolution_trial.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

// h  w  in out g  kh kw sh sw dh dw  t  l  b  r
const ReferenceConvolution kShapes[] = {
    {7, 9, 3, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},
    {8, 8, 4, 6, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {3, 3, 2, 2, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1},      // as many outputs as inputs, but elsewhere
    {1, 1, 20, 70, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},    // one pixel
    {3, 7, 5, 33, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},     // a last tile of one pixel
    {8, 8, 4, 6, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},      // groups
    {5, 5, 3, 6, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},      // two outputs a channel
    {5, 5, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},      // one channel
    {3, 3, 600, 40, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   // more weights than a cache holds
    {41, 39, 64, 70, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},  // more pixels
    {11, 11, 2, 3, 1, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3},    // dilation
    {2, 2, 3, 9, 1, 3, 3, 1, 1, 1, 1, 5, 5, 5, 5},      // windows on padding alone
    {9, 7, 6, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},      // depthwise
    {9, 7, 21, 21, 21, 3, 3, 2, 1, 2, 1, 0, 2, 1, 0},   // and a last vector that lies over another
    {9, 9, 43, 43, 43, 5, 5, 1, 2, 1, 1, 2, 2, 2, 2},   // steps along a row
    {9, 9, 8, 8, 8, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},      // one tap
    {12, 12, 5, 5, 5, 11, 7, 1, 1, 1, 1, 5, 3, 5, 3},   // many
    {4, 4, 2, 2, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},      // too few channels
    {2, 2, 4, 4, 4, 3, 3, 1, 1, 1, 1, 5, 5, 5, 5},      // none
    {2, 3, 4, 4, 4, 2, 2, 1, 1, 4, 5, 4, 5, 4, 5},      // fewer than the padding is wide
    {6, 6, 24, 24, 24, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},   // depthwise, more rows than a window sees
    {3, 2, 12, 12, 12, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   // rows of fewer pixels than a tile
    {13, 11, 9, 9, 9, 2, 2, 3, 4, 1, 1, 0, 0, 0, 0},    // strides beyond the window
    {9, 12, 17, 17, 17, 3, 5, 2, 2, 2, 1, 4, 0, 0, 6},  // and padding on two sides only
};

TEST_CASE("Every kind of convolution equals the naive loop, whatever the batch", "[convolution]") {
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    const Trial trial(shape);
    CHECK(trial.WorstOfAll() < kTolerance);
  }
}

TEST_CASE("A convolution takes no value from beyond its input", "[convolution]") {
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    const Trial trial(shape);
    CHECK(trial.StaysWithin());
  }
}

TEST_CASE("A constant input serves every item of a batch", "[convolution]") {
  for (int64_t groups : {1, 4}) {
    const Trial trial({3, 3, 4, 4, groups, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0});
    auto operation = trial.Make(1, {});
    REQUIRE(operation.ok());
    const std::vector<float> input = TestNumbers(trial.InputSize(), 1);
    std::vector<float> output(2 * trial.OutputSize());
    const Operand operand{input.data(), 0};
    REQUIRE(operation.value()->Bind(2, {&operand, 1}, output.data(), 36).ok());
    operation.value()->Run();
    CHECK(std::equal(output.begin(), output.begin() + 36, output.begin() + 36));
  }
}

TEST_CASE("NaN passes through a convolution and its clamp", "[convolution]") {
  for (int64_t groups : {1, 8}) {
    Trial trial({2, 2, 8, 8, groups, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0});
    trial.bias.assign(8, NAN);
    auto operation = trial.Make(1, {0, 6});
    REQUIRE(operation.ok());
    const std::vector<float> input = TestNumbers(trial.InputSize(), 1);
    std::vector<float> output(trial.OutputSize());
    const Operand operand{input.data(), 32};
    REQUIRE(operation.value()->Bind(1, {&operand, 1}, output.data(), 32).ok());
    operation.value()->Run();
    CHECK(std::all_of(output.begin(), output.end(), [](float v) { return std::isnan(v); }));
  }
}

TEST_CASE("A dense layer equals the naive loop with and without a bias", "[convolution]") {
  for (int64_t rows : {1, 2, 9}) {
    const Trial trial({rows, 1, 37, 19, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0});
    for (bool has_bias : {true, false}) {
      auto operation = MakeDense({rows,
                                  37,
                                  19,
                                  WeightView::ChannelsFirst(trial.weights.data(), 37, 1),
                                  has_bias ? trial.bias.data() : nullptr,
                                  {}});
      REQUIRE(operation.ok());
      const std::vector<float> planes = TestNumbers(trial.InputSize(), 1);
      const std::vector<float> input = Swapped(planes, 1, 37, rows);
      std::vector<float> output(trial.OutputSize());
      const Operand operand{input.data(), rows * 37};
      REQUIRE(operation.value()->Bind(1, {&operand, 1}, output.data(), rows * 19).ok());
      operation.value()->Run();
      const std::vector<float> bias = has_bias ? trial.bias : std::vector<float>(19);
      const auto expected = Swapped(trial.shape.Run(planes, trial.weights, bias), 1, 19, rows);
      for (size_t i = 0; i < expected.size(); ++i)
        CHECK(output[i] == Catch::Approx(expected[i]).margin(kTolerance));
    }
  }
}

TEST_CASE("A convolution whose window needs more memory than a run may have is refused",
          "[convolution]") {
  const std::vector<float> weights(size_t{64} * 64);
  const auto made = [&weights](int64_t columns) {
    ConvolutionSpec spec;
    spec.window = {{1, columns}, {1, columns}, {64, 64}, {1, 1}, {1, 1}, {32, 32}, {31, 31}};
    spec.weights = WeightView::ChannelsFirst(weights.data(), 1, int64_t{64} * 64);
    return MakeConvolution(spec);
  };
  // A place of every tap is kept for each output value, in whole tiles of as many as the machine's
  // kernel takes.
  constexpr int64_t kLargestTile = 16;
  constexpr int64_t kMost =
      kMaxArenaBytes / static_cast<int64_t>(sizeof(float*)) / (int64_t{64} * 64);
  CHECK(made(kMost - kLargestTile).ok());
  const auto refused = made(kMost + 1);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kOutOfMemory);
}

TEST_CASE("Weights that grow beyond a run's memory when packed are refused", "[convolution]") {
  ConvolutionSpec spec;
  spec.window.kernel[0] = int64_t{1} << 20;
  spec.groups = int64_t{1} << 10;
  spec.group_inputs = 2;
  const auto operation = MakeConvolution(spec);  // before it reads any weight
  REQUIRE_FALSE(operation.ok());
  CHECK(operation.error().code == ErrorCode::kOutOfMemory);
}

}  // namespace
}  // namespace insitu
