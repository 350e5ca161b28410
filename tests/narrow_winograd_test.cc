#include "shared/network/narrow_winograd.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "shared/network/winograd_transform.h"
#include "tests/convolution_trial.h"

namespace insitu {
namespace {

constexpr float kTolerance = 4e-6F;  // as winograd.h says of three taps

Result<std::unique_ptr<Operation>> Make(const ConvolutionSpec& spec) {
  REQUIRE(SuitsNarrowWinograd(spec));
  return MakeNarrowWinograd(spec);
}

Trial Tried(const ReferenceConvolution& shape, int64_t pool) {
  Trial trial(shape);
  trial.make = Make;
  trial.pool = pool;
  return trial;
}

// h  w  in out g  kh kw sh sw dh dw  t  l  b  r
const ReferenceConvolution kShapes[] = {
    {5, 5, 4, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},     // one tile
    {50, 50, 3, 32, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},  // of the seed network
    {12, 12, 8, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // of the mammogram network
    {7, 9, 2, 12, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1,
     1},  // last tiles that are cut, a block over another
    {6, 12, 1, 9, 1, 3, 3, 1, 1, 1, 1, 0, 2, 1, 0},    // one channel, padding that is not even
    {3, 4, 2, 8, 1, 3, 3, 1, 1, 1, 1, 2, 60, 2, 60},   // tiles on padding alone
    {10, 10, 7, 23, 1, 3, 3, 1, 1, 1, 1, 4, 4, 4, 4},  // more padding than the kernel reaches
    {11, 5, 5, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},    // one column of tiles
    {5, 101, 3, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},   // more tiles than there are at once
    {5, 50, 3, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},    // as many
};

TEST_CASE("Winograd's convolution of few channels equals the naive loop, pooled or not",
          "[narrow_winograd]") {
  for (const int64_t pool : {1, 3}) {
    for (const ReferenceConvolution& shape : kShapes) {
      INFO(shape.height << "x" << shape.width << ", " << shape.inputs << " channels, "
                        << shape.outputs << " out, pool " << pool);
      const Trial trial = Tried(shape, pool);
      CHECK(trial.WorstOfAll() < kTolerance);
    }
  }
}

TEST_CASE("Images smaller than a tile are computed, and without a whole square to pool nothing is",
          "[narrow_winograd]") {
  CHECK(Tried({1, 1, 3, 8, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 1).Worst(1, 2) < kTolerance);
  CHECK(Tried({3, 4, 3, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}, 1).Worst(1, 2) < kTolerance);
  CHECK(Tried({4, 7, 3, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}, 3).OutputSize() == 0);
  CHECK(Tried({4, 7, 3, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}, 3).Worst(1, 2) == 0);
}

TEST_CASE("Of few channels, nothing beside an image is read and nothing beyond its output written",
          "[narrow_winograd]") {
  for (const int64_t pool : {1, 3}) {
    for (const ReferenceConvolution& shape : kShapes) CHECK(Tried(shape, pool).StaysWithin());
  }
}

TEST_CASE("Of few channels, NaN reaches every output whose window sees it", "[narrow_winograd]") {
  const ReferenceConvolution& shape = kShapes[3];
  const Trial trial = Tried(shape, 1);
  for (int64_t at = 0; at < shape.height * shape.width; ++at) CHECK(trial.CarriesNan(at));
}

TEST_CASE("Of few channels, denormal and huge values keep their relative error",
          "[narrow_winograd]") {
  for (const int64_t pool : {1, 3}) {
    Trial trial = Tried(kShapes[1], pool);
    trial.bias.assign(trial.bias.size(), 0);
    for (const auto& [scale, tolerance] :
         {std::pair{1e-30F, kTolerance}, {1e31F, kTolerance}, {1e-40F, 1e-2F}}) {
      std::vector<float> planes = TestNumbers(trial.InputSize(), 1);
      for (float& value : planes) value *= scale;
      const std::vector<float> output = trial.Run(1, 1, {}, Swapped(planes, 1, 3, 50 * 50));
      const std::vector<float> expected = trial.Expected(planes);
      float worst = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        const float error = std::fabs(output[i] - expected[i]) / scale;
        worst = error <= worst ? worst : error;  // NaN counts
      }
      CHECK(worst < tolerance);
    }
  }
}

bool Suits(const ReferenceConvolution& shape, int64_t pool = 1) {
  static bool suits;
  Trial trial(shape);
  trial.pool = pool;
  trial.make = [](const ConvolutionSpec& spec) {
    suits = SuitsNarrowWinograd(spec);
    Result<std::unique_ptr<Operation>> none = std::unique_ptr<Operation>();
    return none;
  };
  CHECK(trial.Make(1, {}).ok());
  return suits;
}

TEST_CASE("Winograd's way of few channels is for 3x3, up to 8 channels in and from 8 on out",
          "[narrow_winograd]") {
  CHECK(Suits({9, 9, 8, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK(Suits({9, 9, 1, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}, 3));
  CHECK_FALSE(Suits({9, 9, 8, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}, 2));
  CHECK_FALSE(Suits({9, 9, 9, 8, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Suits({9, 9, 8, 7, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Suits({9, 9, 8, 16, 2, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Suits({9, 9, 8, 8, 1, 3, 5, 1, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Suits({9, 9, 8, 8, 1, 3, 3, 2, 1, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(Suits({9, 9, 8, 8, 1, 3, 3, 1, 1, 1, 2, 0, 0, 0, 0}));
}

TEST_CASE("Winograd's way of few channels takes transformed weights up to its limit",
          "[narrow_winograd]") {
  ConvolutionSpec spec;
  spec.window.kernel[0] = spec.window.kernel[1] = 3;
  spec.group_inputs = 1;
  constexpr int64_t kMost = kMaxTransformedWeights / 25 / 8 * 8;  // whole blocks of 8
  spec.group_outputs = kMost;
  CHECK(SuitsNarrowWinograd(spec));
  spec.group_outputs = kMost + 1;
  CHECK_FALSE(SuitsNarrowWinograd(spec));
}

}  // namespace
}  // namespace insitu
