// The memory of engine.wasm and scan.wasm: what malloc, free and new are made of there
// (wasm/memory.cc). With Emscripten's smallest allocator the engine with every kernel is larger
// than its download may be (tests/site.test.ts).
//
// Blocks lie side by side, each beginning with its size and that of the one before it, so that what
// is freed joins its free neighbours at once. Free blocks hang in lists by the power of two that
// their size reaches. Sources: Knuth, The Art of Computer Programming, volume 1, 2.5 (boundary
// tags); Wilson, Johnstone, Neely & Boles, Dynamic Storage Allocation, IWMM 1995, 3.6 (segregated
// fits).
#pragma once

#include <cstddef>
#include <cstdint>

namespace insitu {

// Not thread-safe.
class Heap {
 public:
  static constexpr size_t kAlignment = 2 * sizeof(size_t);  // of what is given out, and of blocks
  static constexpr size_t kMaxBytes = size_t{1} << 30;      // of one request

  // Gets more memory right behind what there is, at least so many bytes; returns how many, a
  // multiple of kAlignment, or 0 where there is no more.
  using Extend = size_t (*)(size_t bytes);

  // begin, bytes: of what memory there is, multiples of kAlignment; six words at least.
  Heap(void* begin, size_t bytes, Extend extend);

  // Null where memory is out.
  void* Allocate(size_t bytes);
  // of: given out by this heap, or null, which does nothing.
  void Free(void* of);
  // What lay there, as far as there is room, where it lies or elsewhere. Null, and nothing is
  // changed, where memory is out.
  void* Resize(void* of, size_t bytes);

 private:
  struct Block;
  static constexpr size_t kLists = 32;  // of blocks of 2^i bytes and more, in list i

  void Join(size_t bytes);
  void Insert(Block* block);
  void* GiveOut(Block* block, size_t size);

  Block* free_[kLists] = {};
  Block* end_;  // stands behind the last block, never free
  Extend extend_;
};

}  // namespace insitu
