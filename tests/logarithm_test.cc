#include "shared/logarithm.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

namespace insitu {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("Exp is the standard library's within its bound, over all that is finite",
          "[logarithm]") {
  double worst = 0;
  for (double exponent = -700; exponent <= 709; exponent += 0.0137) {
    const double error = std::fabs(Exp(exponent) / std::exp(exponent) - 1);
    worst = error <= worst ? worst : error;  // NaN counts
  }
  CHECK(worst < 1e-12);
  CHECK(Exp(0) == 1);
  CHECK(Exp(-0.0) == 1);
  CHECK(Exp(-700) > 0);
  CHECK(std::isfinite(Exp(709)));
}

TEST_CASE("Beyond them Exp is zero, infinite or NaN", "[logarithm]") {
  CHECK(Exp(-700.1) == 0);
  CHECK(Exp(-kInfinity) == 0);
  CHECK(Exp(709.1) == kInfinity);
  CHECK(Exp(kInfinity) == kInfinity);
  CHECK(std::isnan(Exp(std::nan(""))));
}

TEST_CASE("Log is the standard library's within its bound, denormal numbers included",
          "[logarithm]") {
  double worst = 0;
  for (double value = 5e-324; value < 1e308; value *= 1.0173 + (value < 1e-310 ? 1 : 0)) {
    const double expected = std::log(value);
    const double error = std::fabs(Log(value) - expected) / std::max(1.0, std::fabs(expected));
    worst = error <= worst ? worst : error;  // NaN counts
  }
  for (double value = 0.5; value < 2; value += 1e-4) {
    worst = std::max(worst, std::fabs(Log(value) - std::log(value)));
  }
  CHECK(worst < 1e-14);
  CHECK(Log(1) == 0);
  CHECK(std::isfinite(Log(std::numeric_limits<double>::max())));
}

TEST_CASE("Log of nothing is minus infinity, of less NaN, of infinity itself", "[logarithm]") {
  CHECK(Log(0) == -kInfinity);
  CHECK(Log(kInfinity) == kInfinity);
  CHECK(std::isnan(Log(-1e-300)));
  CHECK(std::isnan(Log(std::nan(""))));
}

}  // namespace
}  // namespace insitu
