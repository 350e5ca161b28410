#include "shared/network/kernels.h"

#include <cmath>

#include "shared/logarithm.h"
#include "shared/vector.h"

namespace insitu {
namespace {

float Sigmoid(float v) { return static_cast<float>(1 / (1 + Exp(-v))); }

// The standard library's tanh and pow would be as large as all the pooling here. Beyond ±9 a
// float's tanh is ±1, and for small v the series keeps the relative error at a few last digits.
float Tanh(float v) {
  if (std::fabs(v) < 0.04F) return v - v * v * v / 3 + 2 * v * v * v * v * v / 15;
  return static_cast<float>(1 - 2 / (Exp(2 * v) + 1));
}

// base > 0
float Power(float base, float exponent) {
  return static_cast<float>(Exp(double{exponent} * Log(double{base})));
}

// Written as vectors, because this file is compiled for size: what compilers make of plain loops
// costs the download three times as much.
constexpr int64_t kLanes = 4;
using Vector = VectorOf<kLanes>::Type;

[[gnu::noinline]] Vector LoadSome(const float* from, int64_t count) {
  Vector vector = {};
  std::memcpy(&vector, from, static_cast<size_t>(count) * sizeof(float));
  return vector;
}

[[gnu::noinline]] void StoreSome(Vector vector, int64_t count, float* to) {
  std::memcpy(to, &vector, static_cast<size_t>(count) * sizeof(float));
}

// output[i] = function(a[i], b[i]), by vectors; the last may be a part of one.
template <typename Function>
[[gnu::always_inline]] inline void Combine(const float* a, const float* b, float* output,
                                           int64_t count, Function function) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    At<kLanes>(output + i) = function(Vector(At<kLanes>(a + i)), Vector(At<kLanes>(b + i)));
  }
  const int64_t rest = count - i;
  if (rest > 0) StoreSome(function(LoadSome(a + i, rest), LoadSome(b + i, rest)), rest, output + i);
}

[[gnu::always_inline]] inline Vector Clamped(Vector v, Clamp clamp) {
  Bound(clamp.low, clamp.high, &v);
  return v;
}

// The operands of a binary operation are brought to this many neighbouring numbers at a time, so
// that each operation is one loop that compilers vectorise, whatever repeats or is strided.
constexpr int64_t kBlock = 256;

// from, a stride apart -> neighbours: in place where they are already, else in block.
const float* Neighbours(const float* from, int64_t stride, int64_t count, float* block) {
  if (stride == 1) return from;
  for (int64_t i = 0; i < count; ++i) block[i] = from[i * stride];
  return block;
}

// output[i] = clamp(a[i] + b[i]): what residual networks do most, and means.
void Add(const float* a, const float* b, float* output, int64_t count, Clamp clamp = {}) {
  Combine(a, b, output, count, [clamp](Vector x, Vector y) __attribute__((always_inline)) {
    return Clamped(x + y, clamp);
  });
}

Vector Apply(Binary function, Vector x, Vector y) {
  switch (function) {
    case Binary::kAdd:
      return x + y;
    case Binary::kSub:
      return x - y;
    case Binary::kMul:
      return x * y;
    case Binary::kDiv:
      return x / y;
    case Binary::kPRelu:
      return x < Vector{} ? x * y : x;
  }
  return x;
}

Vector Apply(Unary function, float alpha, float beta, Vector v) {
  switch (function) {
    case Unary::kAffine:
      return alpha * v + beta;
    case Unary::kLeakyRelu:
      return v < Vector{} ? alpha * v : v;
    case Unary::kClip:
      return Clamped(v, {alpha, beta});
    case Unary::kHardSigmoid:
      return Clamped(alpha * v + beta, {0, 1});
    case Unary::kHardSwish:
      return v * Clamped(v / 6 + 0.5F, {0, 1});
    case Unary::kSigmoid:
    case Unary::kTanh:
      for (int64_t i = 0; i < kLanes; ++i) {
        v[i] = function == Unary::kTanh ? Tanh(v[i]) : Sigmoid(v[i]);
      }
      return v;
  }
  return v;
}

// The taps of a window that lie on the image, along one axis, for one output position.
struct Taps {
  int64_t count = 0;   // how many lie inside
  int64_t start = 0;   // input position of the first
  int64_t padded = 0;  // how many lie inside the image or its padding
};

