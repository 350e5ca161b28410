#include "backend/password_rules.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "backend/well_known_passwords.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

std::string CodeOf(std::string_view password, std::string_view username = "ada",
                   bool second_factor = false) {
  const auto fault = CheckPassword(password, username, second_factor);
  return fault ? fault->code : "";
}

// Random letters that no rule minds.
constexpr char kRandom[] = "hgwmzbcuxkfqpvtnjyrdlseaoi";

TEST_CASE("A password of several words is taken", "[password_rules]") {
  const std::string password = GENERATE(
      as<std::string>{}, "walrus bicycle teapot", "correct-handle-mountain-7", "Tr0ub4dor&3 jazz gig",
      "ich mag keine Rosinen", "zwölf grüne Boxkämpfer", "一二三四五六七八九十百千万亿兆",
      "nine lives, eight left", "the gray fox jumped twice");
  CAPTURE(password);
  CHECK(CodeOf(password) == "");
}

TEST_CASE("Without a second factor a password needs 15 characters", "[password_rules][limits]") {
  CHECK(CodeOf(std::string(kRandom, kMinPasswordCharacters - 1)) == "password_too_short");
  CHECK(CodeOf(std::string(kRandom, kMinPasswordCharacters)) == "");
}

TEST_CASE("With a second factor a password needs 8 characters", "[password_rules][limits]") {
  CHECK(CodeOf(std::string(kRandom, kMinPasswordWithSecondFactor - 1), "ada", true) ==
        "password_too_short");
  CHECK(CodeOf(std::string(kRandom, kMinPasswordWithSecondFactor), "ada", true) == "");
  CHECK(CodeOf(std::string(kRandom, kMinPasswordWithSecondFactor), "ada", false) ==
        "password_too_short");
}

TEST_CASE("Characters are counted as people count them, not in bytes", "[password_rules]") {
  CHECK(CodeOf("žluťoučkýkůňpě") == "password_too_short");  // 14 characters, 21 bytes
  CHECK(CodeOf("žluťoučkýkůňpěl") == "");
}

TEST_CASE("A password may have 256 bytes and no more", "[password_rules][limits]") {
  std::string password;
  while (password.size() < kMaxPasswordBytes) password += StrCat(kRandom, password.size());
  password.resize(kMaxPasswordBytes);
  CHECK(CodeOf(password) == "");
  CHECK(CodeOf(password + "x") == "password_too_long");
}

TEST_CASE("64 small letters alone are taken: no kinds of characters are asked for",
          "[password_rules]") {
  CHECK(CodeOf("qpnzmvkxwhjrtgbclydsfuoeaiwmtkqzxhvbnrpgcjldysfuaoeiqkzmwxvhtrbp") == "");
}

TEST_CASE("Spaces and marks count as characters", "[password_rules]") {
  CHECK(CodeOf("go up, be at 7!") == "");
  CHECK(CodeOf("go up, be at 7") == "password_too_short");
}

TEST_CASE("What cannot be typed is refused", "[password_rules]") {
  CHECK(CodeOf("walrus bicycle\nteapot") == "password_not_text");
  CHECK(CodeOf(std::string("walrus bicycle\0teapot", 21)) == "password_not_text");
  CHECK(CodeOf("walrus bicycle\x7fteapot") == "password_not_text");
  CHECK(CodeOf("walrus bicycle\xfftea") == "password_not_text");
}

TEST_CASE("Repeats are refused", "[password_rules]") {
  const std::string password =
      GENERATE(as<std::string>{}, "aaaaaaaaaaaaaaaa", "abababababababab", "xyzxyzxyzxyzxyzxyz",
               "q7!w.q7!w.q7!w.q7!w.", "hkhkhkkkhhkhhkkhkhkh", "................",
               "🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬🔬");
  CAPTURE(password);
  CHECK(CodeOf(password) == "password_repeated");
}

