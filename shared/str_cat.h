// StrCat("a", 3, name): joins texts and whole numbers into a std::string. It replaces printf and
// iostreams, which would add more to the WebAssembly file than the decoders do.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
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

std::string Join(std::initializer_list<TextPart> parts);

template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  return Join({TextPart(parts)...});
}

}  // namespace insitu
