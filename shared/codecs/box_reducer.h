// Rows of pixels to fewer: the mean of each square of samples, in whole numbers, so that it is the
// same everywhere. Squares at the right and bottom edge are as large as the picture leaves them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/formats/pixels.h"
#include "shared/result.h"

namespace insitu {

class BoxReducer {
 public:
  // Of rows (width, channels), 1 or 3 of them, to rows (ceil(width / factor), channels). Errors:
  // kOutOfMemory.
  Status SetUp(int width, int channels, int factor);

  int width() const { return (width_ - 1) / factor_ + 1; }

  // Adds a row; the last of the picture closes its squares. Whether a reduced row was written.
  bool Add(const uint8_t* row, bool is_last, uint8_t* out);

 private:
  size_t SumCount() const { return static_cast<size_t>(width()) * static_cast<size_t>(channels_); }

  int width_ = 1;
  int channels_ = 1;
  int factor_ = 1;
  uint32_t rows_ = 0;  // in the sums
  Memory sums_;        // u32, one a reduced sample
};

}  // namespace insitu
