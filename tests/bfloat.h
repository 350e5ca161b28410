// bfloat16 numbers: floats whose lower halves are zero.
#pragma once

#include <bit>
#include <cstdint>

#include "shared/float16.h"

namespace insitu {

// The nearest to the value on zero's side.
inline float BfloatOf(float value) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & 0xffff0000);
}

// One that is a float16 number too.
inline float NarrowOf(float value) { return BfloatOf(FloatFromHalf(HalfFromFloat(value))); }

}  // namespace insitu
