#include "shared/network/depthwise.h"

#include "shared/divide_up.h"
#include "shared/limits.h"
#include "shared/network/window.h"
#include "shared/vector.h"

namespace insitu {
namespace {

// Pixels of a row of the output and vectors of channels that are summed at a time. Four vectors are
// a twelfth faster in Chromium 156 and half as fast in V8 of 2024, which then keeps sums in memory.
constexpr int64_t kPixels = 3;
constexpr int64_t kVectors = 2;

// A row of the output, and where the taps of its first pixel's window lie.
struct Row {
  int64_t taps;  // of a row of the kernel, if neighbours of the output share them, or 1
  const float* input;
  const int32_t* offsets;  // from there, one for each tap
  const int32_t* end;      // of the offsets
  const float* weights;    // of the first tap
  int64_t channels;        // also from tap to tap of the weights
  int64_t pixel_step;      // from pixel to pixel of the input
  const float* bias;
  Clamp clamp;
};

// `count` pixels from the given one on, kUsed vectors of channels from c on.
template <int64_t kLanes, int64_t kUsed>
inline __attribute__((always_inline)) void Sum(const Row& row, int64_t pixel, int64_t count,
                                               int64_t c, float* output) {
  output += pixel * row.channels + c;
  using V = typename VectorOf<kLanes>::Type;
  V sum[kPixels][kUsed];
#pragma clang loop unroll(full)
  for (int64_t p = 0; p < kPixels; ++p) {
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < kUsed; ++v) sum[p][v] = At<kLanes>(row.bias + c + v * kLanes);
  }
  const float* weights = row.weights + c;
  const float* inputs[kPixels];
  const float* next = row.input + pixel * row.pixel_step + c;
#pragma clang loop unroll(full)
  for (int64_t p = 0; p < kPixels; ++p, next += row.pixel_step) inputs[p] = next;
  for (const int32_t* offset = row.offsets; offset != row.end; offset += row.taps) {
    V value[kPixels][kUsed];
#pragma clang loop unroll(full)
    for (int64_t p = 0; p < kPixels; ++p) {
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kUsed; ++v)
        value[p][v] = At<kLanes>(inputs[p] + *offset + v * kLanes);
    }
    const float* beyond = inputs[kPixels - 1] + *offset;
    for (int64_t tap = 0;;) {
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kUsed; ++v) {
        const V weight = At<kLanes>(weights + v * kLanes);
#pragma clang loop unroll(full)
        for (int64_t p = 0; p < kPixels; ++p) MultiplyAdd(weight, value[p][v], &sum[p][v]);
      }
      weights += row.channels;
      if (++tap == row.taps) break;
      beyond += row.channels;
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kUsed; ++v) {
#pragma clang loop unroll(full)
        for (int64_t p = 0; p + 1 < kPixels; ++p) value[p][v] = value[p + 1][v];
        value[kPixels - 1][v] = At<kLanes>(beyond + v * kLanes);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int64_t p = 0; p < kPixels; ++p) {
    if (p >= count) continue;
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < kUsed; ++v) {
      Bound(row.clamp.low, row.clamp.high, &sum[p][v]);
      At<kLanes>(output + v * kLanes) = sum[p][v];
    }
    output += row.channels;
  }
}

template <int64_t kLanes>
inline __attribute__((always_inline)) void SumRow(const Row row, int64_t pixels, float* output) {
  constexpr int64_t kLong = kVectors * kLanes;
  for (int64_t pixel = 0; pixel < pixels; pixel += kPixels) {
    const int64_t count = std::min(kPixels, pixels - pixel);
    int64_t c = 0;
    for (; c + kLong <= row.channels; c += kLong) {
      Sum<kLanes, kVectors>(row, pixel, count, c, output);
    }
    for (; c < row.channels; c += kLanes) {
      c = std::min(c, row.channels - kLanes);  // the last vector may lie over the one before it
      Sum<kLanes, 1>(row, pixel, count, c, output);
    }
  }
}

using RowFunction = void (*)(const Row& row, int64_t pixels, float* output);

void SumRow4(const Row& row, int64_t pixels, float* output) {
  SumRow<kMinDepthwiseChannels>(row, pixels, output);
}

#ifdef __x86_64__
__attribute__((target("avx,fma"))) void SumRow8(const Row& row, int64_t pixels, float* output) {
  SumRow<8>(row, pixels, output);
}
#endif

RowFunction ChooseFunction([[maybe_unused]] int64_t channels) {
#ifdef __x86_64__
  if (channels >= 8 && __builtin_cpu_supports("fma")) return SumRow8;
#endif
  return SumRow4;
}

