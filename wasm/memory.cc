// malloc, free and new of a WebAssembly file, by heap.h, from where the program's own data end.
#include <cstdlib>
#include <cstring>
#include <new>

#include "shared/divide_up.h"
#include "wasm/heap.h"

extern "C" char __heap_base;  // NOLINT: the linker's name

namespace {

constexpr size_t kPageBytes = size_t{64} << 10;

size_t Extend(size_t bytes) {
  const size_t pages = insitu::DivideUp(bytes, kPageBytes);
  return __builtin_wasm_memory_grow(0, pages) == SIZE_MAX ? 0 : pages * kPageBytes;
}

insitu::Heap& TheHeap() {
  static insitu::Heap heap = [] {
    const size_t begin =
        insitu::RoundUp(reinterpret_cast<size_t>(&__heap_base), insitu::Heap::kAlignment);
    return insitu::Heap(reinterpret_cast<void*>(begin),
                        __builtin_wasm_memory_size(0) * kPageBytes - begin, Extend);
  }();
  return heap;
}

}  // namespace

extern "C" {

void* malloc(size_t bytes) { return TheHeap().Allocate(bytes); }
void free(void* of) { TheHeap().Free(of); }
void* realloc(void* of, size_t bytes) { return TheHeap().Resize(of, bytes); }

void* calloc(size_t count, size_t bytes) {
  if (bytes != 0 && count > SIZE_MAX / bytes) return nullptr;
  void* of = TheHeap().Allocate(count * bytes);
  if (of != nullptr) std::memset(of, 0, count * bytes);
  return of;
}

}  // extern "C"

void* operator new(size_t bytes) {
  void* of = TheHeap().Allocate(bytes);
  if (of == nullptr) std::abort();
  return of;
}
void* operator new[](size_t bytes) { return operator new(bytes); }
// Nothing asks for it; without it the library's own comes, with an allocator that it needs.
void* operator new(size_t bytes, std::align_val_t alignment) {
  if (static_cast<size_t>(alignment) > insitu::Heap::kAlignment) std::abort();
  return operator new(bytes);
}
void operator delete(void* of) noexcept { TheHeap().Free(of); }
void operator delete(void* of, size_t) noexcept { TheHeap().Free(of); }
void operator delete[](void* of) noexcept { TheHeap().Free(of); }
void operator delete[](void* of, size_t) noexcept { TheHeap().Free(of); }
void operator delete(void* of, std::align_val_t) noexcept { TheHeap().Free(of); }
void operator delete(void* of, size_t, std::align_val_t) noexcept { TheHeap().Free(of); }