Taps TapsAt(const Window& window, int axis, int64_t output_position) {
  Taps taps;
  const int64_t origin = output_position * window.stride[axis] - window.pad_begin[axis];
  const int64_t padded_end = window.input[axis] + window.pad_end[axis];
  for (int64_t k = 0; k < window.kernel[axis]; ++k) {
    const int64_t position = origin + k * window.dilation[axis];
    if (position < padded_end) ++taps.padded;
    if (position < 0 || position >= window.input[axis]) continue;
    if (taps.count++ == 0) {
      taps.start = position;
    }
  }
  return taps;
}

// What lies under a window, for one pixel of the output.
struct Pooled {
  const float* input;  // the first tap inside
  int64_t taps[2];     // inside
  int64_t steps[2];    // from tap to tap
  bool is_max;
  float scale;  // of a mean
};

// kUsed vectors of channels, which stay in registers.
template <int64_t kUsedLanes, int64_t kUsed>
inline __attribute__((always_inline)) void PoolChannels(const Pooled& from, int64_t c,
                                                        float* output) {
  using V = typename VectorOf<kUsedLanes>::Type;
  V result[kUsed];
  const float start = from.is_max ? -std::numeric_limits<float>::infinity() : 0.0F;
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < kUsed; ++v) result[v] = start - V{};
  const float* line = from.input + c;
  for (int64_t y = 0; y < from.taps[0]; ++y, line += from.steps[0]) {
    const float* pixel = line;
    for (int64_t x = 0; x < from.taps[1]; ++x, pixel += from.steps[1]) {
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kUsed; ++v) {
        const V value = At<kUsedLanes>(pixel + v * kUsedLanes);
        if (from.is_max) {
          Raise(value, &result[v]);
        } else {
          result[v] += value;
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < kUsed; ++v) {
    if (!from.is_max) result[v] *= from.scale;
    At<kUsedLanes>(output + c + v * kUsedLanes) = result[v];
  }
}

void PoolAt(const Pool& pool, const Taps& rows, const Taps& columns, const float* input,
            float* output) {
  constexpr int64_t kLong = 4 * kLanes;
  const Window& window = pool.window;
  const int64_t channels = pool.channels;
  const int64_t line = window.input[1] * channels;
  const int64_t divisor =
      pool.count_padding ? rows.padded * columns.padded : rows.count * columns.count;
  const Pooled from = {input + rows.start * line + columns.start * channels,
                       {rows.count, columns.count},
                       {window.dilation[0] * line, window.dilation[1] * channels},
                       pool.kind == Pool::Kind::kMax,
                       divisor == 0 ? 0.0F : 1 / static_cast<float>(divisor)};
  int64_t c = 0;
  for (; c + kLong <= channels; c += kLong) PoolChannels<kLanes, 4>(from, c, output);
  for (; c + kLanes <= channels; c += kLanes) PoolChannels<kLanes, 1>(from, c, output);
  for (; c < channels; ++c) PoolChannels<1, 1>(from, c, output);
}

}  // namespace

Status PerItem::Bind(int batch, std::span<const Operand> inputs, float* output,
                     int64_t output_item_stride) {
  batch_ = batch;
  std::copy(inputs.begin(), inputs.end(), inputs_);
  output_ = output;
  output_item_stride_ = output_item_stride;
  return {};
}

void PerItem::Run() {
  for (int item = 0; item < batch_; ++item) {
    const float* inputs[kMaxOperands];
    for (size_t i = 0; i < kMaxOperands; ++i) {
      inputs[i] = inputs_[i].data + item * inputs_[i].item_stride;
    }
    RunItem(inputs, output_ + item * output_item_stride_);
  }
}

void UnaryKernel::Run(const float* const* inputs, float* output) const {
  Combine(inputs[0], inputs[0], output, count,
          [this](Vector v, Vector) { return Apply(function, alpha, beta, v); });
}

void BinaryKernel::Simplify() {
  for (size_t axis = dims.size(); axis-- > 1;) {
    const size_t outer = axis - 1;
    const bool joins = a_strides[outer] == a_strides[axis] * dims[axis] &&
                       b_strides[outer] == b_strides[axis] * dims[axis];
    if (!joins && dims[outer] != 1 && dims[axis] != 1) continue;
    if (dims[axis] != 1) {
      a_strides[outer] = a_strides[axis];
      b_strides[outer] = b_strides[axis];
      dims[outer] *= dims[axis];
    }
    a_strides.erase(axis);
    b_strides.erase(axis);
    dims.erase(axis);
  }
}

