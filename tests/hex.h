// Bytes of test vectors, as standards print them.
#pragma once

#include <string>
#include <string_view>

namespace insitu {

// "00 ff0a" → its bytes. Blanks are skipped.
inline std::string FromHex(std::string_view digits) {
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

}  // namespace insitu
