// Winograd's convolutions (winograd.h) of few input channels, with the maximum pool that may
// follow. Where the products of a point sum up a few channels only, to write them to memory and
// read them again costs more than to compute them, so here they stay in registers:
//
//   1. a row of tiles is transformed, first down (all columns alike), then across
//   2. for each tile and 8 output channels, column by column of its points: the products, summed
//      over the input channels, and transformed down; then row by row: transformed across, the
//      maxima of what is pooled, bias and clamp
//
// Tiles are of 3x3 outputs, 25 products: a pool of 3 lies in one, and what larger tiles would save
// goes to their transforms. The 3x3 kernel of an RGB image takes 75 multiply-adds for 9 outputs
// instead of 243.
//
// Exactness, NaN and infinite values: as in winograd.h.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// Of one group, 3x3, stepping by 1 without dilation, of few channels in and from 8 on out, pooled
// by 3 or not.
bool SuitsNarrowWinograd(const ConvolutionSpec& spec);

// SuitsNarrowWinograd(spec).
std::unique_ptr<Operation> MakeNarrowWinograd(const ConvolutionSpec& spec);

}  // namespace insitu
