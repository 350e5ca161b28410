// XNNPACK's matrix kernels: each row of the input is a list of pointers ("indirect GEMM"), so that
// convolutions and dense layers are the same to them. The only user of XNNPACK. In WebAssembly, a
// row alone has a kernel of ours.
#pragma once

#include <cstdint>

#include "shared/float16.h"
#include "shared/list.h"
#include "shared/network/kernels.h"

namespace insitu {

// A few rows of output[r, n] = clamp(bias[n] + sum over t, k of input[r, t][k] * weights[t, k, n]).
struct MatrixTile {
  int64_t rows = 0;        // at most the kernel's
  int64_t columns = 0;     // of the output
  int64_t taps = 0;        // pointers of a row
  int64_t tap_length = 0;  // values that a pointer leads to
  const float** pointers =
      nullptr;                     // (taps, the kernel's rows): repeats a row where there are less
  int64_t input_offset = 0;        // values, added to every pointer but `zeros`
  const float* zeros = nullptr;    // (tap_length)
  const float* weights = nullptr;  // for each block of columns: bias, then (taps, tap_length), each
                                   // a block long and filled up with zeros
  float* output = nullptr;
  int64_t output_stride = 0;  // values from row to row
  Clamp clamp;
};

inline constexpr int64_t kMaxMatrixRows = 8;  // of any kernel

struct MatrixKernel {
  using Multiply = void (*)(const MatrixTile& tile);
  int64_t rows;
  int64_t columns;  // of a block of weights
  Multiply multiply;
  Multiply multiply_row;  // as a kernel of one row
  int64_t per_word = 1;   // weights in the place of a float; 2: as MultiplyBfloatRow reads them
};

// The fastest of this machine.
MatrixKernel ChooseMatrixKernel();

// Of bfloat16 weights. Natively a row of floats is faster, by longer vectors.
MatrixKernel BfloatKernel();
#ifdef __wasm__
inline constexpr bool kPrefersBfloat = true;
#else
inline constexpr bool kPrefersBfloat = false;
#endif

// Weights as a model's file has them, so that what is packed of them needs no other copy: of an
// output, a tap and an input channel.
struct WeightView {
  const float* data = nullptr;
  int64_t taps = 1;
  int64_t channels = 1;
  int64_t output_stride = 1;
  int64_t tap_stride = 1;
  int64_t channel_stride = 1;
  const uint8_t* halves = nullptr;  // or, in place of data, float16 numbers

  // (outputs, channels, taps), ONNX's order.
  static WeightView ChannelsFirst(const float* data, int64_t channels, int64_t taps) {
    return {data, taps, channels, channels * taps, 1, taps};
  }
  float At(int64_t output, int64_t tap, int64_t channel) const {
    const int64_t at = output * output_stride + tap * tap_stride + channel * channel_stride;
    return halves == nullptr ? data[at] : FloatFromHalf(HalfAt(halves + 2 * at));
  }
  // Whether the first `count` are float16 numbers that are bfloat16 numbers too: the lower halves
  // of the floats that they stand for are zero.
  bool AreBfloats(int64_t count) const;
};

// Weights in the kernel's order, where its longest vector may read them. Movable, not copyable.
class PackedWeights {
 public:
  PackedWeights(PackedWeights&&) = default;
  // So many matrices of (columns, depth), all zero.
  PackedWeights(const MatrixKernel& kernel, int64_t matrices, int64_t columns, int64_t depth);

  // The columns are the outputs from `first` on, the depth is the taps times the channels; bias: of
  // all outputs, or null.
  void Pack(int64_t matrix, const WeightView& weights, int64_t first, const float* bias);

  // From a column on that is a multiple of the kernel's.
  const float* At(int64_t matrix, int64_t column) const {
    return aligned_ + matrix * size_ + column / block_ * block_length_;
  }

 private:
  int64_t block_;
  int64_t per_word_;
  int64_t columns_;
  int64_t block_length_;
  int64_t size_;  // of one matrix
  List<float> memory_;
  float* aligned_;  // in it
};

}  // namespace insitu