void BinaryKernel::Run(const float* const* inputs, float* output) const {
  const size_t last = dims.empty() ? 0 : dims.size() - 1;
  const int64_t row = dims.empty() ? 1 : dims[last];
  const int64_t a_stride = dims.empty() ? 1 : a_strides[last];
  const int64_t b_stride = dims.empty() ? 1 : b_strides[last];
  ForEachRow(dims, [&](const int64_t* at) {
    const float* a = inputs[0];
    const float* b = inputs[1];
    for (size_t axis = 0; axis < last; ++axis) {
      a += at[axis] * a_strides[axis];
      b += at[axis] * b_strides[axis];
    }
    float a_block[kBlock];
    float b_block[kBlock];
    for (int64_t from = 0; from < row; from += kBlock) {
      const int64_t count = std::min(kBlock, row - from);
      const float* x = Neighbours(a + from * a_stride, a_stride, count, a_block);
      const float* y = Neighbours(b + from * b_stride, b_stride, count, b_block);
      if (function == Binary::kAdd) {
        Add(x, y, output, count, clamp);
      } else {
        Combine(x, y, output, count,
                [this](Vector p, Vector q) { return Clamped(Apply(function, p, q), clamp); });
      }
      output += count;
    }
  });
}

void ChannelAffine::Run(const float* const* inputs, float* output) const {
  const float* input = inputs[0];
  const auto channels = static_cast<int64_t>(scale.size());
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    Combine(input, scale.data(), output, channels, [](Vector x, Vector y) { return x * y; });
    Add(output, shift.data(), output, channels, clamp);
    input += channels;
    output += channels;
  }
}

void Pool::Run(const float* const* inputs, float* output) const {
  const float* image = inputs[0];
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t y = 0; y < window.output[0]; ++y) {
      const Taps rows = TapsAt(window, 0, y);
      for (int64_t x = 0; x < window.output[1]; ++x) {
        PoolAt(*this, rows, TapsAt(window, 1, x), image, output);
        output += channels;
      }
    }
    image += window.input[0] * window.input[1] * channels;
  }
}

void Reduce::Run(const float* const* inputs, float* output) const {
  const float* input = inputs[0];
  std::fill(output, output + output_count, 0.0F);
  const size_t last = dims.empty() ? 0 : dims.size() - 1;
  const int64_t row = dims.empty() ? 1 : dims[last];
  const int64_t step = dims.empty() ? 0 : output_strides[last];
  ForEachRow(dims, [&](const int64_t* at) {
    float* to = output;
    for (size_t axis = 0; axis < last; ++axis) to += at[axis] * output_strides[axis];
    for (int64_t i = 0; i < row; ++i) to[i * step] += input[i];
    input += row;
  });
  if (output_count == 0) return;
  const float scale = static_cast<float>(output_count) / static_cast<float>(ElementCount(dims));
  for (int64_t i = 0; i < output_count; ++i) output[i] *= scale;
}

void Softmax::Run(const float* const* inputs, float* output) const {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const float* from = inputs[0] + o * axis * inner + i;
      float* to = output + o * axis * inner + i;
      float largest = -std::numeric_limits<float>::infinity();
      for (int64_t a = 0; a < axis; ++a) largest = std::max(largest, from[a * inner]);
      float sum = 0;
      for (int64_t a = 0; a < axis; ++a) {
        to[a * inner] = static_cast<float>(Exp(from[a * inner] - largest));
        sum += to[a * inner];
      }
      for (int64_t a = 0; a < axis; ++a) to[a * inner] /= sum;
    }
  }
}

void LocalResponse::Run(const float* const* inputs, float* output) const {
  const float* input = inputs[0];
  const int64_t before = (size - 1) / 2;
  const int64_t after = size - 1 - before;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int64_t c = 0; c < channels; ++c) {
      float squares = 0;
      const int64_t end = std::min(channels, c + after + 1);
      for (int64_t d = std::max<int64_t>(0, c - before); d < end; ++d)
        squares += input[d] * input[d];
      output[c] = input[c] / Power(bias + alpha / static_cast<float>(size) * squares, beta);
    }
    input += channels;
    output += channels;
  }
}

void MatrixProduct::Run(const float* const* inputs, float* output) const {
  for (const auto& [a_offset, b_offset] : offsets) {
    for (int64_t row = 0; row < m; ++row) {
      std::fill(output, output + n, 0.0F);
      for (int64_t i = 0; i < k; ++i) {
        const float factor = inputs[0][a_offset + row * a_strides[0] + i * a_strides[1]];
        const float* b = inputs[1] + b_offset + i * b_strides[0];
        for (int64_t column = 0; column < n; ++column)
          output[column] += factor * b[column * b_strides[1]];
      }
      output += n;
    }
  }
}

}  // namespace insitu
