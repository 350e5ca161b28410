#include "shared/network/row_kernel.h"

#include <bit>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

#include "tests/bfloat.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A kernel and how its weights are packed.
struct Kernel {
  const char* name;
  MatrixKernel::Multiply multiply;
  int64_t block;     // columns
  int64_t per_word;  // weights; 2: they are bfloat16 numbers
};

constexpr Kernel kFloats = {"floats", MultiplyRow, kRowBlock, 1};
constexpr Kernel kBfloats = {"bfloat16 numbers", MultiplyBfloatRow, kBfloatBlock, 2};

// The floats' upper halves, in words of two.
std::vector<float> Joined(const float* lower, const float* upper, int64_t count) {
  std::vector<float> words;
  for (int64_t i = 0; i < count; ++i) {
    words.push_back(std::bit_cast<float>(std::bit_cast<uint32_t>(lower[i]) >> 16 |
                                         std::bit_cast<uint32_t>(upper[i])));
  }
  return words;
}

// A row of taps whose pointers lead to pixels one after the other, or to zeros.
struct Trial {
  Kernel kernel;
  int64_t columns;
  int64_t taps;
  int64_t tap_length;
  std::vector<bool> is_zero;  // by tap; missing: not

  std::vector<float> input;
  std::vector<float> bias;
  std::vector<float> weights;  // (taps, tap_length, columns)

  Trial(const Kernel& kernel, int64_t columns, int64_t taps, int64_t tap_length,
        std::vector<bool> is_zero = {})
      : kernel(kernel),
        columns(columns),
        taps(taps),
        tap_length(tap_length),
        is_zero(std::move(is_zero)),
        input(TestNumbers(static_cast<size_t>(taps * tap_length), 1)),
        bias(TestNumbers(static_cast<size_t>(columns), 2)),
        weights(TestNumbers(static_cast<size_t>(taps * tap_length * columns), 3)) {
    this->is_zero.resize(static_cast<size_t>(taps));
    for (float& weight : weights) {
      weight /= std::sqrt(static_cast<float>(taps * tap_length));
      if (kernel.per_word == 2) weight = BfloatOf(weight);
    }
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
    for (int64_t first = 0; first < columns; first += kernel.block) {
      for (int64_t i = -1; i < length(); ++i) {
        std::vector<float> line;
        for (int64_t c = first; c < first + kernel.block; ++c) {
          const float* from = i < 0 ? bias.data() : &weights[static_cast<size_t>(i * columns)];
          line.push_back(c < columns ? from[c] : 0);
        }
        const int64_t half = kernel.block / 2;
        if (i >= 0 && kernel.per_word == 2) line = Joined(line.data(), line.data() + half, half);
        packed.insert(packed.end(), line.begin(), line.end());
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
    kernel.multiply(tile);
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
  for (const Kernel& kernel : {kFloats, kBfloats}) {
    for (int64_t columns = 1; columns <= 67; ++columns) {
      INFO(columns << " columns of " << kernel.name);
      CHECK(Trial(kernel, columns, 1, 37).Worst() < kTolerance);
      CHECK(Trial(kernel, columns, 3, 5).Worst({-0.25F, 0.5F}) < kTolerance);
    }
    CHECK(Trial(kernel, 128, 1, 3136).Worst() < kTolerance);
    CHECK(Trial(kernel, 8, 1, 1).Worst() < kTolerance);
  }
}

TEST_CASE("A row's taps on padding count as zeros", "[row_kernel]") {
  for (const Kernel& kernel : {kFloats, kBfloats}) {
    CHECK(Trial(kernel, 13, 4, 3, {true, false, true, false}).Worst() < kTolerance);
    CHECK(Trial(kernel, 24, 2, 8, {true, true}).Worst() < kTolerance);
    CHECK(Trial(kernel, 65, 3, 8, {false, true, false}).Worst() < kTolerance);
  }
}

TEST_CASE("A row of the smallest, the largest and no numbers gives what they give",
          "[row_kernel]") {
  for (const Kernel& kernel : {kFloats, kBfloats}) {
    INFO("weights that are " << kernel.name);
    Trial tiny(kernel, 41, 1, 4);
    tiny.input = {1e-40F, -1e-42F, 0, 1e-38F};
    tiny.bias.assign(41, 0);
    const std::vector<float> expected = tiny.Expected({});
    const std::vector<float> output = tiny.Run({});
    for (size_t i = 0; i < 41; ++i) CHECK(std::fabs(output[i] - expected[i]) < 1e-44F);

    Trial huge(kernel, 41, 1, 4);
    huge.input.assign(4, 3e38F);
    huge.weights.assign(huge.weights.size(), BfloatOf(3e38F));
    for (const size_t column : {size_t{8}, size_t{40}}) {
      CHECK(huge.Run({})[column] == kInfinity);
      CHECK(huge.Run({0, 6})[column] == 6);
    }

    Trial none(kernel, 41, 1, 4);
    none.input[2] = NAN;
    for (size_t i = 0; i < 41; ++i) CHECK(std::isnan(none.Run({0, 6})[i]));
  }
}

TEST_CASE("Each of a row's weights counts for its own column, whatever lies beside it",
          "[row_kernel]") {
  constexpr int64_t kColumns = 70;
  for (const Kernel& kernel : {kFloats, kBfloats}) {
    for (const float weight : {kInfinity, -kInfinity, NAN, 0x1p-149F * 0x10000, 0x1.fep127F}) {
      for (int64_t column = 0; column < kColumns; ++column) {
        Trial trial(kernel, kColumns, 1, 3);
        const std::vector<float> others = trial.Run({});
        trial.weights[static_cast<size_t>(kColumns + column)] = weight;
        const std::vector<float> output = trial.Run({});
        std::vector<float> expected = others;
        expected[static_cast<size_t>(column)] = trial.Expected({})[static_cast<size_t>(column)];
        INFO(weight << " at " << column << " of " << kernel.name);
        for (size_t i = 0; i < kColumns; ++i) {
          CHECK((output[i] == Catch::Approx(expected[i]).margin(kTolerance) ||
                 (std::isnan(output[i]) && std::isnan(expected[i])) || output[i] == expected[i]));
        }
      }
    }
  }
}

}  // namespace
}  // namespace insitu
