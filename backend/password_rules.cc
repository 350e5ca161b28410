#include "backend/password_rules.h"

#include <algorithm>
#include <array>
#include <vector>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/well_known_passwords.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// A password of which fewer characters than this remain, once all that anybody would guess is
// taken out, is not taken.
constexpr size_t kMinUnguessed = 6;
constexpr size_t kMinDifferentCharacters = 5;
constexpr size_t kMinRun = 4;        // characters that make a run of the alphabet or the keyboard
constexpr size_t kMinNameBytes = 4;  // shorter names would take too much out of any password

constexpr std::array<std::string_view, 16> kProductWords = {
    "insitu",    "breastcancer", "breast",         "cancer",    "mammography", "mammogram",
    "mammo",     "histology",    "histopathology", "pathology", "ultrasound",  "biopsy",
    "carcinoma", "tumour",       "tumor",          "microscope"};

// Neighbours on a keyboard, or in an alphabet. Each is also read backwards.
constexpr std::array<std::string_view, 13> kRuns = {"abcdefghijklmnopqrstuvwxyz",
                                                    "01234567890",
                                                    "qwertyuiop",
                                                    "qwertzuiop",
                                                    "azertyuiop",
                                                    "asdfghjkl",
                                                    "qsdfghjklm",
                                                    "zxcvbnm",
                                                    "yxcvbnm",
                                                    "wxcvbn",
                                                    "1q2w3e4r5t6y7u8i9o0p",
                                                    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
                                                    "qazwsxedcrfvtgbyhnujm"};

char Small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Small letters and digits, and what lies beyond ASCII; nothing else.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (IsLetterOrDigit(Small(c))) plain.push_back(Small(c));
  }
  return plain;
}

// The same with the digits and marks that stand for letters read as letters: P@ssw0rd.
std::string Unmasked(std::string_view text) {
  constexpr std::string_view kMasks = "@4310!$5789";
  constexpr std::string_view kLetters = "aaeioisstbg";
  std::string plain;
  for (char c : text) {
    const size_t mask = kMasks.find(c);
    c = mask == std::string_view::npos ? Small(c) : kLetters[mask];
    if (IsLetterOrDigit(c)) plain.push_back(c);
  }
  return plain;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// How long a unit is that the text is nothing but repeats of (the last may be cut), or its size.
size_t Period(std::string_view text) {
  for (size_t period = 1; period * 2 <= text.size(); ++period) {
    if (text.substr(period) == text.substr(0, text.size() - period)) return period;
  }
  return text.size();
}

size_t DifferentCharacters(std::string_view text) {
  std::string sorted(text);
  std::sort(sorted.begin(), sorted.end());
  return static_cast<size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

// The longest run of an alphabet or a keyboard that begins the text.
size_t RunAt(std::string_view text) {
  size_t longest = 0;
  for (const std::string_view forward : kRuns) {
    const std::string backward(forward.rbegin(), forward.rend());
    for (const std::string_view run : {forward, std::string_view(backward)}) {
      for (size_t at = run.find(text.front()); at != std::string_view::npos;
           at = run.find(text.front(), at + 1)) {
        const std::string_view rest = run.substr(at);
        const auto ends = std::mismatch(text.begin(), text.end(), rest.begin(), rest.end());
        longest = std::max(longest, static_cast<size_t>(ends.first - text.begin()));
      }
    }
  }
  return longest;
}

// Characters left when every run is taken out.
size_t OutsideRuns(std::string_view text) {
  size_t left = 0;
  while (!text.empty()) {
    const size_t run = RunAt(text);
    if (run >= kMinRun) {
      text.remove_prefix(run);
    } else {
      text.remove_prefix(1);
      ++left;
    }
  }
  return left;
}

// Takes every one of the words out, longer ones first, as often as they come; also those that only
// came together when another was taken out.
std::string Without(std::string text, std::vector<std::string_view> words) {
  std::sort(words.begin(), words.end(),
            [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
  for (const std::string_view word : words) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.erase(at, word.size());
    }
  }
  return text;
}

// True if hardly anything is left of the text without those words, digits and repeats behind them
// not counted.
bool IsMostly(std::string_view password, const std::vector<std::string_view>& words) {
  for (const std::string& text : {Plain(password), Unmasked(password)}) {
    std::string rest = Without(text, words);
    if (rest.size() == text.size()) continue;
    std::erase_if(rest, [](char c) { return c >= '0' && c <= '9'; });
    if (rest.size() < kMinUnguessed || Period(rest) < kMinUnguessed) return true;
  }
  return false;
}

std::optional<PasswordFault> CheckForm(std::string_view password, bool has_second_factor) {
  if (password.size() > kMaxPasswordBytes) {
    return PasswordFault{"password_too_long", StrCat("The password has more than ",
                                                     kMaxPasswordBytes, " bytes. Shorten it.")};
  }
  if (!IsUtf8(password) || HasControlCharacter(password)) {
    return PasswordFault{"password_not_text",
                         "The password has characters that cannot be typed. Leave them out."};
  }
  const size_t needed = has_second_factor ? kMinPasswordWithSecondFactor : kMinPasswordCharacters;
  if (CountCodePoints(password) < needed) {
    return PasswordFault{"password_too_short", StrCat("The password needs at least ", needed,
                                                      " characters. Several words are good.")};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PasswordFault> CheckPassword(std::string_view password, std::string_view username,
                                           bool has_second_factor) {
  if (auto fault = CheckForm(password, has_second_factor)) return fault;
  const std::string plain = Plain(password);
  if (Period(password) < kMinUnguessed || DifferentCharacters(password) < kMinDifferentCharacters) {
    return PasswordFault{"password_repeated",
                         "The password repeats the same few characters. Use several words that do "
                         "not belong together."};
  }
  const size_t marks = password.size() - plain.size();
  if (OutsideRuns(plain) + marks < kMinUnguessed) {
    return PasswordFault{"password_sequence",
                         "The password is a run of letters, digits or keys. Use several words that "
                         "do not belong together."};
  }
  const std::string name = Plain(username);
  if (name.size() >= kMinNameBytes && IsMostly(password, {name})) {
    return PasswordFault{"password_has_username",
                         "The password is little more than your user name. Use several words that "
                         "have nothing to do with you."};
  }
  if (IsMostly(password, {kProductWords.begin(), kProductWords.end()})) {
    return PasswordFault{"password_has_product_name",
                         "The password is little more than the name of this site or its subject. "
                         "Use several words that have nothing to do with it."};
  }
  std::vector<std::string_view> words(std::begin(kWellKnownPasswords),
                                      std::end(kWellKnownPasswords));
  words.insert(words.end(), kProductWords.begin(), kProductWords.end());
  if (name.size() >= kMinNameBytes) words.push_back(name);
  if (IsMostly(password, words)) {
    return PasswordFault{"password_common",
                         "The password is made of words that everybody tries first. Use several "
                         "words that do not belong together."};
  }
  return std::nullopt;
}

}  // namespace insitu
