// Convolutions of few input channels, such as an image's three, channels last: the taps of a row of
// the kernel lie side by side in memory, so they are one tap to the matrix kernel. A kernel of 3x3
// over 3 channels is then 3 taps of 9 values instead of 9 taps of 3, each of which would cost as
// much to set up as to multiply. Rows that padding cuts are not whole, so it must not pad at the
// sides; to copy images between padding first took as much as it saved.
//
// Sums are in the order of MakeMatrixConvolution's, so results are its own to the last bit.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// Of one group, more than one tap in a row, without dilation along it or padding at the sides.
bool IsNarrow(const ConvolutionSpec& spec);

// IsNarrow(spec). As MakeMatrixConvolution.
Result<std::unique_ptr<Operation>> MakeNarrowConvolution(const ConvolutionSpec& spec);

}  // namespace insitu