// Columns of a row with its padding, as far as the last tile of pixels looks.
int64_t PaddedColumns(const Window& w) {
  const int64_t pixels = RoundUp(w.output[1], kPixels);
  return std::max(w.pad_begin[1] + w.input[1], (pixels - 1) * w.stride[1] + WindowExtent(w, 1));
}

// Input rows are copied between zeros, each once, into a ring of as many as a window sees: so the
// tiles at an image's sides are like all others, and what they read lies together.
class Depthwise final : public PerItem {
 public:
  explicit Depthwise(const ConvolutionSpec& spec)
      : window_(spec.window),
        items_(spec.items),
        channels_(spec.groups),
        clamp_(spec.clamp),
        function_(ChooseFunction(spec.groups)),
        ring_rows_(std::min(WindowExtent(spec.window, 0), spec.window.input[0])),
        padded_(PaddedColumns(spec.window) * spec.groups),
        ring_(static_cast<size_t>(ring_rows_ * padded_)),
        offsets_(static_cast<size_t>(spec.window.kernel[0] * spec.window.kernel[1])) {
    const int64_t taps = spec.window.kernel[0] * spec.window.kernel[1];
    weights_.resize(static_cast<size_t>(taps * channels_));
    float* weight = weights_.data();
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t c = 0; c < channels_; ++c) *weight++ = spec.weights.At(c, tap, 0);
    }
    bias_.resize(static_cast<size_t>(channels_));
    if (spec.bias != nullptr) std::copy_n(spec.bias, channels_, bias_.begin());
  }

 private:
  // Where a row of the input lies in the ring.
  int64_t RingRow(int64_t y) const { return y % ring_rows_ * padded_; }

  void RunItem(const float* const* inputs, float* output) const override {
    const int64_t length = window_.input[1] * channels_;
    for (int64_t item = 0; item < items_; ++item) {
      RunImage(inputs[0] + item * window_.input[0] * length, length, output);
      output += window_.output[0] * window_.output[1] * channels_;
    }
  }

  void RunImage(const float* image, int64_t length, float* output) const {
    const Window& w = window_;
    Row row;
    row.input = ring_.data();
    row.taps = w.stride[1] == 1 && w.dilation[1] == 1 ? w.kernel[1] : 1;
    row.offsets = offsets_.data();
    row.channels = channels_;
    row.pixel_step = w.stride[1] * channels_;
    row.bias = bias_.data();
    row.clamp = clamp_;
    int64_t copied = 0;
    for (int64_t y = 0; y < w.output[0]; ++y) {
      const int64_t start = y * w.stride[0] - w.pad_begin[0];
      const int64_t end = std::min(w.input[0], start + WindowExtent(w, 0));
      for (copied = std::max(copied, start); copied < end; ++copied) {
        std::copy_n(image + copied * length, length,
                    ring_.data() + RingRow(copied) + w.pad_begin[1] * channels_);
      }
      const int64_t first = start < 0 ? DivideUp(-start, w.dilation[0]) : 0;
      int32_t* offset = offsets_.data();
      for (int64_t from = start + first * w.dilation[0]; from < end; from += w.dilation[0]) {
        for (int64_t x = 0; x < w.kernel[1]; ++x) {
          *offset++ = static_cast<int32_t>(RingRow(from) + x * w.dilation[1] * channels_);
        }
      }
      row.end = offset;
      row.weights = weights_.data() + first * w.kernel[1] * channels_;
      function_(row, w.output[1], output);
      output += w.output[1] * channels_;
    }
  }

  const Window window_;
  const int64_t items_;
  const int64_t channels_;
  const Clamp clamp_;
  const RowFunction function_;
  const int64_t ring_rows_;
  const int64_t padded_;  // values of a row of the ring
  List<float> weights_;   // (kernel h, kernel w, channels)
  List<float> bias_;      // (channels)
  mutable List<float> ring_;
  mutable List<int32_t> offsets_;  // of a row's taps in the ring
};

}  // namespace

Result<std::unique_ptr<Operation>> MakeDepthwise(const ConvolutionSpec& spec) {
  constexpr int64_t kMaxValues = kMaxArenaBytes / static_cast<int64_t>(sizeof(float));
  const Window& w = spec.window;
  const int64_t rows =
      std::max(w.kernel[0] * w.kernel[1], std::min(WindowExtent(w, 0), w.input[0]));
  if (spec.groups > kMaxValues / rows / PaddedColumns(w)) {
    return Fail(ErrorCode::kOutOfMemory, "There is not enough memory to run the model.");
  }
  return std::unique_ptr<Operation>(std::make_unique<Depthwise>(spec));
}

}  // namespace insitu
