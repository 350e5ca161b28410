#include "shared/network/narrow_convolution.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "shared/network/matrix_convolution.h"
#include "tests/convolution_trial.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

Result<std::unique_ptr<Operation>> MakeNarrow(const ConvolutionSpec& spec) {
  REQUIRE(IsNarrow(spec));
  return MakeNarrowConvolution(spec);
}

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
};

TEST_CASE("A convolution of few channels equals the naive loop, whatever the batch", "[narrow]") {
  for (const ReferenceConvolution& shape : kShapes) {
    INFO(shape.inputs << " channels, kernel " << shape.kernel_h << "x" << shape.kernel_w);
    Trial trial(shape);
    trial.make = MakeNarrow;
    CHECK(trial.WorstOfAll() < kTolerance);
  }
}

TEST_CASE("A convolution of few channels adds up as that of many does, to the last bit",
          "[narrow]") {
  for (const ReferenceConvolution& shape : kShapes) {
    Trial trial(shape);
    const std::vector<float> input = TestNumbers(3 * trial.InputSize(), 1);
    trial.make = MakeMatrixConvolution;
    const std::vector<float> expected = trial.Run(1, 3, {}, input);
    trial.make = MakeNarrow;
    CHECK(trial.Run(1, 3, {}, input) == expected);
  }
}

TEST_CASE("Denormal and huge values pass through a convolution of few channels", "[narrow]") {
  Trial trial(kShapes[2]);
  trial.bias.assign(trial.bias.size(), 0);
  const std::vector<float> input = TestNumbers(trial.InputSize(), 1);
  const auto run = [&](MakesConvolution make, float scale) {
    trial.make = make;
    std::vector<float> scaled = input;
    for (float& value : scaled) value *= scale;
    return trial.Run(1, 1, {}, scaled);
  };
  for (const float scale : {1e-40F, 1e-38F, 1e30F, 1e37F}) {
    const std::vector<float> output = run(MakeNarrow, scale);
    CHECK(output == run(MakeMatrixConvolution, scale));
    CHECK(std::all_of(output.begin(), output.end(), [](float v) { return std::isfinite(v); }));
    CHECK(std::any_of(output.begin(), output.end(), [](float v) { return v != 0; }));
  }
}

TEST_CASE("NaN reaches the outputs of few channels whose window sees it, and no others",
          "[narrow]") {
  Trial trial({6, 8, 3, 5, 1, 3, 3, 1, 1, 1, 1, 1, 0, 1, 0});
  trial.make = MakeNarrow;
  std::vector<float> input(trial.InputSize(), 1.0F);
  input[(2 * 8 + 4) * 3 + 1] = NAN;
  const std::vector<float> output = trial.Run(1, 1, {0, 6}, input);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 6; ++x) {
      const bool sees = std::abs(y - 2) <= 1 && std::abs(x - 3) <= 1;
      for (int c = 0; c < 5; ++c)
        CHECK(std::isnan(output[static_cast<size_t>((y * 6 + x) * 5 + c)]) == sees);
    }
  }
}

bool Takes(const ReferenceConvolution& shape) {
  bool taken = false;
  static bool* answer;
  answer = &taken;
  Trial trial(shape);
  trial.make = [](const ConvolutionSpec& spec) -> Result<std::unique_ptr<Operation>> {
    *answer = IsNarrow(spec);
    return MakeMatrixConvolution(spec);
  };
  CHECK(trial.Make(1, {}).ok());
  return taken;
}

TEST_CASE("Up to four channels are few, if a row of the kernel has several taps side by side",
          "[narrow]") {
  CHECK(Takes({7, 9, 4, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Takes({7, 9, 5, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Takes({7, 9, 4, 5, 1, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Takes({7, 9, 4, 5, 1, 3, 3, 1, 1, 1, 2, 0, 0, 0, 0}));
  CHECK(Takes({7, 9, 4, 5, 1, 3, 3, 1, 1, 1, 1, 1, 0, 1, 0}));
  CHECK_FALSE(Takes({7, 9, 4, 5, 1, 3, 3, 1, 1, 1, 1, 0, 1, 0, 0}));
  CHECK_FALSE(Takes({7, 9, 4, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 1}));
  CHECK_FALSE(Takes({7, 9, 4, 4, 2, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace insitu
