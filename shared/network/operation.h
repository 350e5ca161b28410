// What a planned step does when it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/result.h"

namespace insitu {

// One input of a step. Items of a batch lie item_stride elements apart; 0 for a constant, which all
// items share.
struct Operand {
  const float* data = nullptr;
  int64_t item_stride = 0;
};

inline constexpr size_t kMaxOperands = 2;

class Operation {
 public:
  virtual ~Operation() = default;

  // Fixes memory and batch for the runs that follow; may allocate. The output's items are dense.
  virtual Status Bind(int batch, std::span<const Operand> inputs, float* output,
                      int64_t output_item_stride) = 0;

  // Allocates nothing.
  virtual void Run() = 0;
};

}  // namespace insitu
