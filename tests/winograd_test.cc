#include "shared/network/winograd.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "shared/network/matrix_convolution.h"
#include "shared/network/winograd_transform.h"
#include "tests/convolution_trial.h"

namespace insitu {
namespace {

// As winograd.h says: of sums of about 1, by six points and by seven.
constexpr float kToleranceOfSix = 4e-6F;
constexpr float kToleranceOfSeven = 1e-5F;

Result<std::unique_ptr<Operation>> Make(const ConvolutionSpec& spec) { return MakeWinograd(spec); }

Trial Tried(const ReferenceConvolution& shape) {
  Trial trial(shape);
  trial.make = Make;
  return trial;
}

// h  w  in out g  kh kw sh sw dh dw  t  l  b  r
const ReferenceConvolution kOfSix[] = {
    {6, 6, 4, 4, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},  // one tile
    {14, 14, 32, 64, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},
    {7, 8, 8, 12, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // last tiles that are cut
    {5, 12, 5, 7, 1, 3, 3, 1, 1, 1, 1, 0, 2, 1, 0},     // channels beyond the last vector
    {10, 10, 13, 9, 1, 3, 3, 1, 1, 1, 1, 2, 2, 2, 2},   // more padding than the kernel reaches
    {4, 4, 6, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},      // less than a tile
    {3, 13, 6, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},     // one row
    {11, 2, 6, 33, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},    // one column
    {1, 1, 4, 4, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},      // one pixel
    {2, 2, 4, 9, 1, 3, 3, 1, 1, 1, 1, 6, 6, 6, 6},      // tiles on padding alone
    {36, 32, 16, 17, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // several batches of tiles
    {6, 6, 16, 32, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    // of the mammogram network: tiles of three
    {13, 15, 8, 8, 1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},    // every second pixel: taps of two and one
    {12, 11, 8, 8, 1, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},    // parts of three and two
    {13, 12, 8, 8, 1, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},
    {12, 12, 8, 8, 1, 6, 3, 1, 1, 1, 1, 2, 1, 3, 1},  // in one direction alone
    {12, 12, 8, 8, 1, 3, 5, 1, 2, 1, 1, 1, 2, 1, 2},  // steps in one direction alone
};

const ReferenceConvolution kOfSeven[] = {
    {9, 10, 8, 8, 1, 4, 4, 1, 1, 1, 1, 0, 0, 0, 0},
    {13, 15, 8, 12, 1, 7, 7, 2, 2, 1, 1, 0, 0, 0,
     0},  // the dense layer of a map's every second place
    {25, 21, 16, 9, 1, 7, 7, 2, 2, 1, 1, 3, 3, 3, 3},
    {13, 14, 9, 13, 1, 7, 7, 1, 1, 1, 1, 3, 3, 3, 3},  // of every place
    {13, 14, 6, 5, 1, 8, 11, 1, 1, 1, 1, 3, 5, 4, 5},
    {17, 18, 5, 6, 1, 16, 15, 2, 2, 1, 1, 7, 7, 7, 7},
    // Three taps, and tiles of five outputs:
    {16, 16, 32, 64, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},  // of the seed network
    {40, 33, 16, 17, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // several batches of tiles
    {16, 14, 9, 13, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},   // and of four across
    {11, 20, 8, 8, 1, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},
};

TEST_CASE("Winograd's convolution equals the naive loop within its bound, whatever the batch",
          "[winograd]") {
  for (const ReferenceConvolution& shape : kOfSix) {
    INFO(shape.height << "x" << shape.width << ", " << shape.inputs << " channels, kernel "
                      << shape.kernel_h << "x" << shape.kernel_w << ", step " << shape.stride_h);
    CHECK(Tried(shape).WorstOfAll() < kToleranceOfSix);
  }
  for (const ReferenceConvolution& shape : kOfSeven) {
    INFO(shape.height << "x" << shape.width << ", " << shape.inputs << " channels, kernel "
                      << shape.kernel_h << "x" << shape.kernel_w << ", step " << shape.stride_h);
    CHECK(Tried(shape).WorstOfAll() < kToleranceOfSeven);
  }
}

TEST_CASE("An image's outputs are the same to the last bit in every batch", "[winograd]") {
  for (const ReferenceConvolution& shape : {kOfSix[3], kOfSix[10], kOfSeven[1], kOfSeven[6]}) {
    const Trial trial = Tried(shape);
    const size_t item = trial.InputSize();
    const std::vector<float> input = TestNumbers(5 * item, 1);
    const std::vector<float> together = trial.Run(1, 5, {}, input);
    for (size_t i = 0; i < 5; ++i) {
      const auto from = input.begin() + static_cast<std::ptrdiff_t>(i * item);
      const std::vector<float> alone =
          trial.Run(1, 1, {}, {from, from + static_cast<std::ptrdiff_t>(item)});
      CHECK(std::equal(alone.begin(), alone.end(),
                       together.begin() + static_cast<std::ptrdiff_t>(i * alone.size())));
    }
  }
}

TEST_CASE("Winograd's convolution takes no value from beyond its input", "[winograd]") {
  for (const ReferenceConvolution& shape :
       {kOfSix[0], kOfSix[3], kOfSix[5], kOfSeven[2], kOfSeven[7]}) {
    CHECK(Tried(shape).StaysWithin());
  }
}

TEST_CASE("NaN reaches every output whose window sees it, through the clamp", "[winograd]") {
  for (const ReferenceConvolution& shape :
       {kOfSix[2], kOfSix[13], kOfSeven[1], kOfSeven[3], kOfSeven[8]}) {
    const Trial trial = Tried(shape);
    for (int64_t at = 0; at < shape.height * shape.width; ++at) CHECK(trial.CarriesNan(at));
  }
}

// The largest difference from the naive loop over inputs of that scale, in units of it.
float WorstAtScale(const ReferenceConvolution& shape, float scale) {
  Trial trial = Tried(shape);
  trial.bias.assign(trial.bias.size(), 0);
  std::vector<float> planes = TestNumbers(trial.InputSize(), 1);
  for (float& value : planes) value *= scale;
  const auto output =
      trial.Run(1, 1, {}, Swapped(planes, 1, shape.inputs, shape.height * shape.width));
  const auto expected = Swapped(shape.Run(planes, trial.weights, trial.bias), 1, shape.outputs,
                                shape.OutputHeight() * shape.OutputWidth());
  float worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const float error = std::fabs(output[i] - expected[i]) / scale;
    worst = error <= worst ? worst : error;
  }
  return worst;
}

TEST_CASE("Huge values keep their relative error as far as the header says", "[winograd]") {
  // Here the weights of an output sum up to 5 and to 11, so the largest values allowed are 1e32.
  for (const float scale : {1e-30F, 1e30F, 1e31F}) {
    CHECK(WorstAtScale(kOfSix[2], scale) < kToleranceOfSix);
    CHECK(WorstAtScale(kOfSeven[1], scale) < kToleranceOfSeven);
    CHECK(WorstAtScale(kOfSeven[8], scale) < kToleranceOfSeven);
  }
  // Beyond, nothing is promised, but nothing that looks right is wrong: without a clamp.
  const Trial trial = Tried(kOfSeven[1]);
  const std::vector<float> output =
      trial.Run(1, 1, {}, std::vector<float>(trial.InputSize(), 1e38F));
  CHECK(std::none_of(output.begin(), output.end(), [](float v) { return std::fabs(v) < 1e30F; }));
}

TEST_CASE("Denormal values are not lost", "[winograd]") {
  // The smallest of them is 1e-5 of these.
  CHECK(WorstAtScale(kOfSix[2], 1e-40F) < 1e-2F);
  CHECK(WorstAtScale(kOfSeven[1], 1e-40F) < 1e-2F);
}

// Both transforms of one line of four channels, with weights 2, 3, … between them.
void CheckTransforms(int64_t points, int64_t outputs) {
  INFO(points << " points, " << outputs << " outputs");
  const int64_t taps = points - outputs + 1;
  std::vector<float> inputs(static_cast<size_t>(points * 4));
  std::vector<float> products(inputs.size());
  std::vector<float> answers(inputs.size(), 77);
  const float* from[kMaxWinogradPoints];
  float* to[kMaxWinogradPoints];
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t c = 0; c < 4; ++c)
      inputs[static_cast<size_t>(i * 4 + c)] = static_cast<float>(i * i - c);
    from[i] = &inputs[static_cast<size_t>(i * 4)];
    to[i] = &products[static_cast<size_t>(i * 4)];
  }
  TransformInput({points, from, to, 4});
  for (int64_t i = 0; i < points; ++i) {
    double weight = 0;
    for (int64_t tap = 0; tap < taps; ++tap)
      weight += WinogradWeight(points, outputs, i, tap) * static_cast<double>(tap + 2);
    for (int64_t c = 0; c < 4; ++c)
      products[static_cast<size_t>(i * 4 + c)] *= static_cast<float>(weight);
    from[i] = &products[static_cast<size_t>(i * 4)];
    to[i] = &answers[static_cast<size_t>(i * 4)];
  }
  TransformOutput({points, from, to, 4, outputs});
  for (int64_t i = 0; i < points; ++i) {
    for (int64_t c = 0; c < 4; ++c) {
      float expected = i < outputs ? 0 : 77;  // nothing is written beyond the outputs
      for (int64_t tap = 0; tap < taps && i < outputs; ++tap)
        expected += static_cast<float>(((i + tap) * (i + tap) - c) * (tap + 2));
      CHECK(answers[static_cast<size_t>(i * 4 + c)] == Catch::Approx(expected).margin(1e-4));
    }
  }
}

TEST_CASE("The transforms give the sums that define them", "[winograd]") {
  for (int64_t outputs = kMinWinogradOutputs; outputs <= kMaxWinogradOutputs; ++outputs) {
    for (int64_t points = std::max(outputs, kMinWinogradPoints); points <= kMaxWinogradPoints;
         ++points)
      CheckTransforms(points, outputs);
  }
}

ConvolutionSpec Spec(int64_t side, int64_t channels, int64_t kernel, int64_t stride = 1) {
  ConvolutionSpec spec;
  const int64_t output = (side - kernel) / stride + 1;
  spec.window = {{side, side}, {output, output}, {kernel, kernel}, {stride, stride}, {1, 1}, {0, 0},
                 {0, 0}};
  spec.group_inputs = spec.group_outputs = channels;
  return spec;
}

TEST_CASE("Winograd's way is taken where it saves products", "[winograd]") {
  CHECK(SuitsWinograd(Spec(16, 32, 3)));
  CHECK(SuitsWinograd(Spec(30, 64, 7)));
  CHECK(SuitsWinograd(Spec(37, 64, 7, 2)));
  CHECK_FALSE(SuitsWinograd(Spec(16, 32, 1)));
  CHECK_FALSE(SuitsWinograd(Spec(16, 32, 2)));
  CHECK_FALSE(SuitsWinograd(Spec(16, 3, 3)));       // transforms would cost more
  CHECK_FALSE(SuitsWinograd(Spec(17, 32, 3, 2)));   // nothing saved
  CHECK_FALSE(SuitsWinograd(Spec(30, 64, 9, 3)));   // steps too far
  CHECK_FALSE(SuitsWinograd(Spec(4, 512, 3)));      // its weights would be read once
  CHECK_FALSE(SuitsWinograd(Spec(60, 64, 33, 2)));  // more parts than there may be
  ConvolutionSpec dilated = Spec(16, 32, 3);
  dilated.window.dilation[1] = 2;
  CHECK_FALSE(SuitsWinograd(dilated));
  ConvolutionSpec grouped = Spec(16, 32, 3);
  grouped.groups = 2;
  CHECK_FALSE(SuitsWinograd(grouped));
}

TEST_CASE("A layer's transformed weights are so many at most", "[winograd]") {
  CHECK(SuitsWinograd(Spec(34, 682, 3)));
  CHECK_FALSE(SuitsWinograd(Spec(34, 683, 3)));
}

}  // namespace
}  // namespace insitu
