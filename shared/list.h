// List<T>: a growing array, as std::vector, for the graph and its plan. Every std::vector of
// another type is 500 bytes of WebAssembly and more; here what does not depend on the type is
// compiled once.
//
// Elements are moved by copying their bytes, which suits numbers, structs of them, std::unique_ptr
// and other Lists, but not std::string. Without memory it aborts, as std::vector does here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace insitu {

// The part of a List that does not know what it holds. Owns the memory, not the elements in it.
class ListMemory {
 protected:
  ListMemory() = default;
  ListMemory(ListMemory&& other) noexcept { Swap(&other); }
  ~ListMemory() { std::free(data_); }

  void Swap(ListMemory* other) noexcept {
    std::swap(data_, other->data_);
    std::swap(size_, other->size_);
    std::swap(capacity_, other->capacity_);
  }

  // Makes room for `size` elements of so many bytes each.
  void Reserve(size_t size, size_t element_bytes);
  // Makes room for one more and counts it; returns its place.
  void* Append(size_t element_bytes);
  // Makes the list `size` long; what is new is zero bytes.
  void ResizeZeroed(size_t size, size_t element_bytes);
  // Makes it a copy of those bytes.
  void CopyFrom(const void* elements, size_t size, size_t element_bytes);

  void* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

template <typename T>
class List;

// Whether zero bytes are what T() is.
template <typename T>
inline constexpr bool kStartsAsZero = std::is_trivially_default_constructible_v<T>;
template <typename T>
inline constexpr bool kStartsAsZero<List<T>> = true;

template <typename T>
class List : private ListMemory {
 public:
  using value_type = T;  // NOLINT(readability-identifier-naming): as containers call it

  static constexpr bool kPlain = std::is_trivially_copyable_v<T>;

  List() = default;
  List(std::initializer_list<T> elements)
    requires kPlain
  {
    CopyFrom(elements.begin(), elements.size(), sizeof(T));
  }
  explicit List(std::span<const T> elements)
    requires kPlain
  {
    CopyFrom(elements.data(), elements.size(), sizeof(T));
  }
  explicit List(size_t size)
    requires kStartsAsZero<T>
  {
    resize(size);
  }
  List(size_t size, T value)
    requires kPlain
  {
    assign(size, value);
  }
  List(const List& other)
    requires kPlain
      : List(std::span<const T>(other)) {}
  List(List&& other) noexcept = default;
  List& operator=(List other) noexcept {
    Swap(&other);
    return *this;
  }
  ~List() { clear(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return static_cast<T*>(data_); }
  const T* data() const { return static_cast<const T*>(data_); }
  T* begin() { return data(); }
  const T* begin() const { return data(); }
  T* end() { return data() + size_; }
  const T* end() const { return data() + size_; }
  T& operator[](size_t at) { return data()[at]; }
  const T& operator[](size_t at) const { return data()[at]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  void push_back(T element) { new (Append(sizeof(T))) T(std::move(element)); }
  T& emplace_back() { return *new (Append(sizeof(T))) T(); }
  // New elements are zero.
  void resize(size_t size)
    requires kStartsAsZero<T>
  {
    Drop(size);
    ResizeZeroed(size, sizeof(T));
  }
  // Leaves the first `size` elements; there are as many.
  void truncate(size_t size) {
    Drop(size);
    size_ = size;
  }
  void assign(size_t size, T value)
    requires kPlain
  {
    ResizeZeroed(size, sizeof(T));
    for (T& element : *this) element = value;
  }
  // Leaves out the elements for which drop(element) holds.
  template <typename Predicate>
  void remove_if(Predicate drop) {
    size_t kept = 0;
    for (T& element : *this) {
      if (drop(element)) continue;
      if (&element != &data()[kept]) data()[kept] = std::move(element);
      ++kept;
    }
    truncate(kept);
  }
  void clear() { truncate(0); }

  // The same elements in the same order.
  bool operator==(std::span<const T> other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  bool operator==(const List& other) const { return *this == std::span<const T>(other); }

 private:
  // Ends the elements from `from` on; their memory stays.
  void Drop(size_t from) {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for (size_t at = from; at < size_; ++at) data()[at].~T();
    }
  }
};

}  // namespace insitu
