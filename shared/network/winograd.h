// Convolutions with fewer products: tiles of 3 to 5 outputs a side by Winograd's minimal filtering,
// whichever fill the image with the fewest products (5 only where they read few weights); channels
// last.
//
//   1. each tile of the input is transformed (winograd_transform.h): for 4x4 outputs of a 3x3
//      kernel 6x6 values a channel
//   2. for each of these points, the matrix product of a batch of tiles and transformed weights, by
//      the matrix kernel: 36 products a pair of channels instead of 16 * 9 (tiles of 3: 25 instead
//      of 9 * 9; of 5: 49 instead of 25 * 9)
//   3. the products are transformed to outputs and clamped
// A batch of tiles is small enough that what lies between the steps stays in a core's second cache.
//
// Larger kernels are sums of kernels of up to 4x4, and those that step by 2 are sums of such over
// every second row and column (7 taps: 4 and 3). The products of all parts are added to each other
// in step 2, so that 3 is done once: a 7x7 kernel that steps by 2 takes (7 + 6)^2 = 169 products
// for 16 outputs instead of 784.
//
// Exactness. The error of an output is a few times that of a plain sum, and not the same at every
// place of a tile. In the tests, of inputs within [-1, 1] and weights whose squares add up to 1/3,
// it is below 4e-6 for up to six points a side, and below 1e-5 for seven: parts of four taps, and
// tiles of 5.
// NaN reaches every output whose window sees it, and others of the same tile. So does an infinite
// value, and where the sum of |input * weight| may exceed 1e33 what lies between overflows: an
// output is then NaN, infinite or a bound of the clamp.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// Whether this way is the faster one, as far as is known of the costs of both.
bool SuitsWinograd(const ConvolutionSpec& spec);

// SuitsWinograd(spec).
std::unique_ptr<Operation> MakeWinograd(const ConvolutionSpec& spec);

}  // namespace insitu
