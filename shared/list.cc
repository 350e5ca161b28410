#include "shared/list.h"

namespace insitu {

void ListMemory::Reserve(size_t size, size_t element_bytes) {
  if (size <= capacity_) return;
  const size_t capacity = std::max(size, capacity_ * 2);
  void* const larger = std::malloc(capacity * element_bytes);
  if (larger == nullptr) std::abort();
  if (size_ > 0) std::memcpy(larger, data_, size_ * element_bytes);
  std::free(data_);
  data_ = larger;
  capacity_ = capacity;
}

void* ListMemory::Append(size_t element_bytes) {
  Reserve(size_ + 1, element_bytes);
  return static_cast<char*>(data_) + size_++ * element_bytes;
}

void ListMemory::ResizeZeroed(size_t size, size_t element_bytes) {
  Reserve(size, element_bytes);
  if (size > size_) {
    std::memset(static_cast<char*>(data_) + size_ * element_bytes, 0,
                (size - size_) * element_bytes);
  }
  size_ = size;
}

void ListMemory::CopyFrom(const void* elements, size_t size, size_t element_bytes) {
  Reserve(size, element_bytes);
  if (size > 0) std::memcpy(data_, elements, size * element_bytes);
  size_ = size;
}

}  // namespace insitu
