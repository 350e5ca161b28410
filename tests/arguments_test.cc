#include "model/arguments.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

namespace insitu {
namespace {

Result<Arguments> Parse(const std::vector<std::string>& words) {
  return Arguments::Parse(words, {{"model", true}, {"count", true}, {"json"}});
}

TEST_CASE("Flags are read in both forms and the rest is positional", "[arguments]") {
  const auto parsed = Parse({"a.png", "--model", "m.onnx", "--json", "--count=3", "--", "--b.png"});
  REQUIRE(parsed.ok());
  CHECK(parsed.value().Text("model") == "m.onnx");
  CHECK(parsed.value().Has("json"));
  CHECK(parsed.value().Integer("count", 0, 0, 9).value() == 3);
  CHECK(parsed.value().positional() == std::vector<std::string>{"a.png", "--b.png"});
}

TEST_CASE("A flag that is absent gives the fallback", "[arguments]") {
  const auto parsed = Parse({});
  REQUIRE(parsed.ok());
  CHECK(!parsed.value().Has("model"));
  CHECK(parsed.value().Text("model", "none") == "none");
  CHECK(parsed.value().Integer("count", 7, 0, 9).value() == 7);
}

TEST_CASE("Unknown, repeated, valueless and overfull flags are refused", "[arguments]") {
  const std::vector<std::vector<std::string>> bad = {
      {"--verbose"}, {"--model", "a", "--model", "b"}, {"--model"}, {"--json=yes"}, {"--modelx=1"}};
  for (const auto& words : bad) {
    CAPTURE(words);
    CHECK(!Parse(words).ok());
  }
}

TEST_CASE("A number outside its limits or followed by anything is refused", "[arguments]") {
  for (const char* text : {"-1", "10", "3x", "", "0x3", "1.5"}) {
    CAPTURE(text);
    const auto parsed = Parse({"--count", text});
    REQUIRE(parsed.ok());
    CHECK(!parsed.value().Integer("count", 0, 0, 9).ok());
  }
  for (const char* text : {"0", "9"}) {
    CHECK(Parse({"--count", text}).value().Integer("count", 5, 0, 9).ok());
  }
}

TEST_CASE("A decimal number is read within its limits and refused beyond them", "[arguments]") {
  const auto number = [](const char* text) {
    return Parse({"--count", text}).value().Number("count", 5, -0.5, 2.5);
  };
  for (const char* text : {"-0.5", "0", "2.5", "1e-3"}) {
    CAPTURE(text);
    CHECK(number(text).ok());
  }
  CHECK(number("1e-3").value() == 0.001);
  for (const char* text : {"-0.51", "2.501", "", "1.", "nan", "inf", "0x1", "1 "}) {
    CAPTURE(text);
    CHECK(!number(text).ok());
  }
  CHECK(Parse({}).value().Number("count", 5, 0, 2).value() == 5);
}

}  // namespace
}  // namespace insitu
