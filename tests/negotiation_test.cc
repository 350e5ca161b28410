#include "backend/negotiation.h"

#include <catch_amalgamated.hpp>
#include <string>

namespace insitu {
namespace {

TEST_CASE("Brotli is chosen where the client accepts it", "[negotiation]") {
  const std::string value = GENERATE("br", "gzip, deflate, br", "BR", " br ; q=1.0 ", "br;q=0.001",
                                     "*", "gzip;q=1, br;q=0.2", "br;q=0.5, identity;q=0.5",
                                     "br, identity;q=0", "identity;q=0, *", "br;x=y;q=0.3");
  CAPTURE(value);
  CHECK(PrefersBrotli(value));
}

TEST_CASE("Brotli is not sent where it is refused, unknown or less wanted", "[negotiation]") {
  const std::string value =
      GENERATE("", "gzip", "identity", "br;q=0", "br;q=0.000", "*, br;q=0", "*;q=0", "xbr", "brx",
               "identity, br;q=0.9", "br;q=", "br;q=x", "br;q=2", "br;q=0.0001", ",,;", "br;q=-1");
  CAPTURE(value);
  CHECK_FALSE(PrefersBrotli(value));
}

TEST_CASE("An entity tag is found in If-None-Match", "[negotiation]") {
  CHECK(NamesTag("\"a\"", "\"a\""));
  CHECK(NamesTag("\"x\", \"a\"", "\"a\""));
  CHECK(NamesTag("W/\"a\"", "\"a\""));
  CHECK(NamesTag("*", "\"a\""));
  CHECK_FALSE(NamesTag("", "\"a\""));
  CHECK_FALSE(NamesTag("\"b\"", "\"a\""));
  CHECK_FALSE(NamesTag("a", "\"a\""));
}

}  // namespace
}  // namespace insitu
