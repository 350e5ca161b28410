#include "shared/network/depthwise.h"

#ifdef __wasm_relaxed_simd__
#include <wasm_simd128.h>
#endif

namespace insitu {
namespace {

// Vectors of a machine; in memory they need not be aligned to their size.
template <int64_t kLanes>
struct Vector {
  typedef float Type __attribute__((vector_size(kLanes * sizeof(float))));
  typedef float InMemory
      __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
};
// *sum += a * b
template <typename T>
inline __attribute__((always_inline)) void MultiplyAdd(const T& a, const T& b, T* sum) {
#pragma clang fp contract(fast)  // where the machine can
#ifdef __wasm_relaxed_simd__
  *sum = wasm_f32x4_relaxed_madd(a, b, *sum);
#else
  *sum += a * b;
#endif
}

// The part of a window that lies on the image, for one output pixel.
struct Taps {
  const float* input;  // the first of them
  const float* weights;
  int64_t count[2];
  int64_t input_step[2];  // from tap to tap
  int64_t weight_step[2];
};

// kVectors vectors of channels, from `c` on.
template <int64_t kLanes, int64_t kVectors>
inline __attribute__((always_inline)) void Sum(const Taps& taps, const float* bias, Clamp clamp,
                                               int64_t c, float* output) {
  using V = typename Vector<kLanes>::Type;
  using InMemory = typename Vector<kLanes>::InMemory;
  V sum[kVectors];
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < kVectors; ++v) {
    sum[v] = *reinterpret_cast<const InMemory*>(bias + c + v * kLanes);
  }
  for (int64_t y = 0; y < taps.count[0]; ++y) {
    const float* input = taps.input + c + y * taps.input_step[0];
    const float* weights = taps.weights + c + y * taps.weight_step[0];
    for (int64_t x = 0; x < taps.count[1]; ++x) {
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kVectors; ++v) {
        const V value = *reinterpret_cast<const InMemory*>(input + v * kLanes);
        const V weight = *reinterpret_cast<const InMemory*>(weights + v * kLanes);
        MultiplyAdd(value, weight, &sum[v]);
      }
      input += taps.input_step[1];
      weights += taps.weight_step[1];
    }
  }
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < kVectors; ++v) {
    const V low = V{} + clamp.low;
    const V high = V{} + clamp.high;
    V clamped = sum[v] < low ? low : sum[v];
    clamped = clamped > high ? high : clamped;
    *reinterpret_cast<InMemory*>(output + c + v * kLanes) = clamped;
  }
}

template <int64_t kLanes>
inline __attribute__((always_inline)) void SumPixel(const Taps& taps, const Depthwise& layer,
                                                    float* output) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= layer.channels; c += 4 * kLanes) {
    Sum<kLanes, 4>(taps, layer.bias.data(), layer.clamp, c, output);
  }
  for (; c < layer.channels; c += kLanes) {
    c = std::min(c, layer.channels - kLanes);  // the last vector may lie over the one before it
    Sum<kLanes, 1>(taps, layer.bias.data(), layer.clamp, c, output);
  }
}

using PixelFunction = void (*)(const Taps& taps, const Depthwise& layer, float* output);

void SumPixel4(const Taps& taps, const Depthwise& layer, float* output) {
  SumPixel<kMinDepthwiseChannels>(taps, layer, output);
}

#ifdef __x86_64__
__attribute__((target("avx,fma"))) void SumPixel8(const Taps& taps, const Depthwise& layer,
                                                  float* output) {
  SumPixel<8>(taps, layer, output);
}
#endif

PixelFunction ChooseFunction([[maybe_unused]] int64_t channels) {
#ifdef __x86_64__
  if (channels >= 8 && __builtin_cpu_supports("fma")) return SumPixel8;
#endif
  return SumPixel4;
}

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Along one axis, the taps [first, last) of the window at an output position that lie on the image.
struct Overlap {
  int64_t first;
  int64_t last;
  int64_t from;  // input position of the first
};

Overlap OverlapAt(const Window& w, int axis, int64_t at) {
  const int64_t start = at * w.stride[axis] - w.pad_begin[axis];
  const int64_t dilation = w.dilation[axis];
  const int64_t first = start < 0 ? DivideUp(-start, dilation) : 0;
  const int64_t last = std::min(w.kernel[axis], DivideUp(w.input[axis] - start, dilation));
  return {first, std::max(first, last), start + first * dilation};
}

}  // namespace

Depthwise MakeDepthwise(const ConvolutionSpec& spec) {
  Depthwise layer{spec.window, spec.items, spec.groups, {}, {}, spec.clamp};
  const int64_t taps = spec.window.kernel[0] * spec.window.kernel[1];
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t c = 0; c < spec.groups; ++c) layer.weights.push_back(spec.weights[c * taps + tap]);
  }
  layer.bias.resize(static_cast<size_t>(spec.groups));
  if (spec.bias != nullptr) std::copy_n(spec.bias, spec.groups, layer.bias.begin());
  return layer;
}

void Depthwise::Run(const float* const* inputs, float* output) const {
  const PixelFunction sum_pixel = ChooseFunction(channels);
  const Window& w = window;
  const float* image = inputs[0];
  Taps taps;
  taps.input_step[0] = w.dilation[0] * w.input[1] * channels;
  taps.input_step[1] = w.dilation[1] * channels;
  taps.weight_step[0] = w.kernel[1] * channels;
  taps.weight_step[1] = channels;
  for (int64_t item = 0; item < items; ++item) {
    for (int64_t y = 0; y < w.output[0]; ++y) {
      const Overlap rows = OverlapAt(w, 0, y);
      taps.count[0] = rows.last - rows.first;
      for (int64_t x = 0; x < w.output[1]; ++x) {
        const Overlap columns = OverlapAt(w, 1, x);
        taps.count[1] = columns.last - columns.first;
        taps.input = image + (rows.from * w.input[1] + columns.from) * channels;
        taps.weights = weights.data() + (rows.first * w.kernel[1] + columns.first) * channels;
        sum_pixel(taps, *this, output);
        output += channels;
      }
    }
    image += w.input[0] * w.input[1] * channels;
  }
}

}  // namespace insitu
