#include "backend/one_time_code.h"

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/crypto.h"

namespace insitu {
namespace {

TEST_CASE("Codes are five groups of five, and never twice the same", "[one_time_code]") {
  std::set<std::string> codes;
  for (int i = 0; i < 1'000; ++i) {
    const std::string code = MakeOneTimeCode();
    CHECK(code.size() == 29);
    for (const size_t dash : {5U, 11U, 17U, 23U}) CHECK(code[dash] == '-');
    codes.insert(code);
  }
  CHECK(codes.size() == 1'000);
}

TEST_CASE("A code is known however it is typed", "[one_time_code]") {
  const auto hash = HashOneTimeCode("0ABCD-1EFGH-2JKMN-3PQRS-4TVWX");
  REQUIRE(hash);
  CHECK(hash->size() == kSha256Bytes);
  CHECK(HashOneTimeCode("oabcd iefgh 2jkmn 3pqrs 4tvwx") == hash);
  CHECK(HashOneTimeCode("0ABCD1EFGH2JKMN3PQRS4TVWX") == hash);
  CHECK(HashOneTimeCode("0ABCD-1EFGH-2JKMN-3PQRS-4TVWY") != hash);
}

TEST_CASE("What cannot be a code has no hash", "[one_time_code]") {
  CHECK_FALSE(HashOneTimeCode(""));
  CHECK_FALSE(HashOneTimeCode("123456"));
  CHECK_FALSE(HashOneTimeCode("0ABCD-1EFGH-2JKMN-3PQRS-4TVW"));
  CHECK_FALSE(HashOneTimeCode("0ABCD-1EFGH-2JKMN-3PQRS-4TVWXY"));
  CHECK_FALSE(HashOneTimeCode("0ABCD-1EFGH-2JKMN-3PQRS-4TVWU"));
}

}  // namespace
}  // namespace insitu
