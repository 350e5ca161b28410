#include "backend/password_hash.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"
#include "tests/hex.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Matchers::StartsWith;
using Verdict = PasswordHasher::Verdict;

constexpr Argon2Parameters kQuick{.memory_kib = 64, .passes = 1, .lanes = 1};

KeyFile MakeKeys(const std::string& bytes) {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", bytes);
  Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  if (!keys.ok()) FAIL(keys.error().message);
  return TakeValue(&keys);
}

const std::string kOne = ToBase64Url(std::string(32, '\x01')) + "\n";
const std::string kTwo = ToBase64Url(std::string(32, '\x02')) + "\n";

TEST_CASE("Argon2id gives RFC 9106's vector (5.3)", "[password_hash][vectors]") {
  const auto tag = Argon2id(std::string(32, '\x01'), std::string(16, '\x02'),
                            {.memory_kib = 32, .passes = 3, .lanes = 4}, 32, std::string(8, '\x03'),
                            std::string(12, '\x04'));
  CHECK(ToHex(tag.value()) == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

struct Vector {
  const char* password;
  const char* salt;
  Argon2Parameters parameters;
  const char* hash;
};

TEST_CASE("Argon2id gives the vectors of the reference implementation",
          "[password_hash][vectors]") {
  const auto vector =
      GENERATE(Vector{"password",
                      "somesalt",
                      {256, 2, 1},
                      "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"},
               Vector{"password",
                      "somesalt",
                      {256, 2, 2},
                      "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"},
               Vector{"password",
                      "somesalt",
                      {65'536, 2, 1},
                      "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"},
               Vector{"password",
                      "somesalt",
                      {65'536, 1, 1},
                      "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"},
               Vector{"differentpassword",
                      "somesalt",
                      {65'536, 2, 1},
                      "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"},
               Vector{"password",
                      "diffsalt",
                      {65'536, 2, 1},
                      "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"});
  CHECK(ToHex(Argon2id(vector.password, vector.salt, vector.parameters, 32).value()) ==
        vector.hash);
}

TEST_CASE("New hashes are made with OWASP's parameters and name their key", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys);
  const std::string phc = hasher.Hash("correct horse").value();
  CHECK_THAT(phc,
             StartsWith(StrCat("$argon2id$v=19$m=19456,t=2,p=1,keyid=", keys.current_id(), "$")));
  CHECK(hasher.Verify("correct horse", phc) == Verdict::kRight);
}

TEST_CASE("A password verifies against its own hash alone", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys, kQuick);
  const std::string phc = hasher.Hash("correct horse").value();
  CHECK(hasher.Verify("correct horse", phc) == Verdict::kRight);
  for (const char* wrong :
       {"correct hors", "correct horse ", "Correct horse", "", "correcthorse"}) {
    CAPTURE(wrong);
    CHECK(hasher.Verify(wrong, phc) == Verdict::kWrong);
  }
}

TEST_CASE("The bytes of a password all count, NUL and what follows it too", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys, kQuick);
  const std::string phc = hasher.Hash(std::string("a\0b", 3)).value();
  CHECK(hasher.Verify(std::string("a\0b", 3), phc) == Verdict::kRight);
  CHECK(hasher.Verify(std::string("a\0c", 3), phc) == Verdict::kWrong);
  CHECK(hasher.Verify("a", phc) == Verdict::kWrong);
}

TEST_CASE("The same password has another hash each time", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys, kQuick);
  CHECK(hasher.Hash("correct horse").value() != hasher.Hash("correct horse").value());
}

TEST_CASE("The database alone cannot check a password: the pepper is needed", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const KeyFile others = MakeKeys(kTwo);
  const PasswordHasher hasher(keys, kQuick);
  const std::string phc = hasher.Hash("correct horse").value();
  CHECK(PasswordHasher(others, kQuick).Verify("correct horse", phc) == Verdict::kWrong);

  // Argon2's own output is not what is stored, under this key or under one that claims its id.
  const PhcString parsed = ParsePhc(phc).value();
  const std::string argon = Argon2id("correct horse", parsed.salt, parsed.parameters, 32).value();
  CHECK(parsed.hash != argon);
  CHECK(parsed.hash == HmacSha256(keys.Derive(KeyUse::kPepper), argon));
  PhcString claimed = parsed;
  claimed.key_id = others.current_id();
  CHECK(PasswordHasher(others, kQuick).Verify("correct horse", FormatPhc(claimed)) ==
        Verdict::kWrong);
}

TEST_CASE("A hash of an older key verifies and is outdated", "[password_hash]") {
  const KeyFile old_keys = MakeKeys(kOne);
  const KeyFile new_keys = MakeKeys(kTwo + kOne);
  const std::string phc = PasswordHasher(old_keys, kQuick).Hash("correct horse").value();
  const PasswordHasher hasher(new_keys, kQuick);
  CHECK(hasher.Verify("correct horse", phc) == Verdict::kRight);
  CHECK(hasher.IsOutdated(phc));
  CHECK_FALSE(hasher.IsOutdated(hasher.Hash("correct horse").value()));
}

TEST_CASE("A hash of other parameters verifies and is outdated", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const auto other =
      GENERATE(Argon2Parameters{128, 1, 1}, Argon2Parameters{64, 2, 1}, Argon2Parameters{64, 1, 2});
  const std::string phc = PasswordHasher(keys, other).Hash("correct horse").value();
  const PasswordHasher hasher(keys, kQuick);
  CHECK(hasher.Verify("correct horse", phc) == Verdict::kRight);
  CHECK(hasher.IsOutdated(phc));
  CHECK_FALSE(PasswordHasher(keys, other).IsOutdated(phc));
}

TEST_CASE("Nobody has the dummy's password, and checking it takes the same parameters",
          "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys, kQuick);
  CHECK(ParsePhc(hasher.dummy()).value().parameters == kQuick);
  CHECK_FALSE(hasher.IsOutdated(hasher.dummy()));
  CHECK(hasher.Verify("", hasher.dummy()) == Verdict::kWrong);
  CHECK(hasher.Verify("dummy", hasher.dummy()) == Verdict::kWrong);
}

TEST_CASE("A PHC string comes back from its parts", "[password_hash][phc]") {
  const PhcString phc{{19'456, 2, 1}, "0123456789ab", std::string(16, 's'), std::string(32, 'h')};
  const PhcString read = ParsePhc(FormatPhc(phc)).value();
  CHECK(read.parameters == phc.parameters);
  CHECK(read.key_id == phc.key_id);
  CHECK(read.salt == phc.salt);
  CHECK(read.hash == phc.hash);
}

TEST_CASE("What is not exactly a PHC string of ours is refused", "[password_hash][phc]") {
  const std::string salt = ToBase64(std::string(16, 's'));
  const std::string hash = ToBase64(std::string(32, 'h'));
  const std::string good = StrCat("$argon2id$v=19$m=64,t=1,p=1,keyid=ab$", salt, "$", hash);
  REQUIRE(ParsePhc(good));
  const std::string bad = GENERATE_COPY(
      as<std::string>{}, "", "$", "x" + good, good + "$", good + "=", good.substr(0, 60),
      StrCat("$argon2i$v=19$m=64,t=1,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=16$m=64,t=1,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$m=64,t=1,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=64,t=1,p=1$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=64,t=1,p=1,keyid=$", salt, "$", hash),
      StrCat("$argon2id$v=19$t=1,m=64,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=064,t=1,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=+64,t=1,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=64,t=0,p=1,keyid=ab$", salt, "$", hash),
      StrCat("$argon2id$v=19$m=64,t=1,p=9,keyid=ab$", salt, "$", hash),  // 8 KiB a lane at least
      StrCat("$argon2id$v=19$m=64,t=1,p=1,keyid=ab$", ToBase64("short"), "$", hash),
      StrCat("$argon2id$v=19$m=64,t=1,p=1,keyid=ab$", salt, "$", salt),
      StrCat("$argon2id$v=19$m=99999999999,t=1,p=1,keyid=ab$", salt, "$", hash));
  CAPTURE(bad);
  CHECK_FALSE(ParsePhc(bad));
}

TEST_CASE("A stored hash may ask for so much and no more", "[password_hash][limits]") {
  const auto phc = [](uint32_t memory, uint32_t passes, uint32_t lanes) {
    return FormatPhc({{memory, passes, lanes}, "ab", std::string(16, 's'), std::string(32, 'h')});
  };
  CHECK(ParsePhc(phc(kMaxHashMemoryKib, kMaxHashPasses, kMaxHashLanes)));
  CHECK_FALSE(ParsePhc(phc(kMaxHashMemoryKib + 1, 1, 1)));
  CHECK_FALSE(ParsePhc(phc(64, kMaxHashPasses + 1, 1)));
  CHECK_FALSE(ParsePhc(phc(1'024, 1, kMaxHashLanes + 1)));
}

TEST_CASE("Something that is no hash is a wrong password and outdated", "[password_hash]") {
  const KeyFile keys = MakeKeys(kOne);
  const PasswordHasher hasher(keys, kQuick);
  CHECK(hasher.Verify("", "") == Verdict::kWrong);
  CHECK(hasher.Verify("plain", "plain") == Verdict::kWrong);
  CHECK(hasher.IsOutdated(""));
}

}  // namespace
}  // namespace insitu
