// How many whole steps a number >= 0 needs, and what they hold.
#pragma once

#include <concepts>
#include <type_traits>

namespace insitu {

template <std::integral T>
constexpr T DivideUp(T value, std::type_identity_t<T> step) {
  return (value + step - 1) / step;
}

template <std::integral T>
constexpr T RoundUp(T value, std::type_identity_t<T> step) {
  return DivideUp(value, step) * step;
}

}  // namespace insitu
