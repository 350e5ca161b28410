// Counts the allocations that this thread makes from its construction on: all of malloc's under
// a sanitizer, those of operator new elsewhere.
#pragma once

#include <cstdint>

namespace insitu {

class AllocationCount {
 public:
  AllocationCount();
  int64_t Made() const;

 private:
  int64_t start_;
};

}  // namespace insitu