TEST_CASE("Runs of the alphabet, of digits and of the keyboard are refused", "[password_rules]") {
  const std::string password = GENERATE(
      as<std::string>{}, "abcdefghijklmnopq", "ABCDEFGHIJKLMNOPQ", "zyxwvutsrqponmlkji",
      "0123456789012345", "9876543210987654", "qwertyuiopasdfghjkl", "qwertzuiopasdfg",
      "1qaz2wsx3edc4rfv", "1q2w3e4r5t6y7u8i", "poiuytrewqlkjhgfdsa", "abcdefgh12345678",
      "azertyuiopqsdfghjklm", "qwertyuiop1234567890!", "1234-5678-9012-3456");
  CAPTURE(password);
  CHECK(CodeOf(password) == "password_sequence");
}

TEST_CASE("A run with enough behind it is taken", "[password_rules]") {
  CHECK(CodeOf("abcdefgh teapot walrus") == "");
}

TEST_CASE("A password that is little more than the user's name is refused", "[password_rules]") {
  CHECK(CodeOf("marie.curie.1934!", "marie.curie") == "password_has_username");
  CHECK(CodeOf("MarieCurieMarieCurie", "marie.curie") == "password_has_username");
  CHECK(CodeOf("Marie-Curie-12345-x", "Marie Curie") == "password_has_username");
  CHECK(CodeOf("m4r1e_cur1e_2026", "marie.curie") == "password_has_username");
  CHECK(CodeOf("marie.curie likes walrus", "marie.curie") == "");
}

TEST_CASE("A short user name does not spoil a password that has its letters", "[password_rules]") {
  CHECK(CodeOf("an banana pancake hat", "an") == "");
}

TEST_CASE("The product's name and subject are refused", "[password_rules]") {
  CHECK(CodeOf("insitu1234567890") == "password_has_product_name");
  CHECK(CodeOf("InSitu-Breast-Cancer") == "password_has_product_name");
  CHECK(CodeOf("!n$itu!n$itu-2026") == "password_has_product_name");
  CHECK(CodeOf("mammography2026!!") == "password_has_product_name");
  CHECK(CodeOf("walrus mammography teapot") == "");
}

TEST_CASE("Passwords that everybody tries are refused, however they are dressed up",
          "[password_rules]") {
  const std::string password = GENERATE(
      as<std::string>{}, "password12345678", "Password-Password1", "P@ssw0rdP@ssw0rd!",
      "iloveyouiloveyou1", "letmein-letmein-2026", "welcome to football", "Admin!Admin!Admin!2",
      "correcthorsebatterystaple", "correct horse battery staple", "dragon monkey master",
      "qwerty-password-123456", "Summer2026Winter2025", "trustno1trustno1trustno1");
  CAPTURE(password);
  const std::string code = CodeOf(password);
  CHECK((code == "password_common" || code == "password_repeated"));
}

TEST_CASE("A well-known word beside others is taken", "[password_rules]") {
  CHECK(CodeOf("my dragon eats walnuts") == "");
}

TEST_CASE("Every well-known password is refused, alone and drawn out to full length",
          "[password_rules]") {
  for (const std::string_view word : kWellKnownPasswords) {
    CAPTURE(word);
    if (word.size() >= kMinPasswordWithSecondFactor) CHECK(CodeOf(word, "ada", true) != "");
    std::string digits(word);
    for (int i = 0; digits.size() < kMinPasswordCharacters; ++i) digits += StrCat(7 * i % 10);
    CHECK(CodeOf(digits) != "");
    std::string twice = StrCat(word, "-", word, "!");
    while (twice.size() < kMinPasswordCharacters) twice += word;
    CHECK(CodeOf(twice) != "");
  }
}

TEST_CASE("The list is written as it is compared", "[password_rules]") {
  for (const std::string_view word : kWellKnownPasswords) {
    CAPTURE(word);
    CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
  }
}

TEST_CASE("Every refusal says what to do", "[password_rules]") {
  for (const char* password : {"short", "aaaaaaaaaaaaaaaa", "abcdefghijklmnopq", "insitu1234567890",
                               "password12345678", "walrus bicycle\nteapot"}) {
    const auto fault = CheckPassword(password, "ada", false);
    REQUIRE(fault);
    CHECK(fault->detail.ends_with('.'));
    CHECK(fault->detail.find(". ") != std::string::npos);
    CHECK(fault->detail.find(password) == std::string::npos);
  }
}

}  // namespace
}  // namespace insitu
