#include "shared/network/depthwise.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

#include "shared/limits.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kSide = 7;
constexpr int64_t kChannels = 9;

// 3x3 with a padding of 1 over two images of kSide x kSide, all weights 1.
struct Sums {
  std::vector<float> input = std::vector<float>(static_cast<size_t>(2 * kImage), 1);
  std::vector<float> output = std::vector<float>(input.size());

  static constexpr int64_t kImage = kSide * kSide * kChannels;

  float& In(int64_t y, int64_t x, int64_t c) { return input[Index(y, x, c)]; }
  float Out(int64_t y, int64_t x, int64_t c) const { return output[Index(y, x, c)]; }
  float SecondOut(int64_t y, int64_t x, int64_t c) const { return output[kImage + Index(y, x, c)]; }

  void Run(Clamp clamp = {}) {
    const std::vector<float> weights(9 * kChannels, 1);
    ConvolutionSpec spec;
    spec.window = {{kSide, kSide}, {kSide, kSide}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
    spec.items = 2;
    spec.groups = kChannels;
    spec.weights = WeightView::ChannelsFirst(weights.data(), 1, 9);
    spec.clamp = clamp;
    auto operation = MakeDepthwise(spec);
    REQUIRE(operation.ok());
    const Operand operand{input.data(), 2 * kImage};
    REQUIRE(operation.value()->Bind(1, {&operand, 1}, output.data(), 2 * kImage).ok());
    operation.value()->Run();
  }

 private:
  static size_t Index(int64_t y, int64_t x, int64_t c) {
    return static_cast<size_t>((y * kSide + x) * kChannels + c);
  }
};

bool Sees(int64_t at, int64_t what) { return std::abs(at - what) <= 1; }

TEST_CASE("What is no number reaches the windows over it and no other", "[depthwise]") {
  for (int64_t at : {0, 3, 6}) {
    Sums sums;
    sums.In(at, 6 - at, 4) = NAN;
    sums.Run();
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t x = 0; x < kSide; ++x) {
        CHECK(std::isnan(sums.Out(y, x, 4)) == (Sees(y, at) && Sees(x, 6 - at)));
        CHECK_FALSE(std::isnan(sums.Out(y, x, 3)));
      }
    }
  }
}

TEST_CASE("An image leaves nothing in the padding of the next", "[depthwise]") {
  Sums sums;
  std::fill_n(sums.input.begin(), Sums::kImage, NAN);
  sums.Run();
  CHECK(std::isnan(sums.Out(0, 0, 0)));
  CHECK(sums.SecondOut(0, 0, 0) == 4);
  CHECK(sums.SecondOut(0, 3, 8) == 6);
  CHECK(sums.SecondOut(3, 3, 8) == 9);
  CHECK(sums.SecondOut(6, 6, 8) == 4);
}

TEST_CASE("Subnormals are kept, what overflows is infinite, and a clamp bounds that too",
          "[depthwise]") {
  Sums sums;
  for (float& value : sums.input) value = 1e-42F;
  sums.Run();
  CHECK(sums.Out(3, 3, 0) == Catch::Approx(9e-42F).margin(1e-44));
  for (float& value : sums.input) value = 3e38F;
  sums.Run();
  CHECK(sums.Out(3, 3, 0) == kInfinity);
  sums.Run({0, 6});
  CHECK(sums.Out(3, 3, 0) == 6);
}

TEST_CASE("A depthwise layer that needs more memory than a run may have is refused",
          "[depthwise]") {
  constexpr int64_t kMaxColumns = kMaxArenaBytes / 4 / (int64_t{1} << 12);
  ConvolutionSpec spec;
  spec.window.input[1] = kMaxColumns;
  spec.groups = (int64_t{1} << 12) + 1;
  const auto refused = MakeDepthwise(spec);  // before it reads any weight
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kOutOfMemory);
}

}  // namespace
}  // namespace insitu
