#include "shared/network/convolution.h"

#include <catch_amalgamated.hpp>
#include <cmath>

#include "shared/limits.h"
#include "tests/make_model.h"
#include "tests/reference_network.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

// (outer, middle, inner) -> (outer, inner, middle)
std::vector<float> Swapped(const std::vector<float>& from, int64_t outer, int64_t middle,
                           int64_t inner) {
  std::vector<float> to;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      for (int64_t m = 0; m < middle; ++m)
        to.push_back(from[static_cast<size_t>((o * middle + m) * inner + i)]);
    }
  }
  return to;
}

// A convolution and the numbers it is tried on, in ONNX's order.
struct Trial {
  ReferenceConvolution shape;
  std::vector<float> weights;
  std::vector<float> bias;

  explicit Trial(const ReferenceConvolution& c)
      : shape(c),
        weights(TestNumbers(
            static_cast<size_t>(c.outputs * c.inputs / c.groups * c.kernel_h * c.kernel_w), 2)),
        bias(TestNumbers(static_cast<size_t>(c.outputs), 3)) {
    const auto terms = static_cast<float>(weights.size()) / static_cast<float>(c.outputs);
    for (float& weight : weights) weight /= std::sqrt(terms);  // so that sums stay about 1
  }

  size_t InputSize() const {
    return static_cast<size_t>(shape.inputs * shape.height * shape.width);
  }
  size_t OutputSize() const {
    return static_cast<size_t>(shape.outputs * shape.OutputHeight() * shape.OutputWidth());
  }

  Result<std::unique_ptr<Operation>> Make(int64_t items, Clamp clamp) const {
    const ReferenceConvolution& c = shape;
    const std::vector<float> moved =
        Swapped(weights, c.outputs, c.inputs / c.groups, c.kernel_h * c.kernel_w);
    ConvolutionSpec spec;
    spec.window = {{c.height, c.width},          {c.OutputHeight(), c.OutputWidth()},
                   {c.kernel_h, c.kernel_w},     {c.stride_h, c.stride_w},
                   {c.dilation_h, c.dilation_w}, {c.top, c.left},
                   {c.bottom, c.right}};
    spec.items = items;
    spec.groups = c.groups;
    spec.group_inputs = c.inputs / c.groups;
    spec.group_outputs = c.outputs / c.groups;
    spec.weights = moved.data();
    spec.bias = bias.data();
    spec.clamp = clamp;
    return MakeConvolution(spec);
  }

  // The largest difference from the naive loop over a batch of images with `items` each.
  float Worst(int64_t items, int batch, Clamp clamp = {}) const {
    const ReferenceConvolution& c = shape;
    auto operation = Make(items, clamp);
    REQUIRE(operation.ok());
    const auto images = static_cast<size_t>(items * batch);
    const std::vector<float> planes = TestNumbers(images * InputSize(), 1);
    const std::vector<float> input = Swapped(planes, items * batch, c.inputs, c.height * c.width);
    std::vector<float> output(images * OutputSize(), NAN);
    const Operand operand{input.data(), items * static_cast<int64_t>(InputSize())};
    REQUIRE(
        operation.value()
            ->Bind(batch, {&operand, 1}, output.data(), items * static_cast<int64_t>(OutputSize()))
            .ok());
    operation.value()->Run();
    float worst = 0;
    for (size_t image = 0; image < images; ++image) {
      const auto at = planes.begin() + static_cast<std::ptrdiff_t>(image * InputSize());
      const std::vector<float> expected =
          Swapped(c.Run({at, at + static_cast<std::ptrdiff_t>(InputSize())}, weights, bias), 1,
                  c.outputs, c.OutputHeight() * c.OutputWidth());
      for (size_t i = 0; i < expected.size(); ++i) {
        const float error = std::fabs(output[image * OutputSize() + i] - clamp(expected[i]));
        worst = error <= worst ? worst : error;  // NaN counts
      }
    }
    return worst;
  }
};

// h  w  in out g  kh kw sh sw dh dw  t  l  b  r
const ReferenceConvolution kShapes[] = {
    {7, 9, 3, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},    {8, 8, 4, 6, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {3, 3, 2, 2, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1},     // as many outputs as inputs, but elsewhere
    {1, 1, 20, 70, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},   // one pixel
    {3, 7, 5, 33, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},    // a last tile of one pixel
    {8, 8, 4, 6, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},     // groups
    {5, 5, 3, 6, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // two outputs a channel
    {5, 5, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // one channel
    {3, 3, 600, 40, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // more weights than a cache holds
    {11, 11, 2, 3, 1, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3},   // dilation
    {2, 2, 3, 9, 1, 3, 3, 1, 1, 1, 1, 5, 5, 5, 5},     // windows on padding alone
    {9, 7, 6, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // depthwise
    {9, 7, 21, 21, 21, 3, 3, 2, 1, 2, 1, 0, 2, 1, 0},  // and a last vector that lies over another
    {9, 9, 43, 43, 43, 5, 5, 1, 2, 1, 1, 2, 2, 2, 2},  // and four at once
    {9, 9, 8, 8, 8, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},     // one tap
    {12, 12, 5, 5, 5, 11, 7, 1, 1, 1, 1, 5, 3, 5, 3},  // many
    {4, 4, 2, 2, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // too few channels
    {2, 2, 4, 4, 4, 3, 3, 1, 1, 1, 1, 5, 5, 5, 5},     // none
    {2, 3, 4, 4, 4, 2, 2, 1, 1, 4, 5, 4, 5, 4, 5},     // fewer than the padding is wide
};

TEST_CASE("Every kind of convolution equals the naive loop, whatever the batch", "[convolution]") {
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    const Trial trial(shape);
    CHECK(trial.Worst(1, 1) < kTolerance);
    CHECK(trial.Worst(1, 3) < kTolerance);
    CHECK(trial.Worst(2, 2) < kTolerance);
    CHECK(trial.Worst(1, 2, {-0.25F, 0.5F}) < kTolerance);
  }
}

TEST_CASE("A convolution takes no value from beyond its input", "[convolution]") {
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    const Trial trial(shape);
    auto operation = trial.Make(1, {});
    REQUIRE(operation.ok());
    std::vector<float> input(trial.InputSize() + 128, NAN);
    std::fill_n(input.begin() + 64, trial.InputSize(), 1.0F);
    std::vector<float> output(trial.OutputSize() + 1, 7);
    const Operand operand{input.data() + 64, static_cast<int64_t>(trial.InputSize())};
    REQUIRE(operation.value()->Bind(1, {&operand, 1}, output.data(), 0).ok());
    operation.value()->Run();
    CHECK(std::none_of(output.begin(), output.end(), [](float v) { return std::isnan(v); }));
    CHECK(output.back() == 7);
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
      auto operation = MakeDense(
          {rows, 37, 19, trial.weights.data(), has_bias ? trial.bias.data() : nullptr, {}});
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
  const auto made = [&weights](int64_t side) {
    ConvolutionSpec spec;
    spec.window = {{side, side}, {side, side}, {64, 64}, {1, 1}, {1, 1}, {32, 32}, {31, 31}};
    spec.weights = weights.data();
    return MakeConvolution(spec);
  };
  CHECK(made(128).ok());
  const auto refused = made(1024);
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
