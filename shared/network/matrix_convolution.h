// Any convolution as products of matrices: for each output pixel, pointers to the input pixels
// under its window.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

Result<std::unique_ptr<Operation>> MakeMatrixConvolution(const ConvolutionSpec& spec);

}  // namespace insitu
