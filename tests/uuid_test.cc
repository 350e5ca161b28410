#include "backend/uuid.h"

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

namespace insitu {
namespace {

TEST_CASE("An identifier is a UUID of version 7 with the time in front", "[uuid]") {
  const std::string uuid = NewUuid(0x0123456789AB);
  CHECK(IsUuid(uuid));
  CHECK(uuid.substr(0, 13) == "01234567-89ab");
  CHECK(uuid[14] == '7');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
}

TEST_CASE("Identifiers differ, and sort by their time", "[uuid]") {
  std::set<std::string> made;
  for (int i = 0; i < 1'000; ++i) made.insert(NewUuid(1));
  CHECK(made.size() == 1'000);
  CHECK(NewUuid(1'800'000'000'000) < NewUuid(1'800'000'000'001));
}

TEST_CASE("What is not a UUID is not taken for one", "[uuid]") {
  CHECK(IsUuid("00000000-0000-0000-0000-000000000000"));
  for (const char* text :
       {"", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-0000000000000",
        "00000000-0000-0000-0000-00000000000A", "0000000000000-0000-0000-000000000000",
        "00000000-0000-0000-0000-00000000000/"}) {
    CAPTURE(text);
    CHECK_FALSE(IsUuid(text));
  }
}

}  // namespace
}  // namespace insitu
