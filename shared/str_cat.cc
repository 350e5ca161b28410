#include "shared/str_cat.h"

namespace insitu {

void TextPart::AppendTo(std::string* out) const {
  if (text_ != nullptr) {
    out->append(text_, static_cast<size_t>(value_));
    return;
  }
  char digits[20];  // of the largest 64-bit number, or its sign and 19
  size_t at = sizeof(digits);
  // Negated as unsigned, because the smallest number has no positive counterpart.
  uint64_t rest = static_cast<uint64_t>(value_);
  if (value_ < 0) rest = 0 - rest;
  do {
    digits[--at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value_ < 0) digits[--at] = '-';
  out->append(digits + at, sizeof(digits) - at);
}

std::string Fill(const char* pattern, const TextPart* parts, size_t count) {
  std::string out;
  const TextPart* const end = parts + count;
  for (; *pattern != '\0'; ++pattern) {
    const TextPart character(std::string_view(pattern, 1));
    (*pattern == '%' && parts != end ? *parts++ : character).AppendTo(&out);
  }
  while (parts != end) (parts++)->AppendTo(&out);
  return out;
}

}  // namespace insitu
