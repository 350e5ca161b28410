#include "tests/allocation_count.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define INSITU_HAS_MALLOC_HOOKS 1
#endif
#endif

namespace {
thread_local int64_t allocations = 0;  // NOLINT: the hooks below have nowhere else to count
}  // namespace

#ifdef INSITU_HAS_MALLOC_HOOKS

#include <sanitizer/allocator_interface.h>

namespace {
const int kHooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t) { ++allocations; }, [](const volatile void*) {});
}  // namespace

#else

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

#endif

namespace insitu {

AllocationCount::AllocationCount() : start_(allocations) {}
int64_t AllocationCount::Made() const { return allocations - start_; }

}  // namespace insitu
