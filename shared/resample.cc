#include "shared/resample.h"

#include <algorithm>

#include "shared/vector.h"

namespace insitu {
namespace {

// Written as vectors, because this file is compiled for size.
constexpr int64_t kLanes = 4;
using Vector = VectorOf<kLanes>::Type;
typedef uint8_t Bytes __attribute__((vector_size(4), aligned(1)));

// sum[i] += weight * samples[i]
void AddWeighted(const uint8_t* samples, float weight, size_t count, float* sum) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto values =
        __builtin_convertvector(*reinterpret_cast<const Bytes*>(samples + i), Vector);
    At<kLanes>(sum + i) += weight * values;
  }
  for (; i < count; ++i) sum[i] += weight * static_cast<float>(samples[i]);
}

}  // namespace

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

// Down before across: this is done for every pixel of the source, over neighbouring bytes; the
// other only for the few rows that are left.
void Resampler::SumRows(int y) {
  const auto channels = static_cast<size_t>(image_.channels);
  const size_t stride = static_cast<size_t>(image_.width) * channels;
  const uint8_t* line = image_.pixels.data() + static_cast<size_t>(rows_.begin(y)) * stride +
                        static_cast<size_t>(columns_.lowest()) * channels;
  std::fill(tall_.begin(), tall_.end(), 0.0F);
  for (int tap = 0; tap < rows_.taps(y); ++tap, line += stride) {
    AddWeighted(line, rows_.weights(y)[tap], tall_.size(), tall_.data());
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
      *out++ = std::clamp(sum, 0.0F, 255.0F);  // beside an edge it would go beyond
    }
  }
}

}  // namespace insitu
