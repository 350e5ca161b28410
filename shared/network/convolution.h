// Convolutions and dense layers with constant weights, channels last: a plan chosen among kernels.
#pragma once

#include <memory>

#include "shared/network/kernels.h"
#include "shared/network/matrix_kernel.h"
#include "shared/network/operation.h"
#include "shared/result.h"

namespace insitu {

struct ConvolutionSpec {
  Window window;
  int64_t items = 1;  // leading dimension of one run's input, before batching
  int64_t groups = 1;
  int64_t group_inputs = 1;     // channels
  int64_t group_outputs = 1;    // channels
  WeightView weights;           // groups * group_outputs; the kernel's taps, group_inputs
  const float* bias = nullptr;  // (groups * group_outputs) or null
  Clamp clamp;
  int64_t pool =
      1;  // then the maximum of squares of so many pixels side by side; a rest is left out
};

// Whether MakeConvolution takes spec.pool. It takes 1 always.
bool PoolsInOnePass(const ConvolutionSpec& spec);

// (items, h, w, channels) -> (items, h', w', channels'). The weights are packed here and not
// referred to afterwards. Fails when packing them would need too much memory.
Result<std::unique_ptr<Operation>> MakeConvolution(const ConvolutionSpec& spec);

struct DenseSpec {
  int64_t rows = 1;  // of one item
  int64_t inputs = 1;
  int64_t outputs = 1;
  WeightView weights;           // whose taps times channels are the inputs
  const float* bias = nullptr;  // (outputs) or null
  Clamp clamp;
};

// (rows, inputs) -> (rows, outputs). As MakeConvolution.
Result<std::unique_ptr<Operation>> MakeDense(const DenseSpec& spec);

}  // namespace insitu
