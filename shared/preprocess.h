// The one definition of a model's input: image -> tensor. Training, evaluation, the command line
// and the page all come through here.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

// How an image whose shape differs from the input is brought to it.
enum class Fit {
  kCrop,     // scaled until it covers the input, then cut at its centre
  kPad,      // scaled until it fits inside the input, then padded around its centre
  kStretch,  // scaled in each direction on its own
};

// What a model expects, read from its metadata (model_info.h).
struct InputSpec {
  int width = 0;
  int height = 0;
  int channels = 0;  // 1 or 3
  Fit fit = Fit::kCrop;
  uint8_t pad_value = 255;         // grey level of padding, before normalisation
  std::array<float, 3> mean = {};  // of pixel / 255, per channel
  std::array<float, 3> std = {1, 1, 1};
};

// Pixel values -> (value / 255 - mean) / std, per channel.
class Normalisation {
 public:
  explicit Normalisation(const InputSpec& spec) : spec_(spec) {}

  float operator()(float value, size_t channel) const {
    return (value / 255.0F - spec_.mean[channel]) / spec_.std[channel];
  }

 private:
  const InputSpec& spec_;
};

// Where the input came from in the image, in image pixels (left and top are negative where padded),
// and how many input pixels one image pixel became.
struct Placement {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
  double scale = 1;  // horizontal; equal to the vertical one unless the fit is kStretch
};

// image: (height, width, 1 or 3) u8 -> tensor: (spec.height, spec.width, spec.channels) f32,
// (pixel / 255 - mean) / std. Grey becomes RGB by repetition, RGB becomes grey by Rec. 601 luma.
// Resampling is antialiased: Lanczos' filter of three lobes that widens with the reduction, weights
// normalised, separable, as Pillow's LANCZOS (resample.h). An image that has the input's size is
// not resampled. Errors: kInvalidArgument when tensor.size() is not height * width * channels.
Result<Placement> Preprocess(const Image& image, const InputSpec& spec, std::span<float> tensor);

// The same filter by itself: image -> (height, width, image.channels) u8, each value rounded.
Image Resize(const Image& image, int width, int height);

}  // namespace insitu
