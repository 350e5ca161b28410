#include "shared/exponential.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

namespace insitu {
namespace {

constexpr double kTolerance = 1e-10;

TEST_CASE("Exp is the standard library's within its bound, over all that is finite",
          "[exponential]") {
  double worst = 0;
  for (double exponent = -700; exponent <= 709; exponent += 0.0137) {
    const double error = std::fabs(Exp(exponent) / std::exp(exponent) - 1);
    worst = error <= worst ? worst : error;  // NaN counts
  }
  CHECK(worst < kTolerance);
  CHECK(Exp(0) == 1);
  CHECK(Exp(-0.0) == 1);
  CHECK(Exp(-700) > 0);
  CHECK(std::isfinite(Exp(709)));
}

TEST_CASE("Beyond them Exp is zero, infinite or NaN", "[exponential]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(Exp(-700.1) == 0);
  CHECK(Exp(-kInfinity) == 0);
  CHECK(Exp(709.1) == kInfinity);
  CHECK(Exp(kInfinity) == kInfinity);
  CHECK(std::isnan(Exp(std::nan(""))));
}

}  // namespace
}  // namespace insitu
