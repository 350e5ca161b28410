#include "backend/totp.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/encoding.h"
#include "shared/str_cat.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr char kRfcSecret[] = "12345678901234567890";

KeyFile MakeKeys(const std::string& lines) {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", lines);
  Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  if (!keys.ok()) FAIL(keys.error().message);
  return TakeValue(&keys);
}

const std::string kOne = ToBase64Url(std::string(32, '\x01')) + "\n";
const std::string kTwo = ToBase64Url(std::string(32, '\x02')) + "\n";

TEST_CASE("HOTP gives RFC 4226's codes", "[totp][vectors]") {
  const char* codes[] = {"755224", "287082", "359152", "969429", "338314",
                         "254676", "287922", "162583", "399871", "520489"};
  for (int step = 0; step < 10; ++step) CHECK(TotpCode(kRfcSecret, step) == codes[step]);
}

TEST_CASE("TOTP gives RFC 6238's codes", "[totp][vectors]") {
  const auto [seconds, code] =
      GENERATE(table<int64_t, std::string>({{59, "94287082"},
                                            {1'111'111'109, "07081804"},
                                            {1'111'111'111, "14050471"},
                                            {1'234'567'890, "89005924"},
                                            {2'000'000'000, "69279037"},
                                            {20'000'000'000, "65353130"}}));
  CHECK(TotpCode(kRfcSecret, seconds * 1'000 / kTotpStepMs, 8) == code);
}

TEST_CASE("The code of this step, the one before and the one after are right", "[totp]") {
  const std::string secret = MakeTotpSecret();
  const int64_t now = 1'000 * kTotpStepMs + 17;
  CHECK(MatchTotp(secret, TotpCode(secret, 999), now, 0) == 999);
  CHECK(MatchTotp(secret, TotpCode(secret, 1'000), now, 0) == 1'000);
  CHECK(MatchTotp(secret, TotpCode(secret, 1'001), now, 0) == 1'001);
}

TEST_CASE("Codes of other steps are wrong", "[totp]") {
  const int64_t now = 1'000 * kTotpStepMs;
  CHECK_FALSE(MatchTotp(kRfcSecret, TotpCode(kRfcSecret, 998), now, 0));
  CHECK_FALSE(MatchTotp(kRfcSecret, TotpCode(kRfcSecret, 1'002), now, 0));
}

TEST_CASE("The last millisecond of a step belongs to it", "[totp]") {
  const std::string code = TotpCode(kRfcSecret, 1'000);
  CHECK(MatchTotp(kRfcSecret, code, 1'002 * kTotpStepMs - 1, 0) == 1'000);
  CHECK_FALSE(MatchTotp(kRfcSecret, code, 1'002 * kTotpStepMs, 0));
  CHECK(MatchTotp(kRfcSecret, code, 999 * kTotpStepMs, 0) == 1'000);
  CHECK_FALSE(MatchTotp(kRfcSecret, code, 999 * kTotpStepMs - 1, 0));
}

TEST_CASE("A step that was used is used, and so are those before it", "[totp]") {
  const int64_t now = 1'000 * kTotpStepMs;
  CHECK_FALSE(MatchTotp(kRfcSecret, TotpCode(kRfcSecret, 1'000), now, 1'000));
  CHECK_FALSE(MatchTotp(kRfcSecret, TotpCode(kRfcSecret, 999), now, 1'000));
  CHECK(MatchTotp(kRfcSecret, TotpCode(kRfcSecret, 1'001), now, 1'000) == 1'001);
}

TEST_CASE("A code of another length or of letters is wrong", "[totp]") {
  const std::string code = TotpCode(kRfcSecret, 1'000);
  const int64_t now = 1'000 * kTotpStepMs;
  for (const std::string& wrong : {std::string(), code.substr(1), code + "0", " " + code,
                                   std::string("abcdef"), TotpCode(kRfcSecret, 1'000, 8)}) {
    CAPTURE(wrong);
    CHECK_FALSE(MatchTotp(kRfcSecret, wrong, now, 0));
  }
}

TEST_CASE("A secret has 160 bits and is another each time", "[totp]") {
  CHECK(MakeTotpSecret().size() == 20);
  CHECK(MakeTotpSecret() != MakeTotpSecret());
}

TEST_CASE("The address for the app names site and user, and escapes what is not a letter",
          "[totp]") {
  CHECK(TotpUri(kRfcSecret, "ada") ==
        "otpauth://totp/InSitu:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=InSitu"
        "&algorithm=SHA1&digits=6&period=30");
  CHECK(TotpUri("x", "a b&c?é").starts_with("otpauth://totp/InSitu:a%20b%26c%3f%c3%a9?secret="));
}

TEST_CASE("A sealed secret opens for its user under its key", "[totp]") {
  const KeyFile keys = MakeKeys(kOne);
  const SealedTotpSecret sealed = SealTotpSecret(keys, "user-1", kRfcSecret);
  CHECK(sealed.key_id == keys.current_id());
  CHECK(sealed.bytes.find(kRfcSecret) == std::string::npos);
  CHECK(OpenTotpSecret(keys, "user-1", sealed) == kRfcSecret);
}

TEST_CASE("A sealed secret moved to another user's row does not open", "[totp]") {
  const KeyFile keys = MakeKeys(kOne);
  CHECK_FALSE(OpenTotpSecret(keys, "user-2", SealTotpSecret(keys, "user-1", kRfcSecret)));
}

TEST_CASE("A sealed secret opens under an older key and not without it", "[totp]") {
  const SealedTotpSecret sealed = SealTotpSecret(MakeKeys(kOne), "user-1", kRfcSecret);
  CHECK(OpenTotpSecret(MakeKeys(kTwo + kOne), "user-1", sealed) == kRfcSecret);
  CHECK_FALSE(OpenTotpSecret(MakeKeys(kTwo), "user-1", sealed));
}

}  // namespace
}  // namespace insitu
