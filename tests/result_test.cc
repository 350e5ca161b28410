#include "shared/result.h"

#include <catch_amalgamated.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>

#include "shared/str_cat.h"

namespace insitu {
namespace {

Status Refuse(int number) {
  return Fail(ErrorCode::kImageCorrupt, "The number ", number, " is refused.");
}

Result<std::string> PassOn(int number) {
  RETURN_IF_ERROR(Refuse(number));
  return std::string("not reached");
}

Result<size_t> PassOnFurther(int number) {
  ASSIGN_OR_RETURN(const std::string text, PassOn(number));
  return text.size();
}

TEST_CASE("A failure keeps its code and sentence through all its callers", "[result]") {
  const Result<size_t> result = PassOnFurther(-3);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kImageCorrupt);
  CHECK(result.error().message == "The number -3 is refused.");
}

TEST_CASE("A success carries its value", "[result]") {
  Result<std::string> result = std::string("value");
  REQUIRE(result.ok());
  CHECK(result.value() == "value");
  CHECK(Status().ok());
}

TEST_CASE("An Error that was kept makes a failure again", "[result]") {
  const Error kept = PassOn(1).error();
  (void)Refuse(2).ok();
  const Status again = kept;
  CHECK(again.error().message == "The number 1 is refused.");
}

TEST_CASE("Threads do not see each other's failures", "[result]") {
  const Status here = Refuse(1);
  std::thread([] { CHECK(Refuse(2).error().message == "The number 2 is refused."); }).join();
  CHECK(here.error().message == "The number 1 is refused.");
}

TEST_CASE("A pattern takes its parts in order, and those left over at its end", "[str_cat]") {
  const TextPart parts[] = {"a", 2, "%"};
  CHECK(Fill("[%, %, %]", parts, 3) == "[a, 2, %]");
  CHECK(Fill("[%]", parts, 3) == "[a]2%");
  CHECK(Fill("100 % of %", parts, 1) == "100 a of %");
  CHECK(Fill("50 %", nullptr, 0) == "50 %");
}

TEST_CASE("StrCat joins texts and whole numbers, the extreme ones too", "[str_cat]") {
  CHECK(StrCat() == "");
  CHECK(StrCat("a", std::string("b"), std::string_view("c"), 0, -1, size_t{7}) == "abc0-17");
  CHECK(StrCat(std::numeric_limits<int64_t>::min()) == "-9223372036854775808");
  CHECK(StrCat(std::numeric_limits<int64_t>::max()) == "9223372036854775807");
}

}  // namespace
}  // namespace insitu
