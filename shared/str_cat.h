// StrCat("a", 3, name): joins texts and whole numbers into a std::string. It replaces printf and
// iostreams, which would add more to the WebAssembly file than the decoders do.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace insitu {

inline void AppendTo(std::string* out, std::string_view text) { out->append(text); }

template <std::integral Integer>
void AppendTo(std::string* out, Integer number) {
  out->append(std::to_string(number));
}

template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  std::string out;
  (AppendTo(&out, parts), ...);
  return out;
}

}  // namespace insitu
