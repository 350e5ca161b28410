// Convolutions of few input channels, such as an image's three, channels last: the taps of a row of
// the kernel lie side by side in memory, so they are one tap to the matrix kernel. A kernel of 3x3
// over 3 channels is then 3 taps of 9 values instead of 9 taps of 3, each of which would cost as
// much to set up as to multiply. An image is copied between its padding first, where it has any, so
// that every such row is whole.
//
// Sums are in the order of MakeMatrixConvolution's, so results are its own to the last bit, but
// that padding is multiplied by weights: where those are infinite or NaN, so is the sum.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// Of one group, more than one tap in a row, and no dilation along it.
bool IsNarrow(const ConvolutionSpec& spec);

// IsNarrow(spec). Its memory is a copy of one image, where it pads, and the packed weights.
std::unique_ptr<Operation> MakeNarrowConvolution(const ConvolutionSpec& spec);

}  // namespace insitu
