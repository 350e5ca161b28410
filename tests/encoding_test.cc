#include "backend/encoding.h"

#include <catch_amalgamated.hpp>
#include <string>

namespace insitu {
namespace {

TEST_CASE("Base64 gives RFC 4648's vectors", "[encoding][vectors]") {
  CHECK(ToPaddedBase64("") == "");
  CHECK(ToPaddedBase64("f") == "Zg==");
  CHECK(ToPaddedBase64("fo") == "Zm8=");
  CHECK(ToPaddedBase64("foo") == "Zm9v");
  CHECK(ToPaddedBase64("foob") == "Zm9vYg==");
  CHECK(ToPaddedBase64("fooba") == "Zm9vYmE=");
  CHECK(ToPaddedBase64("foobar") == "Zm9vYmFy");
}

TEST_CASE("Base64url is base64 with other marks and no padding", "[encoding]") {
  CHECK(ToBase64Url("\xfb\xff\xfe") == "-__-");
  CHECK(ToBase64("\xfb\xff\xfe") == "+//+");
  CHECK(ToBase64Url("f") == "Zg");
  CHECK_FALSE(FromBase64Url("+//+"));
  CHECK_FALSE(FromBase64("-__-"));
}

TEST_CASE("Every byte string comes back from base64url", "[encoding]") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    CHECK(FromBase64Url(ToBase64Url(bytes)) == bytes);
    CHECK(FromBase64(ToBase64(bytes)) == bytes);
    CHECK(FromPaddedBase64(ToPaddedBase64(bytes)) == bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST_CASE("Base64url takes one text for each byte string", "[encoding]") {
  CHECK(FromBase64Url("Zg") == "f");
  CHECK_FALSE(FromBase64Url("Zh"));    // the same byte, with bits behind it
  CHECK_FALSE(FromBase64Url("Zg=="));  // padding
  CHECK_FALSE(FromBase64Url("Z"));
  CHECK_FALSE(FromBase64Url("Zm9vY"));
  CHECK_FALSE(FromBase64Url("Zm 9v"));
  CHECK_FALSE(FromBase64Url("Zm9v\n"));
  CHECK_FALSE(FromBase64Url(std::string("Zm9\0", 4)));
}

TEST_CASE("Padded base64 needs its padding", "[encoding]") {
  CHECK(FromPaddedBase64("Zg==") == "f");
  CHECK_FALSE(FromPaddedBase64("Zg"));
  CHECK_FALSE(FromPaddedBase64("Zg="));
  CHECK_FALSE(FromPaddedBase64("Z==="));
  CHECK_FALSE(FromPaddedBase64("===="));
  CHECK_FALSE(FromPaddedBase64("Zg==Zg=="));
}

TEST_CASE("Base32 gives RFC 4648's vectors, without padding", "[encoding][vectors]") {
  CHECK(ToBase32("") == "");
  CHECK(ToBase32("f") == "MY");
  CHECK(ToBase32("fo") == "MZXQ");
  CHECK(ToBase32("foo") == "MZXW6");
  CHECK(ToBase32("foob") == "MZXW6YQ");
  CHECK(ToBase32("fooba") == "MZXW6YTB");
  CHECK(ToBase32("foobar") == "MZXW6YTBOI");
}

TEST_CASE("Crockford's base32 is cut to the characters asked for", "[encoding]") {
  CHECK(ToCrockford(std::string(5, '\xff'), 8) == "ZZZZZZZZ");
  CHECK(ToCrockford(std::string(5, '\0'), 3) == "000");
  CHECK(ToCrockford("\x08\x42", 3) == "111");
}

TEST_CASE("A code is read however it is typed", "[encoding]") {
  CHECK(NormalizeCrockford("AbC-12 3") == "ABC123");
  CHECK(NormalizeCrockford("oO0") == "000");
  CHECK(NormalizeCrockford("iIlL1") == "11111");
  CHECK(NormalizeCrockford("") == "");
  CHECK_FALSE(NormalizeCrockford("ABU"));
  CHECK_FALSE(NormalizeCrockford("AB_C"));
  CHECK_FALSE(NormalizeCrockford("ABé"));
}

TEST_CASE("Hexadecimal digits are small letters", "[encoding]") {
  CHECK(ToHex(std::string("\x00\x0f\xf0\xff", 4)) == "000ff0ff");
}

TEST_CASE("UTF-8 of every length is taken", "[encoding][utf8]") {
  CHECK(IsUtf8(""));
  CHECK(IsUtf8("a\x7f"));
  CHECK(IsUtf8("\xc2\x80 \xdf\xbf"));
  CHECK(IsUtf8("\xe0\xa0\x80 \xef\xbf\xbf"));
  CHECK(IsUtf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

TEST_CASE("What is not UTF-8 is refused", "[encoding][utf8]") {
  const std::string text = GENERATE(as<std::string>{}, "\x80", "\xc1\xbf", "\xc2", "\xc2 ",
                                    "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe");
  CAPTURE(ToHex(text));
  CHECK_FALSE(IsUtf8(text));
}

TEST_CASE("Code points are counted, not bytes", "[encoding][utf8]") {
  CHECK(CountCodePoints("") == 0);
  CHECK(CountCodePoints("abc") == 3);
  CHECK(CountCodePoints("žluť") == 4);
  CHECK(CountCodePoints("🔬🩺") == 2);
}

}  // namespace
}  // namespace insitu
