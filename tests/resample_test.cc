#include "shared/resample.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <numbers>

#include "tests/make_image.h"

namespace insitu {
namespace {

// What sums of floats below 256, whose steps are 1.5e-5, add to or take from a value.
constexpr double kRounding = 1e-4;

// Outputs at either end of a line whose filter the border cuts.
constexpr int kCut = 3;

std::vector<float> WeightsOf(const ResampleWeights& weights, int i) {
  return {weights.weights(i), weights.weights(i) + weights.taps(i)};
}

void CheckClose(const std::vector<float>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    CHECK(std::fabs(static_cast<double>(actual[i]) - expected[i]) < 1e-6);
  }
}

// Output rows of an image that becomes width x height.
std::vector<float> Resampled(const Image& image, int width, int height, bool luma = false) {
  const ResampleWeights columns(image.width, width, 0, width);
  const ResampleWeights rows(image.height, height, 0, height);
  Resampler resampler(image, columns, rows, luma);
  std::vector<float> all;
  for (int y = 0; y < height; ++y) {
    const std::vector<float>& row = resampler.Row(y);
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

TEST_CASE("Samples that become as many are taken as they are", "[resample]") {
  const ResampleWeights weights(5, 5, 0, 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(weights.begin(i) == i);
    CHECK(WeightsOf(weights, i) == std::vector<float>{1});
  }
}

// The weights of the samples [begin, end) of an output whose middle is there.
std::vector<double> Lanczos(int begin, int end, double middle, double wide) {
  const auto sinc = [](double t) { return t == 0 ? 1 : std::sin(t) / t; };
  std::vector<double> weights;
  double sum = 0;
  for (int sample = begin; sample < end; ++sample) {
    const double angle = std::numbers::pi * (sample + 0.5 - middle) / wide;
    weights.push_back(std::fabs(angle) < 3 * std::numbers::pi ? sinc(angle) * sinc(angle / 3) : 0);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

TEST_CASE("Half as many samples are weighed by Lanczos' filter twice as wide", "[resample]") {
  const ResampleWeights weights(40, 20, 10, 1);
  CHECK(weights.begin(0) == 15);
  CheckClose(WeightsOf(weights, 0), Lanczos(15, 27, 21, 2));
  // What lies beyond the border is left out.
  CheckClose(WeightsOf(ResampleWeights(40, 20, 0, 1), 0), Lanczos(0, 7, 1, 2));
}

TEST_CASE("Twice as many samples are made of the three neighbours on either side", "[resample]") {
  const ResampleWeights weights(10, 20, 10, 1);
  CHECK(weights.begin(0) == 2);
  CheckClose(WeightsOf(weights, 0), Lanczos(2, 9, 5.25, 1));
}

TEST_CASE("Beside an edge no value goes beyond what a sample can be", "[resample]") {
  Image edge{.width = 40, .height = 1, .channels = 1, .pixels = std::vector<uint8_t>(40)};
  std::fill(edge.pixels.begin() + 20, edge.pixels.end(), uint8_t{255});
  for (const int width : {13, 27, 40, 93}) {
    const auto row = Resampled(edge, width, 1);
    CHECK(*std::min_element(row.begin(), row.end()) == 0);
    CHECK(*std::max_element(row.begin(), row.end()) == 255);
  }
}

TEST_CASE("A line is resampled as Pillow's LANCZOS does it, within the range of a sample",
          "[resample]") {
  Image line{.width = 12, .height = 1, .channels = 1, .pixels = {}};
  for (int i = 0; i < 12; ++i)
    line.pixels.push_back(static_cast<uint8_t>((37 * i * i + 11 * i) % 251));
  // Image.resize of Pillow 9.4 of the same numbers in mode F, to three decimals.
  constexpr double kThreeDecimals = 5e-4;
  const std::vector<std::vector<double>> expected = {
      {52.584, 147.046, 173.498, 141.067, 64.979},
      {-1.115, 116.31, 132.257, 157.146, 191.555, 133.552, 173.978, 54.5, 69.553},
      {-0.807, 10.594, 87.0, 169.067, 140.728, 101.74, 143.186, 220.277, 197.576, 127.259, 127.024,
       186.64, 175.323, 80.687, 41.108, 60.596, 83.888}};
  for (const auto& row : expected) {
    const auto actual = Resampled(line, static_cast<int>(row.size()), 1);
    for (size_t i = 0; i < row.size(); ++i) {
      CHECK(std::fabs(static_cast<double>(actual[i]) - std::clamp(row[i], 0.0, 255.0)) <
            kThreeDecimals + kRounding);
    }
  }
}

TEST_CASE("Weights add up to one and stay inside, for any pair of sizes", "[resample]") {
  for (const int from : {1, 2, 3, 7, 50, 64, 1000, 32767}) {
    for (const int to : {1, 2, 3, 7, 50, 64, 299}) {
      const ResampleWeights weights(from, to, 0, to);
      INFO(from << " to " << to);
      REQUIRE(weights.count() == to);
      CHECK(weights.lowest() == 0);
      CHECK(weights.end() == from);
      bool good = true;
      double worst = 0;
      for (int i = 0; i < to; ++i) {
        double sum = 0;
        for (const float weight : WeightsOf(weights, i)) {
          good = good && std::isfinite(weight);
          sum += weight;
        }
        worst = std::max(worst, std::fabs(sum - 1));
        good = good && weights.begin(i) >= 0 && weights.begin(i) + weights.taps(i) <= from;
        good = good && (i == 0 || weights.begin(i) >= weights.begin(i - 1));
      }
      CHECK(good);
      CHECK(worst < 1e-6);
    }
  }
}

TEST_CASE("A part of the outputs has the weights that it has in the whole", "[resample]") {
  const ResampleWeights whole(100, 37, 0, 37);
  const ResampleWeights part(100, 37, 10, 5);
  REQUIRE(part.count() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(part.begin(i) == whole.begin(10 + i));
    CHECK(WeightsOf(part, i) == WeightsOf(whole, 10 + i));
  }
  CHECK(part.lowest() == whole.begin(10));
  CHECK(part.end() == whole.begin(14) + whole.taps(14));
}

TEST_CASE("A constant image stays constant at any size", "[resample]") {
  const Image image{
      .width = 13, .height = 9, .channels = 1, .pixels = std::vector<uint8_t>(13 * 9, 77)};
  for (const int width : {1, 5, 13, 50}) {
    for (const int height : {1, 9, 20}) {
      for (const float value : Resampled(image, width, height)) {
        REQUIRE(std::fabs(static_cast<double>(value) - 77) < kRounding);
      }
    }
  }
}

TEST_CASE("A ramp stays a ramp away from the border, and the mean of all is kept", "[resample]") {
  Image ramp{.width = 240, .height = 1, .channels = 1, .pixels = {}};
  for (int x = 0; x < 240; ++x) ramp.pixels.push_back(static_cast<uint8_t>(x));
  for (const int width : {20, 30, 48, 80}) {
    const auto row = Resampled(ramp, width, 1);
    const double scale = 240.0 / width;
    double mean = 0;
    for (int x = 0; x < width; ++x) {
      const double expected = (x + 0.5) * scale - 0.5;  // of the centre
      const auto value = static_cast<double>(row[static_cast<size_t>(x)]);
      if (x >= kCut && x < width - kCut) CHECK(std::fabs(value - expected) < kRounding);
      mean += value / width;
    }
    CHECK(std::fabs(mean - 119.5) < kRounding);
  }
}

TEST_CASE("Detail finer than the output is averaged away, not picked from", "[resample]") {
  Image board{.width = 64, .height = 64, .channels = 1, .pixels = {}};
  for (int i = 0; i < 64 * 64; ++i) {
    board.pixels.push_back((i % 64 + i / 64) % 2 == 0 ? uint8_t{0} : uint8_t{255});
  }
  const auto averaged = Resampled(board, 16, 16);
  for (int i = 0; i < 16 * 16; ++i) {
    const auto inside = [](int at) { return at >= kCut && at < 16 - kCut; };
    const double most = inside(i % 16) && inside(i / 16) ? kRounding : 1;  // a cut filter sees more
    CHECK(std::fabs(static_cast<double>(averaged[static_cast<size_t>(i)]) - 127.5) < most);
  }
}

TEST_CASE("Rows and columns are weighed alike: a transposed image gives a transposed result",
          "[resample]") {
  const Image image = NoiseImage(20, 20, 1);
  Image transposed = image;
  for (size_t i = 0; i < 400; ++i) transposed.pixels[i % 20 * 20 + i / 20] = image.pixels[i];
  const auto a = Resampled(image, 7, 7);
  const auto b = Resampled(transposed, 7, 7);
  for (size_t i = 0; i < 49; ++i) {
    CHECK(std::fabs(static_cast<double>(a[i] - b[i % 7 * 7 + i / 7])) < kRounding);
  }
}

TEST_CASE("Channels do not mix", "[resample]") {
  const Image grey[] = {NoiseImage(12, 10, 1, 1), NoiseImage(12, 10, 1, 2),
                        NoiseImage(12, 10, 1, 3)};
  Image rgb{.width = 12, .height = 10, .channels = 3, .pixels = {}};
  for (size_t i = 0; i < 120; ++i) {
    for (const Image& channel : grey) rgb.pixels.push_back(channel.pixels[i]);
  }
  const auto together = Resampled(rgb, 5, 4);
  for (size_t c = 0; c < 3; ++c) {
    const auto alone = Resampled(grey[c], 5, 4);
    for (size_t i = 0; i < alone.size(); ++i) CHECK(together[i * 3 + c] == alone[i]);
  }
}

TEST_CASE("Grey of RGB is Rec. 601 luma, and of equal channels exactly their value", "[resample]") {
  const Image colours{.width = 4,
                      .height = 1,
                      .channels = 3,
                      .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 17, 17, 17}};
  const auto luma = Resampled(colours, 4, 1, true);
  CheckClose({luma[0] / 255, luma[1] / 255, luma[2] / 255}, {0.299, 0.587, 0.114});
  CHECK(luma[3] == 17);
  const Image grey = NoiseImage(4, 1, 1);
  CHECK(Resampled(grey, 4, 1, true) == std::vector<float>(grey.pixels.begin(), grey.pixels.end()));
}

}  // namespace
}  // namespace insitu
