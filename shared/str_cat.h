// StrCat("a", 3, name): joins texts and whole numbers into a std::string. It replaces printf and
// iostreams, which would add more to the WebAssembly file than the decoders do.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace insitu {

// A text, which has to outlive the part, or a whole number. Always inline, like the functions that
// make parts of their arguments: two stores instead of a function for each combination of types.
class TextPart {
 public:
  template <typename Text>
    requires std::is_convertible_v<const Text&, std::string_view>
  [[gnu::always_inline]] TextPart(const Text& text)  // NOLINT: implicit
      : TextPart(std::string_view(text)) {}
  [[gnu::always_inline]] TextPart(std::string_view text)  // NOLINT: implicit
      : text_(text.data()), value_(static_cast<int64_t>(text.size())) {}
  template <std::integral Integer>
  [[gnu::always_inline]] TextPart(Integer number)  // NOLINT: implicit
      : value_(static_cast<int64_t>(number)) {}

  void AppendTo(std::string* out) const;

 private:
  const char* text_ = nullptr;  // or null: a number
  int64_t value_;               // the number, or the length of the text
};

// The pattern with each % in it replaced by the next part; parts left over follow at its end.
std::string Fill(const char* pattern, const TextPart* parts, size_t count);

// Calls function(pattern, parts, count): a message as its pattern and what goes into it, which
// takes the least code at each of the hundreds of places that make one.
template <typename Function, typename... Parts>
[[gnu::always_inline]] inline auto WithParts(const Function& function, const char* pattern,
                                             const Parts&... parts) {
  if constexpr (sizeof...(parts) == 0) {
    return function(pattern, nullptr, 0);
  } else {
    const TextPart array[] = {TextPart(parts)...};
    return function(pattern, array, sizeof...(parts));
  }
}

template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  return WithParts(Fill, "", parts...);
}

}  // namespace insitu
