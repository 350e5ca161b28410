#include "shared/preprocess.h"

#include <algorithm>
#include <cmath>

#include "shared/resample.h"

namespace insitu {
namespace {

// Of a positive number; the library's is code for what never comes here.
int64_t Rounded(double value) {
  return static_cast<int64_t>(value + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

// One direction: the image's `from` pixels become `scaled`, of which `count` from `first` on are
// shown at `at` in the input.
struct Axis {
  int from = 0;
  int64_t scaled = 0;
  int64_t first = 0;
  int count = 0;
  int at = 0;

  double ImagePixelsPerInputPixel() const {
    return static_cast<double>(from) / static_cast<double>(scaled);
  }
};

// from: pixels of the image, to: of the input. Whole numbers of pixels, so that an image already at
// the input's scale is cut or padded without being resampled.
Axis FitAxis(int from, int to, double scale, Fit fit) {
  Axis axis{.from = from, .scaled = to, .count = to};
  if (fit == Fit::kCrop) {
    axis.scaled = std::max<int64_t>(to, Rounded(from * scale));
    axis.first = (axis.scaled - to) / 2;
  } else if (fit == Fit::kPad) {
    axis.count = std::clamp(static_cast<int>(Rounded(from * scale)), 1, to);
    axis.scaled = axis.count;
    axis.at = (to - axis.count) / 2;
  }
  return axis;
}

void Pad(const InputSpec& spec, std::span<float> tensor) {
  const Normalisation normalised(spec);
  const auto channels = static_cast<size_t>(spec.channels);
  for (size_t i = 0; i < tensor.size(); ++i) {
    tensor[i] = normalised(spec.pad_value, i % channels);
  }
}

void Fill(const Image& image, const InputSpec& spec, const Axis& across, const Axis& down,
          std::span<float> tensor) {
  const ResampleWeights columns(across.from, across.scaled, across.first, across.count);
  const ResampleWeights rows(down.from, down.scaled, down.first, down.count);
  Resampler resampler(image, columns, rows, /*luma=*/spec.channels == 1);
  const Normalisation normalised(spec);
  const auto from_channels = static_cast<size_t>(resampler.channels());
  const auto channels = static_cast<size_t>(spec.channels);
  for (int y = 0; y < down.count; ++y) {
    const std::vector<float>& row = resampler.Row(y);
    const size_t pixel = static_cast<size_t>(down.at + y) * static_cast<size_t>(spec.width) +
                         static_cast<size_t>(across.at);
    float* out = &tensor[pixel * channels];
    for (size_t x = 0; x < static_cast<size_t>(across.count); ++x) {
      for (size_t c = 0; c < channels; ++c) {
        const size_t from = x * from_channels + (from_channels == 1 ? 0 : c);
        *out++ = normalised(row[from], c);
      }
    }
  }
}

size_t SampleCount(int width, int height, int channels) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels);
}

bool IsImage(int width, int height, int channels) {
  return width >= 1 && height >= 1 && (channels == 1 || channels == 3);
}

Status CheckArguments(const Image& image, const InputSpec& spec, size_t tensor_size) {
  if (!IsImage(image.width, image.height, image.channels) ||
      image.pixels.size() != SampleCount(image.width, image.height, image.channels)) {
    return Fail(ErrorCode::kInvalidArgument, "An image of % x % x % cannot hold % samples.",
                image.width, image.height, image.channels, image.pixels.size());
  }
  if (!IsImage(spec.width, spec.height, spec.channels) ||
      tensor_size != SampleCount(spec.width, spec.height, spec.channels)) {
    return Fail(ErrorCode::kInvalidArgument,
                "An input of % x % x % does not fit a tensor of % numbers.", spec.height,
                spec.width, spec.channels, tensor_size);
  }
  return {};
}

}  // namespace

Result<Placement> Preprocess(const Image& image, const InputSpec& spec, std::span<float> tensor) {
  RETURN_IF_ERROR(CheckArguments(image, spec, tensor.size()));
  const double scale_x = static_cast<double>(spec.width) / image.width;
  const double scale_y = static_cast<double>(spec.height) / image.height;
  const double scale =
      spec.fit == Fit::kCrop ? std::max(scale_x, scale_y) : std::min(scale_x, scale_y);
  const Axis across = FitAxis(image.width, spec.width, scale, spec.fit);
  const Axis down = FitAxis(image.height, spec.height, scale, spec.fit);
  if (across.count < spec.width || down.count < spec.height) Pad(spec, tensor);
  Fill(image, spec, across, down, tensor);

  const double pixels_x = across.ImagePixelsPerInputPixel();
  const double pixels_y = down.ImagePixelsPerInputPixel();
  return Placement{.left = static_cast<double>(across.first - across.at) * pixels_x,
                   .top = static_cast<double>(down.first - down.at) * pixels_y,
                   .width = spec.width * pixels_x,
                   .height = spec.height * pixels_y,
                   .scale = 1 / pixels_x};
}

Image Resize(const Image& image, int width, int height) {
  Image resized{.width = width, .height = height, .channels = image.channels, .pixels = {}};
  resized.pixels = std::vector<uint8_t>(SampleCount(width, height, image.channels));
  const ResampleWeights columns(image.width, width, 0, width);
  const ResampleWeights rows(image.height, height, 0, height);
  Resampler resampler(image, columns, rows, /*luma=*/false);
  uint8_t* out = resized.pixels.data();
  for (int y = 0; y < height; ++y) {
    for (const float value : resampler.Row(y)) *out++ = NearestSample(value);
  }
  return resized;
}

}  // namespace insitu
