#include "backend/username.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"

namespace insitu {
namespace {

std::string NormalOf(std::string_view typed) {
  const auto name = ParseUsername(typed);
  return name ? name->normalized : "(refused)";
}

TEST_CASE("A user's name keeps its look and is compared without it", "[username]") {
  const auto name = ParseUsername("  Ada Lovelace ");
  REQUIRE(name);
  CHECK(name->shown == "Ada Lovelace");
  CHECK(name->normalized == "ada lovelace");
  CHECK(NormalOf("ADA LOVELACE") == "ada lovelace");
}

TEST_CASE("Letters beyond ASCII are taken as they are", "[username]") {
  CHECK(NormalOf("Žofie") == "Žofie");
  CHECK(NormalOf("李時珍") == "李時珍");
}

TEST_CASE("A user's name has from 1 to 64 bytes", "[username][limits]") {
  CHECK(NormalOf("") == "(refused)");
  CHECK(NormalOf("   ") == "(refused)");
  CHECK(NormalOf("a") == "a");
  const std::string longest(kMaxUsernameBytes, 'a');
  CHECK(NormalOf(longest) == longest);
  CHECK(NormalOf(" " + longest + " ") == longest);
  CHECK(NormalOf(longest + "a") == "(refused)");
}

TEST_CASE("A user's name has no control characters and is UTF-8", "[username]") {
  for (const char* typed : {"a\nb", "a\tb", "a\x7f", "a\x1b[2J", "a\xc2\x85", "a\xff", "\xc2"}) {
    CAPTURE(typed);
    CHECK(NormalOf(typed) == "(refused)");
  }
  CHECK(NormalOf(std::string("a\0b", 3)) == "(refused)");
  CHECK(NormalOf("a\xc2\xa0z") == "a\xc2\xa0z");
}

}  // namespace
}  // namespace insitu
