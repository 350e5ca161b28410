#include "shared/float16.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

namespace insitu {
namespace {

TEST_CASE("Every finite float16 survives the way to float and back", "[float16]") {
  for (uint32_t half = 0; half <= 0xffff; ++half) {
    if ((half & 0x7fffu) > 0x7c00u) continue;  // NaN
    const auto bits = static_cast<uint16_t>(half);
    REQUIRE(HalfFromFloat(FloatFromHalf(bits)) == bits);
  }
}

TEST_CASE("Known values have their known bits", "[float16]") {
  CHECK(HalfFromFloat(1.0f) == 0x3c00);
  CHECK(HalfFromFloat(-2.0f) == 0xc000);
  CHECK(HalfFromFloat(65504.0f) == 0x7bff);
  CHECK(HalfFromFloat(0x1p-14f) == 0x0400);
  CHECK(HalfFromFloat(0x1p-24f) == 0x0001);
  CHECK(HalfFromFloat(-0.0f) == 0x8000);
}

TEST_CASE("Rounding goes to the nearest, and from the middle to even", "[float16]") {
  CHECK(HalfFromFloat(1.0f + 0x1p-11f) == 0x3c00);  // in the middle of 1 and its successor
  CHECK(HalfFromFloat(1.0f + 0x3p-11f) == 0x3c02);  // in the middle of the next two
  CHECK(HalfFromFloat(1.0f + 0x1.01p-11f) == 0x3c01);
  CHECK(HalfFromFloat(0x1p-25f) == 0x0000);
  CHECK(HalfFromFloat(0x1.8p-24f) == 0x0002);
}

TEST_CASE("Beyond the largest value is infinity, and NaN stays NaN", "[float16]") {
  CHECK(HalfFromFloat(65519.0f) == 0x7bff);
  CHECK(HalfFromFloat(65520.0f) == 0x7c00);
  CHECK(HalfFromFloat(-std::numeric_limits<float>::infinity()) == 0xfc00);
  CHECK(std::isnan(FloatFromHalf(HalfFromFloat(std::nanf("")))));
}

}  // namespace
}  // namespace insitu
