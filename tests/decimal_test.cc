#include "shared/decimal.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

namespace insitu {
namespace {

TEST_CASE("A decimal number is read as the double nearest to it", "[decimal]") {
  for (const std::string text : {"0",
                                 "1",
                                 "-1",
                                 "0.1",
                                 "0.5",
                                 "0.485",
                                 "-0.229",
                                 "123456.789",
                                 "00.5",
                                 "1e3",
                                 "1E3",
                                 "1e+3",
                                 "1e-3",
                                 "-2.5e-7",
                                 "999999999999999",
                                 "0.000000000000001",
                                 "123456789012345e22",
                                 "1e-22",
                                 "0.3",
                                 "4.35",
                                 "1.005",
                                 "2.2250738585",
                                 "1e022"}) {
    INFO(text);
    const auto number = ParseDecimal(text);
    REQUIRE(number.has_value());
    CHECK(*number == std::strtod(text.c_str(), nullptr));
  }
}

TEST_CASE("A zero may be negative", "[decimal]") {
  CHECK(ParseDecimal("0") == 0);
  CHECK_FALSE(std::signbit(ParseDecimal("0").value()));
  CHECK(std::signbit(ParseDecimal("-0.0").value()));
}

TEST_CASE("A text that is no decimal number gives nothing", "[decimal]") {
  for (const char* text :
       {"",   "-",  "+1",  ".",  ".5",   "1.",  "1.e3", "e3",   "1e",    "1e+",   "1e-", "--1",
        "1 ", " 1", "1,5", "1x", "0x10", "nan", "inf",  "1e3x", "1.2.3", "1e1.5", "1-",  "1_0"}) {
    INFO(text);
    CHECK_FALSE(ParseDecimal(text).has_value());
  }
}

TEST_CASE("As many significant digits as the limit are read, and not one more", "[decimal]") {
  const std::string most(kMaxDecimalDigits, '9');
  CHECK(ParseDecimal(most).has_value());
  CHECK_FALSE(ParseDecimal(most + "9").has_value());
  CHECK(ParseDecimal("0." + most).has_value());
  CHECK_FALSE(ParseDecimal("0." + most + "9").has_value());
  CHECK(ParseDecimal("0000000000" + most).has_value());  // zeros in front do not count
  CHECK(ParseDecimal("0.0000000" + most) == std::strtod(("0.0000000" + most).c_str(), nullptr));
}

TEST_CASE("Powers of ten up to the limit are read, and not one more", "[decimal]") {
  const int most = kMaxDecimalExponent;
  CHECK(ParseDecimal("1e" + std::to_string(most)) == 1e22);
  CHECK(ParseDecimal("1e-" + std::to_string(most)) == 1e-22);
  CHECK_FALSE(ParseDecimal("1e" + std::to_string(most + 1)).has_value());
  CHECK_FALSE(ParseDecimal("1e-" + std::to_string(most + 1)).has_value());
  // The digits after the point count towards it.
  CHECK(ParseDecimal("0.1e-" + std::to_string(most - 1)).has_value());
  CHECK_FALSE(ParseDecimal("0.1e-" + std::to_string(most)).has_value());
  CHECK(ParseDecimal("0.1e" + std::to_string(most + 1)) == 1e22);
  CHECK_FALSE(ParseDecimal("1e999").has_value());
  CHECK_FALSE(ParseDecimal("1e1000").has_value());
  CHECK_FALSE(ParseDecimal("1e99999999999999999999").has_value());
}

}  // namespace
}  // namespace insitu
