// The operators that we compute ourselves: each struct is one operator's geometry and parameters,
// for one item of a batch, and its Run is the loop. Convolutions and matrix products with constant
// weights are in convolution.h.
//
// Shapes and strides are those of memory, outermost first, in elements; whether memory is plain or
// channels-last is the planner's business. An input never overlaps the output.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "shared/limits.h"
#include "shared/list.h"
#include "shared/network/operation.h"
#include "shared/network/tensor.h"

namespace insitu {

// Bounds of a fused Relu or Clip. NaN passes through.
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  bool is_bounded() const {
    return low > -std::numeric_limits<float>::infinity() ||
           high < std::numeric_limits<float>::infinity();
  }
  float operator()(float v) const { return v < low ? low : (v > high ? high : v); }
};

// Visits all indices of `dims` but those of the last dimension, in order: visit(index) for each
// row.
template <typename Visit>
void ForEachRow(const Shape& dims, Visit visit) {
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return;
  const size_t outer = dims.empty() ? 0 : dims.size() - 1;
  int64_t index[kMaxTensorRank] = {};
  while (true) {
    visit(index);
    size_t axis = outer;
    while (axis > 0 && ++index[axis - 1] == dims[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

// Copies with a table a dimension: output[i, j, …] = input[table0[i] + table1[j] + …], or `fill`
// where any of them is negative. Transpose, Slice, Gather, Concat, Pad and Expand are tables.
struct Remap {
  static constexpr int32_t kFill = -1;

  Shape dims;            // of the part of the output that is written
  List<int32_t> tables;  // one after the other, each dims[axis] long
  Shape output_strides;
  int64_t output_offset = 0;
  float fill = 0;

  void Run(const float* const* inputs, float* output) const { Copy(inputs[0], output); }

  template <typename T>
  void Copy(const T* input, T* output) const;
};

enum class Unary { kAffine, kLeakyRelu, kClip, kSigmoid, kHardSigmoid, kHardSwish, kTanh };

// output = f(input). alpha and beta: slope and offset (affine, hard sigmoid), slope (leaky ReLU) or
// bounds (clip).
struct UnaryKernel {
  Unary function;
  float alpha = 0;
  float beta = 0;
  int64_t count = 0;

  void Run(const float* const* inputs, float* output) const;
};

enum class Binary { kAdd, kSub, kMul, kDiv, kPRelu };

// output = clamp(f(a, b)) with broadcasting: a stride of 0 repeats.
struct BinaryKernel {
  Binary function;
  Shape dims;
  Shape a_strides;
  Shape b_strides;
  Clamp clamp;

  // Joins neighbouring dimensions that both inputs walk through alike, so that rows are long.
  void Simplify();
  void Run(const float* const* inputs, float* output) const;
};

// output[p, c] = clamp(input[p, c] * scale[c] + shift[c]): BatchNormalization, channels last.
struct ChannelAffine {
  int64_t pixels = 0;
  List<float> scale;
  List<float> shift;
  Clamp clamp;

  void Run(const float* const* inputs, float* output) const;
};

// Where a sliding window lies on an image: index 0 is vertical, 1 horizontal.
struct Window {
  int64_t input[2] = {1, 1};
  int64_t output[2] = {1, 1};
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t dilation[2] = {1, 1};
  int64_t pad_begin[2] = {0, 0};
  int64_t pad_end[2] = {0, 0};
};

// Maximum or mean under a window, channels last: (n, h, w, c) -> (n, h', w', c). Padding never wins
// a maximum; it counts in a mean's divisor only when count_padding.
struct Pool {
  enum class Kind { kMax, kMean };
  Kind kind;
  Window window;
  int64_t channels = 0;
  bool count_padding = false;
  int64_t images = 1;

  void Run(const float* const* inputs, float* output) const;
};

// Mean over the dimensions whose output stride is 0.
struct Reduce {
  Shape dims;
  Shape output_strides;
  int64_t output_count = 0;

  void Run(const float* const* inputs, float* output) const;
};

// Over the middle of (outer, axis, inner).
struct Softmax {
  int64_t outer = 1;
  int64_t axis = 1;
  int64_t inner = 1;

  void Run(const float* const* inputs, float* output) const;
};

// Local response normalisation over neighbouring channels, channels last (ONNX LRN).
struct LocalResponse {
  int64_t pixels = 0;
  int64_t channels = 0;
  int64_t size = 1;
  float alpha = 0;
  float beta = 0;
  float bias = 0;

  void Run(const float* const* inputs, float* output) const;
};

// output[i] = a[i] (m x k) * b[i] (k x n) for matrices at the given offsets, both known at run
// time.
struct MatrixProduct {
  struct Offsets {
    int64_t a;
    int64_t b;
  };

  int64_t m = 0;
  int64_t k = 0;
  int64_t n = 0;
  int64_t a_strides[2] = {0, 0};  // row, column
  int64_t b_strides[2] = {0, 0};
  List<Offsets> offsets;  // one a matrix of the output

  void Run(const float* const* inputs, float* output) const;
};

// A step that works on one item of the batch at a time.
class PerItem : public Operation {
 public:
  Status Bind(int batch, std::span<const Operand> inputs, float* output,
              int64_t output_item_stride) final;
  void Run() final;

 private:
  virtual void RunItem(const float* const* inputs, float* output) const = 0;

  int batch_ = 0;
  Operand inputs_[kMaxOperands];
  float* output_ = nullptr;
  int64_t output_item_stride_ = 0;
};

template <typename Kernel>
class KernelStep final : public PerItem {
 public:
  explicit KernelStep(Kernel kernel) : kernel_(std::move(kernel)) {}

 private:
  void RunItem(const float* const* inputs, float* output) const override {
    kernel_.Run(inputs, output);
  }

  const Kernel kernel_;
};

template <typename Kernel>
std::unique_ptr<Operation> MakeOperation(Kernel kernel) {
  return std::make_unique<KernelStep<Kernel>>(std::move(kernel));
}

template <typename T>
void Remap::Copy(const T* input, T* output) const {
  output += output_offset;
  if (dims.empty()) {
    *output = *input;
    return;
  }
  const size_t last = dims.size() - 1;
  const auto row = std::span(tables).last(static_cast<size_t>(dims[last]));
  bool dense = output_strides[last] == 1;
  for (size_t i = 0; dense && i < row.size(); ++i)
    dense = row[i] == static_cast<int32_t>(i) + row[0];
  dense = dense && !row.empty() && row[0] >= 0;
  ForEachRow(dims, [&](const int64_t* at) {
    int64_t from = 0;
    T* to = output;
    bool filled = false;
    const int32_t* table = tables.data();
    for (size_t axis = 0; axis < last; ++axis) {
      const int32_t offset = table[at[axis]];
      table += dims[axis];
      filled = filled || offset < 0;
      from += offset;
      to += at[axis] * output_strides[axis];
    }
    if (dense && !filled) {
      std::memcpy(to, input + from + row[0], row.size() * sizeof(T));
      return;
    }
    for (int32_t offset : row) {
      *to = filled || offset < 0 ? static_cast<T>(fill) : input[from + offset];
      to += output_strides[last];
    }
  });
}

}  // namespace insitu
