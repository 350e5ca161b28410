// One row of a product of matrices: a dense layer for one item. XNNPACK's kernel of one row sums
// into two vectors, so that it waits for each sum before it adds to it again; this one sums 32
// columns at a time into eight vectors, which keeps two multiply-adds a cycle under way.
#pragma once

#include "shared/network/matrix_kernel.h"

namespace insitu {

// Columns of a block of the weights.
inline constexpr int64_t kRowBlock = 8;

// tile.rows is 1; its weights are in blocks of kRowBlock columns.
void MultiplyRow(const MatrixTile& tile);

// Columns of a block of bfloat16 weights.
inline constexpr int64_t kBfloatBlock = 32;

// The same for weights that are bfloat16 numbers, the upper halves of floats, in blocks of
// kBfloatBlock columns: two in a word, so that they take half as long to arrive. In the words of a
// block column i lies below column kBfloatBlock / 2 + i.
void MultiplyBfloatRow(const MatrixTile& tile);

}  // namespace insitu
