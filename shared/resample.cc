#include "shared/resample.h"

#include <algorithm>
#include <cmath>

namespace insitu {

ResampleWeights::ResampleWeights(int from, int64_t to, int64_t first, int count) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double support = std::max(scale, 1.0);  // half of the triangle's base, in samples
  std::vector<double> exact;
  offset_.push_back(0);
  for (int64_t i = first; i < first + count; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    int begin = std::max(0, static_cast<int>(std::floor(centre - support)));
    const int end = std::min(from, static_cast<int>(std::ceil(centre + support)));
    exact.clear();
    double sum = 0;
    for (int sample = begin; sample < end; ++sample) {
      const double weight = 1 - std::fabs(sample + 0.5 - centre) / support;
      if (weight <= 0) {
        begin += exact.empty() ? 1 : 0;
        continue;
      }
      exact.push_back(weight);
      sum += weight;
    }
    for (const double weight : exact) weights_.push_back(static_cast<float>(weight / sum));
    begin_.push_back(begin);
    offset_.push_back(weights_.size());
  }
}

Resampler::Resampler(const Image& image, const ResampleWeights& columns,
                     const ResampleWeights& rows, bool luma)
    : image_(image),
      columns_(columns),
      rows_(rows),
      luma_(luma && image.channels == 3),
      channels_(luma_ ? 1 : image.channels),
      tall_(static_cast<size_t>(columns.end() - columns.lowest()) *
            static_cast<size_t>(image.channels)),
      row_(static_cast<size_t>(columns.count()) * static_cast<size_t>(channels_)) {}

const std::vector<float>& Resampler::Row(int y) {
  SumRows(y);
  if (luma_) TakeLuma();
  SumColumns();
  return row_;
}

// Down before across: this loop runs over neighbouring bytes, which compilers turn into SIMD, and
// over every pixel of the source; the other one only over the few rows that are left.
void Resampler::SumRows(int y) {
  const size_t count = tall_.size();
  const auto channels = static_cast<size_t>(image_.channels);
  const size_t stride = static_cast<size_t>(image_.width) * channels;
  const uint8_t* source = image_.pixels.data() + static_cast<size_t>(rows_.begin(y)) * stride +
                          static_cast<size_t>(columns_.lowest()) * channels;
  const float* weights = rows_.weights(y);
  float* __restrict tall = tall_.data();
  for (size_t i = 0; i < count; ++i) tall[i] = weights[0] * static_cast<float>(source[i]);
  for (int tap = 1; tap < rows_.taps(y); ++tap) {
    const uint8_t* line = source + static_cast<size_t>(tap) * stride;
    const float weight = weights[tap];
    for (size_t i = 0; i < count; ++i) tall[i] += weight * static_cast<float>(line[i]);
  }
}

// In thousandths, so that equal channels give their value exactly.
void Resampler::TakeLuma() {
  const size_t count = tall_.size() / 3;
  float* tall = tall_.data();
  for (size_t i = 0; i < count; ++i) {
    const float* rgb = tall + 3 * i;
    tall[i] = (299.0F * rgb[0] + 587.0F * rgb[1] + 114.0F * rgb[2]) / 1000.0F;
  }
}

void Resampler::SumColumns() {
  const auto channels = static_cast<size_t>(channels_);
  float* out = row_.data();
  for (int x = 0; x < columns_.count(); ++x) {
    const float* weights = columns_.weights(x);
    const float* source =
        tall_.data() + static_cast<size_t>(columns_.begin(x) - columns_.lowest()) * channels;
    for (size_t c = 0; c < channels; ++c) {
      float sum = 0;
      for (int tap = 0; tap < columns_.taps(x); ++tap) {
        sum += weights[tap] * source[static_cast<size_t>(tap) * channels + c];
      }
      *out++ = sum;
    }
  }
}

}  // namespace insitu
