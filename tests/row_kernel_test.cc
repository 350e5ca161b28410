#include "shared/network/row_kernel.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A row of taps whose pointers lead to pixels one after the other, or to zeros.
struct Trial {
  int64_t columns;
  int64_t taps;
  int64_t tap_length;
  std::vector<bool> is_zero;  // by tap; missing: not

  std::vector<float> input;
  std::vector<float> bias;
  std::vector<float> weights;  // (taps, tap_length, columns)

  Trial(int64_t columns, int64_t taps, int64_t tap_length, std::vector<bool> is_zero = {})
      : columns(columns),
        taps(taps),
        tap_length(tap_length),
        is_zero(std::move(is_zero)),
        input(TestNumbers(static_cast<size_t>(taps * tap_length), 1)),
        bias(TestNumbers(static_cast<size_t>(columns), 2)),
        weights(TestNumbers(static_cast<size_t>(taps * tap_length * columns), 3)) {
    this->is_zero.resize(static_cast<size_t>(taps));
    for (float& weight : weights) weight /= std::sqrt(static_cast<float>(taps * tap_length));
  }

  int64_t length() const { return taps * tap_length; }

  std::vector<float> Expected(Clamp clamp) const {
    std::vector<float> row;
    for (int64_t c = 0; c < columns; ++c) {
      double sum = bias[static_cast<size_t>(c)];
      for (int64_t i = 0; i < length(); ++i) {
        if (is_zero[static_cast<size_t>(i / tap_length)]) continue;
        sum += static_cast<double>(input[static_cast<size_t>(i)]) *
               static_cast<double>(weights[static_cast<size_t>(i * columns + c)]);
      }
      row.push_back(clamp(static_cast<float>(sum)));
    }
    return row;
  }

  // The row and, behind it, a number that nothing may touch.
  std::vector<float> Run(Clamp clamp) const {
    constexpr int64_t kOffset = 5;  // from where the pointers lead to where the input is
    std::vector<float> packed;
    for (int64_t first = 0; first < columns; first += kRowBlock) {
      for (int64_t i = -1; i < length(); ++i) {
        for (int64_t c = first; c < first + kRowBlock; ++c) {
          const float* from = i < 0 ? bias.data() : &weights[static_cast<size_t>(i * columns)];
          packed.push_back(c < columns ? from[c] : 0);
        }
      }
    }
    std::vector<float> shifted(kOffset, NAN);
    shifted.insert(shifted.end(), input.begin(), input.end());
    const std::vector<float> zeros(static_cast<size_t>(tap_length));
    std::vector<const float*> pointers;
    for (int64_t tap = 0; tap < taps; ++tap) {
      pointers.push_back(is_zero[static_cast<size_t>(tap)] ? zeros.data()
                                                           : shifted.data() + tap * tap_length);
    }
    std::vector<float> output(static_cast<size_t>(columns) + 1, 7);
    MatrixTile tile;
    tile.rows = 1;
    tile.columns = columns;
    tile.taps = taps;
    tile.tap_length = tap_length;
    tile.pointers = pointers.data();
    tile.input_offset = kOffset;
    tile.zeros = zeros.data();
    tile.weights = packed.data();
    tile.output = output.data();
    tile.output_stride = columns;
    tile.clamp = clamp;
    MultiplyRow(tile);
    return output;
  }

  float Worst(Clamp clamp = {}) const {
    const std::vector<float> expected = Expected(clamp);
    const std::vector<float> output = Run(clamp);
    CHECK(output.back() == 7);
    float worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const float error = std::fabs(output[i] - expected[i]);
      worst = error <= worst ? worst : error;  // NaN counts
    }
    return worst;
  }
};

TEST_CASE("A row times a matrix equals the naive loop for any number of columns", "[row_kernel]") {
  for (int64_t columns = 1; columns <= 51; ++columns) {
    INFO(columns << " columns");
    CHECK(Trial(columns, 1, 37).Worst() < kTolerance);
    CHECK(Trial(columns, 3, 5).Worst({-0.25F, 0.5F}) < kTolerance);
  }
  CHECK(Trial(128, 1, 3136).Worst() < kTolerance);
  CHECK(Trial(8, 1, 1).Worst() < kTolerance);
}

TEST_CASE("A row's taps on padding count as zeros", "[row_kernel]") {
  CHECK(Trial(13, 4, 3, {true, false, true, false}).Worst() < kTolerance);
  CHECK(Trial(24, 2, 8, {true, true}).Worst() < kTolerance);
}

TEST_CASE("A row of the smallest, the largest and no numbers gives what they give",
          "[row_kernel]") {
  Trial tiny(9, 1, 4);
  tiny.input = {1e-40F, -1e-42F, 0, 1e-38F};
  tiny.bias.assign(9, 0);
  const std::vector<float> expected = tiny.Expected({});
  const std::vector<float> output = tiny.Run({});
  for (size_t i = 0; i < 9; ++i) CHECK(std::fabs(output[i] - expected[i]) < 1e-44F);

  Trial huge(9, 1, 4);
  huge.input.assign(4, 3e38F);
  huge.weights.assign(huge.weights.size(), 3e38F);
  CHECK(huge.Run({})[8] == kInfinity);
  CHECK(huge.Run({0, 6})[8] == 6);

  Trial none(9, 1, 4);
  none.input[2] = NAN;
  for (size_t i = 0; i < 9; ++i) CHECK(std::isnan(none.Run({0, 6})[i]));
}

}  // namespace
}  // namespace insitu
