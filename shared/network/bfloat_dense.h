// Dense layers whose weights are bfloat16 numbers (the upper halves of floats), as those are that
// `insitu shrink` has rounded to 8 bits. They stay such in memory, two in the place of one: for one
// item a dense layer takes as long as its weights take to arrive.
//
// Sums are in the order of the matrix kernel's, and exact as its own are.
#pragma once

#include <memory>

#include "shared/network/convolution.h"

namespace insitu {

// Whether every weight is one.
bool SuitsBfloatDense(const DenseSpec& spec);

// SuitsBfloatDense(spec). As MakeDense.
std::unique_ptr<Operation> MakeBfloatDense(const DenseSpec& spec);

}  // namespace insitu
