#include "wasm/heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "shared/divide_up.h"

namespace insitu {

struct Heap::Block {
  size_t size;      // in bytes, with all of this; its lowest bit: it is given out
  size_t previous;  // size of the block before it, without that bit; 0: there is none
  // Of free blocks alone; where others hold what they were given out for.
  Block* next;   // in its list
  Block** link;  // what leads to this one

  bool is_free() const { return (size & 1) == 0; }
  size_t bytes() const { return size & ~size_t{1}; }
  Block* At(size_t offset) {
    return reinterpret_cast<Block*>(reinterpret_cast<uint8_t*>(this) + offset);
  }
  Block* Before(size_t offset) {
    return reinterpret_cast<Block*>(reinterpret_cast<uint8_t*>(this) - offset);
  }
  Block* after() { return At(bytes()); }
  void SetSize(size_t bytes) {  // and is free
    size = bytes;
    after()->previous = bytes;
  }
  void Unlink() {
    *link = next;
    if (next != nullptr) next->link = link;
  }
};

namespace {

constexpr size_t kHead = 2 * sizeof(size_t);   // of a block, before what it is given out for
constexpr size_t kLeast = 4 * sizeof(size_t);  // a free block's own four

// Blocks of the list that a size belongs to may be too small for it. So many are looked at, then
// the lists of larger ones, where every block fits: a program that leaves thousands of small ones
// would be slow otherwise.
constexpr int kMaxTries = 64;

size_t SizeFor(size_t bytes) { return std::max(kLeast, RoundUp(bytes + kHead, Heap::kAlignment)); }

size_t ListOf(size_t size) { return static_cast<size_t>(std::bit_width(size)) - 1; }

}  // namespace

Heap::Heap(void* begin, size_t bytes, Extend extend)
    : end_(static_cast<Block*>(begin)), extend_(extend) {
  end_->previous = 0;
  Join(bytes - kHead);
}

// So many bytes from the end on become a block, with a new end behind.
void Heap::Join(size_t bytes) {
  Block* block = end_;
  end_ = block->At(bytes);
  end_->size = 1;
  block->SetSize(bytes);
  Free(block->At(kHead));
}

void Heap::Insert(Block* block) {
  Block** list = &free_[ListOf(block->size)];
  block->next = *list;
  block->link = list;
  if (block->next != nullptr) block->next->link = &block->next;
  *list = block;
}

// Gives out so much of a block that is in no list.
void* Heap::GiveOut(Block* block, size_t size) {
  const size_t rest = block->bytes() - size;
  if (rest >= kLeast) {
    block->SetSize(size);
    Block* left = block->after();
    left->SetSize(rest);
    Insert(left);
  }
  block->size |= 1;
  return block->At(kHead);
}

void* Heap::Allocate(size_t bytes) {
  if (bytes > kMaxBytes) return nullptr;
  const size_t size = SizeFor(bytes);
  for (;;) {
    int tries = kMaxTries;
    for (size_t list = ListOf(size); list < kLists; ++list) {
      for (Block* block = free_[list]; block != nullptr; block = block->next) {
        if (block->size >= size) {
          block->Unlink();
          return GiveOut(block, size);
        }
        if (--tries == 0) break;
      }
    }
    const size_t more = extend_(size);
    if (more == 0) return nullptr;
    Join(more);
  }
}

void Heap::Free(void* of) {
  if (of == nullptr) return;
  Block* block = static_cast<Block*>(of)->Before(kHead);
  size_t size = block->bytes();
  Block* after = block->after();
  if (after->is_free()) {
    after->Unlink();
    size += after->size;
  }
  Block* before = block->Before(block->previous);
  if (before != block && before->is_free()) {
    before->Unlink();
    size += before->size;
    block = before;
  }
  block->SetSize(size);
  Insert(block);
}

void* Heap::Resize(void* of, size_t bytes) {
  if (of == nullptr) return Allocate(bytes);
  if (bytes > kMaxBytes) return nullptr;
  const size_t size = SizeFor(bytes);
  Block* block = static_cast<Block*>(of)->Before(kHead);
  if (size <= block->bytes()) return of;
  Block* after = block->after();
  if (after->is_free() && block->bytes() + after->size >= size) {
    after->Unlink();
    block->SetSize(block->bytes() + after->size);
    return GiveOut(block, size);
  }
  void* to = Allocate(bytes);
  if (to == nullptr) return nullptr;
  std::memcpy(to, of, block->bytes() - kHead);
  Free(of);
  return to;
}

}  // namespace insitu
