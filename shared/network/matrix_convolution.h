// Any convolution as products of matrices: for each output pixel, pointers to the input pixels
// under its window. In one group and without dilation the taps of a row of the kernel lie side by
// side in memory: where no padding cuts them for any pixel of a tile they are one tap to the matrix
// kernel. So a kernel of 5x5 over one channel is 5 taps of 5 values instead of 25 taps of 1, each
// of which would cost more to set up than to multiply. Sums are in the same order, so results are
// the same to the last bit.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

Result<std::unique_ptr<Operation>> MakeMatrixConvolution(
    const ConvolutionSpec& spec, const MatrixKernel& kernel = ChooseMatrixKernel());

}  // namespace insitu
