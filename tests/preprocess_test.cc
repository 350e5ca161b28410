#include "shared/preprocess.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>

#include "shared/limits.h"
#include "tests/make_image.h"

namespace insitu {
namespace {

InputSpec Spec(int width, int height, int channels, Fit fit) {
  return {.width = width, .height = height, .channels = channels, .fit = fit};
}

// Elements of an image or a tensor.
size_t Count(int width, int height, int channels) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels);
}

struct Preprocessed {
  std::vector<float> tensor;
  Placement placement;
};

Preprocessed Run(const Image& image, const InputSpec& spec) {
  Preprocessed result;
  result.tensor.assign(Count(spec.width, spec.height, spec.channels), NAN);
  const auto placement = Preprocess(image, spec, result.tensor);
  INFO((placement.ok() ? "" : placement.error().message));
  REQUIRE(placement.ok());
  result.placement = placement.value();
  return result;
}

// The tensor in pixel values, rounded.
std::vector<int> Values(const Preprocessed& result) {
  std::vector<int> values;
  values.reserve(result.tensor.size());
  for (const float value : result.tensor) {
    values.push_back(static_cast<int>(std::lround(value * 255)));
  }
  return values;
}

void CheckPlacement(const Placement& actual, const Placement& expected) {
  CHECK(actual.left == Catch::Approx(expected.left).margin(1e-9));
  CHECK(actual.top == Catch::Approx(expected.top).margin(1e-9));
  CHECK(actual.width == Catch::Approx(expected.width));
  CHECK(actual.height == Catch::Approx(expected.height));
  CHECK(actual.scale == Catch::Approx(expected.scale));
}

Image Row(const std::vector<uint8_t>& pixels) {
  return {.width = static_cast<int>(pixels.size()), .height = 1, .channels = 1, .pixels = pixels};
}

Image Column(const std::vector<uint8_t>& pixels) {
  return {.width = 1, .height = static_cast<int>(pixels.size()), .channels = 1, .pixels = pixels};
}

TEST_CASE("An image of the input's size is not resampled, only normalised", "[preprocess]") {
  const Image image = NoiseImage(5, 4, 3);
  for (const Fit fit : {Fit::kCrop, Fit::kPad, Fit::kStretch}) {
    const auto result = Run(image, Spec(5, 4, 3, fit));
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      CHECK(result.tensor[i] == static_cast<float>(image.pixels[i]) / 255.0F);
    }
    CheckPlacement(result.placement, {.left = 0, .top = 0, .width = 5, .height = 4, .scale = 1});
  }
}

TEST_CASE("A constant image stays constant at every size and fit", "[preprocess]") {
  for (const Fit fit : {Fit::kCrop, Fit::kPad, Fit::kStretch}) {
    for (const int side : {1, 3, 50, 51, 300}) {
      Image image{.width = side, .height = side + 2, .channels = 3, .pixels = {}};
      image.pixels.assign(Count(side, side + 2, 3), 200);
      InputSpec spec = Spec(50, 40, 3, fit);
      spec.pad_value = 200;
      for (const float value : Run(image, spec).tensor) {
        REQUIRE(std::fabs(value - 200 / 255.0F) < 1e-5F);
      }
    }
  }
}

TEST_CASE("Cropping cuts the centre of an image at the input's scale, and resamples nothing",
          "[preprocess]") {
  const Image wide{.width = 4, .height = 2, .channels = 1, .pixels = {1, 2, 3, 4, 5, 6, 7, 8}};
  const auto across = Run(wide, Spec(2, 2, 1, Fit::kCrop));
  CHECK(Values(across) == std::vector<int>{2, 3, 6, 7});
  CheckPlacement(across.placement, {.left = 1, .top = 0, .width = 2, .height = 2, .scale = 1});
  const auto down = Run(Column({1, 2, 3, 4, 5}), Spec(1, 2, 1, Fit::kCrop));
  CHECK(Values(down) == std::vector<int>{2, 3});  // of an odd rest, less at the beginning
  CheckPlacement(down.placement, {.left = 0, .top = 1, .width = 1, .height = 2, .scale = 1});
}

TEST_CASE("Cropping scales until the input is covered", "[preprocess]") {
  // 8 x 2 at half its size is 4 x 1, of which 1 x 1 from column 1 on is kept: image columns 2, 3.
  const Image image{.width = 8, .height = 2, .channels = 1, .pixels = std::vector<uint8_t>(16, 9)};
  const auto result = Run(image, Spec(1, 1, 1, Fit::kCrop));
  CHECK(Values(result) == std::vector<int>{9});
  CheckPlacement(result.placement, {.left = 2, .top = 0, .width = 2, .height = 2, .scale = 0.5});
}

TEST_CASE("Padding keeps all of an image, in the middle, between its grey level", "[preprocess]") {
  InputSpec spec = Spec(4, 2, 1, Fit::kPad);
  spec.pad_value = 9;
  const Image tall{.width = 2, .height = 2, .channels = 1, .pixels = {1, 2, 3, 4}};
  const auto across = Run(tall, spec);
  CHECK(Values(across) == std::vector<int>{9, 1, 2, 9, 9, 3, 4, 9});
  CheckPlacement(across.placement, {.left = -1, .top = 0, .width = 4, .height = 2, .scale = 1});
  spec = Spec(2, 5, 1, Fit::kPad);
  const auto down = Run(Row({1, 2}), spec);
  CHECK(Values(down) == std::vector<int>{255, 255, 255, 255, 1, 2, 255, 255, 255, 255});
  CheckPlacement(down.placement, {.left = 0, .top = -2, .width = 2, .height = 5, .scale = 1});
}

