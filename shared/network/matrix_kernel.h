// XNNPACK's matrix kernels: each row of the input is a list of pointers ("indirect GEMM"), so that
// convolutions and dense layers are the same to them. The only user of XNNPACK.
#pragma once

#include <cstdint>

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

struct MatrixKernel {
  using Multiply = void (*)(const MatrixTile& tile);
  int64_t rows;
  int64_t columns;  // of a block of weights
  Multiply multiply;
  Multiply multiply_row;  // as a kernel of one row
};

// The fastest of this machine.
MatrixKernel ChooseMatrixKernel();

}  // namespace insitu
