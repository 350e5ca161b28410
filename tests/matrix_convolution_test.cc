#include "shared/network/matrix_convolution.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "tests/bfloat.h"
#include "tests/convolution_trial.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

// h  w  in out g  kh kw sh sw dh dw  t  l  b  r
const ReferenceConvolution kShapes[] = {
    {7, 9, 3, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},
    {50, 50, 3, 32, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},  // of the seed network
    {50, 50, 3, 24, 1, 4, 4, 2, 2, 1, 1, 0, 0, 0, 0},  // of the best one
    {23, 19, 3, 9, 1, 7, 7, 2, 3, 1, 1, 3, 0, 2, 0},   // padding above and below
    {6, 5, 1, 40, 1, 5, 2, 1, 1, 1, 1, 0, 0, 1, 0},    // one channel
    {11, 7, 2, 3, 1, 3, 3, 1, 2, 3, 1, 3, 0, 3, 0},    // dilation down
    {2, 3, 3, 9, 1, 3, 3, 1, 1, 1, 1, 5, 0, 5, 0},     // windows on padding alone
    {1, 4, 4, 8, 1, 1, 4, 1, 1, 1, 1, 0, 0, 0, 0},     // one row and one pixel
    {4, 3, 4, 1, 1, 2, 3, 1, 1, 1, 1, 0, 0, 0, 0},     // a last tile of one pixel
    {2, 4, 3, 5, 1, 1, 3, 1, 1, 1, 1, 1, 0, 1, 0},     // as many pixels out as in
    {50, 50, 1, 8, 1, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},   // of the mammogram network
    {9, 11, 9, 33, 1, 3, 3, 1, 1, 1, 1, 1, 2, 1, 0},   // padding at the sides, many channels
    {9, 11, 4, 6, 1, 3, 3, 1, 1, 1, 2, 1, 1, 1, 1},    // dilation across: no taps are one
    {9, 11, 4, 6, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    // groups: neither
    {9, 3, 3, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},     // every tile has a pixel that padding cuts
    {3, 2, 2, 3, 1, 3, 5, 1, 1, 1, 1, 1, 3, 1, 3},     // a kernel wider than the image
};

Trial Tried(const ReferenceConvolution& shape, bool bfloat) {
  Trial trial(shape);
  trial.make = [](const ConvolutionSpec& spec) { return MakeMatrixConvolution(spec); };
  if (bfloat) {
    trial.make = [](const ConvolutionSpec& spec) {
      return MakeMatrixConvolution(spec, BfloatKernel());
    };
    for (float& weight : trial.weights) weight = BfloatOf(weight);
  }
  return trial;
}

TEST_CASE("A convolution as products of matrices equals the naive loop, whatever the batch",
          "[matrix]") {
  const bool bfloat = GENERATE(false, true);
  CAPTURE(bfloat);
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    CHECK(Tried(shape, bfloat).WorstOfAll() < kTolerance);
  }
}

TEST_CASE("It takes no value from beyond its input", "[matrix]") {
  const bool bfloat = GENERATE(false, true);
  CAPTURE(bfloat);
  for (const ReferenceConvolution& shape : kShapes) CHECK(Tried(shape, bfloat).StaysWithin());
}

// (height, width, channels) with zeros around it
std::vector<float> Padded(const std::vector<float>& image, const ReferenceConvolution& shape) {
  const int64_t width = shape.left + shape.width + shape.right;
  const int64_t height = shape.top + shape.height + shape.bottom;
  std::vector<float> padded(static_cast<size_t>(height * width * shape.inputs));
  for (int64_t y = 0; y < shape.height; ++y) {
    const auto line = image.begin() + y * shape.width * shape.inputs;
    const auto to = ((y + shape.top) * width + shape.left) * shape.inputs;
    std::copy_n(line, shape.width * shape.inputs, padded.begin() + to);
  }
  return padded;
}

TEST_CASE("Padding is zeros, to the last bit, wherever it cuts the taps that are one", "[matrix]") {
  const bool bfloat = GENERATE(false, true);
  CAPTURE(bfloat);
  for (const ReferenceConvolution& shape : kShapes) {
    if (shape.top + shape.left + shape.bottom + shape.right == 0) continue;
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    Trial trial = Tried(shape, bfloat);
    const std::vector<float> input = TestNumbers(trial.InputSize(), 1);
    const std::vector<float> output = trial.Run(1, 1, {}, input);
    ReferenceConvolution whole = shape;
    whole.height += shape.top + shape.bottom;
    whole.width += shape.left + shape.right;
    whole.top = whole.left = whole.bottom = whole.right = 0;
    Trial unpadded = Tried(whole, bfloat);
    unpadded.weights = trial.weights;
    unpadded.bias = trial.bias;
    CHECK(unpadded.Run(1, 1, {}, Padded(input, shape)) == output);
  }
}

TEST_CASE("Denormal and huge values keep their relative error in products of matrices",
          "[matrix]") {
  const bool bfloat = GENERATE(false, true);
  CAPTURE(bfloat);
  for (const ReferenceConvolution& shape : {kShapes[2], kShapes[10]}) {
    Trial trial = Tried(shape, bfloat);
    trial.bias.assign(trial.bias.size(), 0);
    const std::vector<float> input = TestNumbers(trial.InputSize(), 1);
    const std::vector<float> expected = trial.Run(1, 1, {}, input);
    for (const float scale : {0x1p-130F, 0x1p-120F, 0x1p100F, 0x1p120F}) {
      std::vector<float> scaled = input;
      for (float& value : scaled) value *= scale;
      const std::vector<float> output = trial.Run(1, 1, {}, scaled);
      // What a denormal value cannot hold is 2^-149.
      const float lost = std::max(kTolerance, 100 * 0x1p-149F / scale);
      for (size_t i = 0; i < output.size(); ++i)
        CHECK(std::fabs(output[i] / scale - expected[i]) <= lost);
    }
  }
}

TEST_CASE("NaN reaches the outputs whose window sees it, and no others", "[matrix]") {
  const bool bfloat = GENERATE(false, true);
  CAPTURE(bfloat);
  for (const ReferenceConvolution& shape : {kShapes[1], kShapes[10], kShapes[11]}) {
    Trial trial = Tried(shape, bfloat);
    const int64_t row = shape.height / 2;
    const int64_t column = shape.width - 2;
    std::vector<float> input(trial.InputSize(), 1.0F);
    input[static_cast<size_t>((row * shape.width + column) * shape.inputs)] = NAN;
    const std::vector<float> output = trial.Run(1, 1, {0, 6}, input);
    const auto sees = [](int64_t at, int64_t stride, int64_t pad, int64_t taps, int64_t from) {
      const int64_t tap = from + pad - at * stride;
      return tap >= 0 && tap < taps;
    };
    for (int64_t y = 0; y < shape.OutputHeight(); ++y) {
      for (int64_t x = 0; x < shape.OutputWidth(); ++x) {
        const bool is_seen = sees(y, shape.stride_h, shape.top, shape.kernel_h, row) &&
                             sees(x, shape.stride_w, shape.left, shape.kernel_w, column);
        for (int64_t c = 0; c < shape.outputs; ++c) {
          const int64_t at = (y * shape.OutputWidth() + x) * shape.outputs + c;
          CHECK(std::isnan(output[static_cast<size_t>(at)]) == is_seen);
        }
      }
    }
  }
}

}  // namespace
}  // namespace insitu
