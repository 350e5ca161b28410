#include "backend/content_digest.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

const std::string kDigest = Sha256Bytes("abc");
const std::string kText = StrCat("sha-256=:", ToPaddedBase64(kDigest), ":");

TEST_CASE("RFC 9530's own example is understood", "[content_digest][vectors]") {
  const auto digest = ParseContentDigest("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
  REQUIRE(digest);
  CHECK(ToHex(*digest) == "44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38");
}

TEST_CASE("The sha-256 is found among other algorithms", "[content_digest]") {
  CHECK(ParseContentDigest(kText) == kDigest);
  CHECK(ParseContentDigest(StrCat("  ", kText, "\t")) == kDigest);
  CHECK(ParseContentDigest(StrCat("sha-512=:AAAA:, ", kText)) == kDigest);
  CHECK(ParseContentDigest(StrCat(kText, ", md5=:AAAA:")) == kDigest);
}

TEST_CASE("What is no sha-256 is not guessed at", "[content_digest]") {
  for (const std::string& value :
       {std::string(), std::string("sha-256"), std::string("sha-256=::"), std::string("sha-256=:"),
        std::string("sha-256=:AAAA:"), kText.substr(0, kText.size() - 1),
        "SHA-256" + kText.substr(7), std::string("sha-512=:AAAA:"),
        kText.substr(0, 20) + "-" + kText.substr(21), StrCat("sha-256=", ToPaddedBase64(kDigest)),
        StrCat("sha-256=:", ToHex(kDigest), ":")}) {
    CAPTURE(value);
    CHECK_FALSE(ParseContentDigest(value));
  }
}

}  // namespace
}  // namespace insitu