TEST_CASE("Padding scales until the image fits, and a thin one keeps a pixel", "[preprocess]") {
  const auto scaled = Run(Row({0, 70, 140, 210}), Spec(2, 3, 1, Fit::kPad));
  CHECK(Values(scaled) == std::vector<int>{255, 255, 38, 172, 255, 255});
  CHECK(scaled.placement.scale == Catch::Approx(0.5));
  const auto thin = Run(Row(std::vector<uint8_t>(1000, 7)), Spec(10, 10, 1, Fit::kPad));
  const auto values = Values(thin);
  CHECK(std::count(values.begin(), values.end(), 7) == 10);
  CHECK(std::count(values.begin(), values.end(), 255) == 90);
}

TEST_CASE("Stretching scales each direction on its own", "[preprocess]") {
  // As Pillow's LANCZOS has it: 37.669 and 172.331.
  const auto result = Run(Row({0, 70, 140, 210}), Spec(2, 1, 1, Fit::kStretch));
  CHECK(Values(result) == std::vector<int>{38, 172});
  CheckPlacement(result.placement, {.left = 0, .top = 0, .width = 4, .height = 1, .scale = 0.5});
  const auto enlarged = Run(Row({0, 100}), Spec(4, 2, 1, Fit::kStretch));
  // -17.5 is no value of a pixel.
  CHECK(Values(enlarged) == std::vector<int>{0, 23, 77, 118, 0, 23, 77, 118});
  CHECK(enlarged.placement.scale == Catch::Approx(2));
}

TEST_CASE("The longest sides that are allowed are cut, padded and stretched", "[preprocess]") {
  const Image line = Row(std::vector<uint8_t>(kMaxImageSide, 50));
  for (const Fit fit : {Fit::kCrop, Fit::kPad, Fit::kStretch}) {
    InputSpec spec = Spec(50, 50, 1, fit);
    spec.pad_value = 50;
    for (const float value : Run(line, spec).tensor) {
      REQUIRE(std::fabs(value - 50 / 255.0F) < 1e-5F);
    }
  }
}

TEST_CASE("Grey becomes RGB by repetition, RGB becomes grey by Rec. 601 luma", "[preprocess]") {
  const auto repeated = Run(Row({10, 20}), Spec(2, 1, 3, Fit::kCrop));
  CHECK(Values(repeated) == std::vector<int>{10, 10, 10, 20, 20, 20});
  const Image colours{
      .width = 3, .height = 1, .channels = 3, .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255}};
  const auto luma = Run(colours, Spec(3, 1, 1, Fit::kCrop));
  CHECK(luma.tensor[0] == Catch::Approx(0.299F));
  CHECK(luma.tensor[1] == Catch::Approx(0.587F));
  CHECK(luma.tensor[2] == Catch::Approx(0.114F));
}

TEST_CASE("Each channel is normalised by its own mean and deviation, padding too", "[preprocess]") {
  const Image image{.width = 1, .height = 1, .channels = 3, .pixels = {255, 51, 0}};
  InputSpec spec = Spec(2, 1, 3, Fit::kPad);
  spec.pad_value = 102;
  spec.mean = {0.5F, 0.2F, 0.1F};
  spec.std = {0.25F, 0.5F, 0.1F};
  const auto result = Run(image, spec);
  const float expected[] = {2, 0, -1, -0.4F, 0.4F, 3};
  for (size_t i = 0; i < 6; ++i) {
    CHECK(result.tensor[i] == Catch::Approx(expected[i]).margin(1e-6));
  }
}

TEST_CASE("A tensor, an image or an input that does not fit is the caller's error",
          "[preprocess]") {
  const auto code = [](const Image& image, const InputSpec& spec, size_t size) {
    std::vector<float> tensor(size);
    const auto placement = Preprocess(image, spec, tensor);
    return placement.ok() ? ErrorCode::kOk : placement.error().code;
  };
  const Image image = NoiseImage(3, 3, 3);
  const InputSpec spec = Spec(2, 2, 3, Fit::kCrop);
  CHECK(code(image, spec, 12) == ErrorCode::kOk);
  CHECK(code(image, spec, 11) == ErrorCode::kInvalidArgument);
  CHECK(code(image, spec, 13) == ErrorCode::kInvalidArgument);
  CHECK(code(image, Spec(2, 2, 2, Fit::kCrop), 8) == ErrorCode::kInvalidArgument);
  CHECK(code(image, Spec(0, 2, 3, Fit::kCrop), 0) == ErrorCode::kInvalidArgument);
  CHECK(code({}, spec, 12) == ErrorCode::kInvalidArgument);
  Image short_of_one = image;
  short_of_one.pixels.pop_back();
  CHECK(code(short_of_one, spec, 12) == ErrorCode::kInvalidArgument);
}

TEST_CASE("A resized image has the same filter's values, rounded", "[preprocess]") {
  const Image half = Resize(Row({0, 70, 140, 213}), 2, 1);  // Pillow: 37.461, 173.724
  CHECK(half.width == 2);
  CHECK(half.height == 1);
  CHECK(half.channels == 1);
  CHECK(half.pixels == std::vector<uint8_t>{37, 174});
  const Image image = NoiseImage(6, 5, 3);
  CHECK(Resize(image, 6, 5).pixels == image.pixels);
  const Image white{
      .width = 7, .height = 7, .channels = 3, .pixels = std::vector<uint8_t>(147, 255)};
  CHECK(Resize(white, 3, 2).pixels == std::vector<uint8_t>(18, 255));
}

}  // namespace
}  // namespace insitu
