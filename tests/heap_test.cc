#include "wasm/heap.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "shared/formats/pixels.h"

namespace insitu {
namespace {

constexpr size_t kHead = 2 * sizeof(size_t);  // of a block, and of the end behind all blocks

// Aligned, as what a heap is given has to be.
struct alignas(Heap::kAlignment) Unit {
  uint8_t bytes[Heap::kAlignment];
};

// What the heap may still have, right behind what it has; how often and how much it asked.
uint8_t* arena_next = nullptr;  // NOLINT: Heap::Extend takes no other state
size_t arena_left = 0;          // NOLINT
std::vector<size_t> asked;      // NOLINT

constexpr size_t kPart = 4096;  // the arena is given out in multiples of it

size_t ExtendByArena(size_t bytes) {
  asked.push_back(bytes);
  if (bytes > arena_left) return 0;
  const size_t given = std::min(arena_left, (bytes + kPart - 1) / kPart * kPart);
  arena_next += given;
  arena_left -= given;
  return given;
}

// Exactly what was asked for.
size_t ExtendSparingly(size_t bytes) {
  asked.push_back(bytes);
  if (bytes > arena_left) return 0;
  arena_next += bytes;
  arena_left -= bytes;
  return bytes;
}

// A heap over the first bytes of its memory; the rest is the arena.
struct Held {
  std::vector<Unit> memory;
  Heap heap;

  explicit Held(size_t bytes, size_t arena = 0, Heap::Extend extend = ExtendByArena)
      : memory((bytes + arena) / sizeof(Unit)), heap(memory.data(), bytes, extend) {
    arena_next = begin() + bytes;
    arena_left = arena;
    asked.clear();
  }
  uint8_t* begin() { return memory[0].bytes; }
  uint8_t* Allocate(size_t bytes) { return static_cast<uint8_t*>(heap.Allocate(bytes)); }
  uint8_t* Resize(void* of, size_t bytes) { return static_cast<uint8_t*>(heap.Resize(of, bytes)); }

  // Whether all of so much memory can be given out at once, without asking for more.
  bool IsWhole(size_t bytes) {
    asked.clear();
    uint8_t* all = Allocate(bytes - 2 * kHead);
    const bool whole = all == begin() + kHead && asked.empty();
    heap.Free(all);
    return whole;
  }
};

bool IsAligned(const void* at) { return reinterpret_cast<uintptr_t>(at) % Heap::kAlignment == 0; }

struct Piece {
  uint8_t* at;
  size_t bytes;
  uint8_t pattern;

  void Fill() const { std::memset(at, pattern, bytes); }
  bool Keeps(size_t first) const {  // each byte is the first one
    return first == 0 || (*at == pattern && std::memcmp(at, at + 1, first - 1) == 0);
  }
};

TEST_CASE("What is given out is aligned, apart from all else and keeps its bytes", "[heap]") {
  constexpr size_t kFirst = 64 << 10;
  constexpr size_t kAll = 1 << 20;
  Held held(kFirst, kAll - kFirst);
  std::mt19937 random(1);
  const auto below = [&random](size_t end) { return random() % end; };
  const size_t alike[] = {0, 1, 8, 24, 40, 100, 1000, 1008, 4096, 30'000};
  const auto size = [&] {
    return below(3) == 0 ? below(below(8) == 0 ? 40'000 : 500) : alike[below(std::size(alike))];
  };
  std::vector<Piece> pieces;
  uint8_t pattern = 0;
  int refused = 0;
  int moved = 0;
  int grown = 0;
  const auto is_sound = [&held](const uint8_t* at, size_t bytes) {
    return IsAligned(at) && at >= held.begin() && at + bytes <= arena_next;
  };
  for (int step = 0; step < 20'000; ++step) {
    const size_t what = below(10);
    if (pieces.empty() || what < 4) {
      const size_t bytes = size();
      uint8_t* at = held.Allocate(bytes);
      refused += at == nullptr ? 1 : 0;
      if (at == nullptr) continue;
      REQUIRE(is_sound(at, bytes));
      pieces.push_back({at, bytes, ++pattern});
      pieces.back().Fill();
      continue;
    }
    const size_t index = below(pieces.size());
    Piece& piece = pieces[index];
    REQUIRE(piece.Keeps(piece.bytes));
    if (what < 7) {
      const size_t bytes = size();
      uint8_t* at = held.Resize(piece.at, bytes);
      refused += at == nullptr ? 1 : 0;
      if (at == nullptr) continue;  // and is checked again later
      REQUIRE(is_sound(at, bytes));
      (at == piece.at ? grown : moved) += bytes > piece.bytes ? 1 : 0;
      piece.at = at;
      REQUIRE(piece.Keeps(std::min(bytes, piece.bytes)));
      piece = {at, bytes, ++pattern};
      piece.Fill();
    } else {
      held.heap.Free(piece.at);
      piece = pieces.back();
      pieces.pop_back();
    }
  }
  CHECK(refused > 100);
  CHECK(grown > 100);
  CHECK(moved > 100);
  for (const Piece& piece : pieces) {
    CHECK(piece.Keeps(piece.bytes));
    held.heap.Free(piece.at);
  }
  CHECK(held.IsWhole(kAll - arena_left));
}

TEST_CASE("What is freed joins its neighbours", "[heap]") {
  constexpr size_t kAll = 64 << 10;
  for (const size_t bytes : {size_t{0}, size_t{16}, size_t{100}, size_t{1000}}) {
    const auto filled = [bytes](Held* held) {
      std::vector<uint8_t*> pieces;
      while (uint8_t* at = held->Allocate(bytes)) pieces.push_back(at);
      return pieces;
    };
    const auto count = [&] {
      Held held(kAll);
      return filled(&held).size();
    }();
    std::vector<std::vector<size_t>> orders(4);  // the third: every other one first
    for (size_t i = 0; i < count; ++i) {
      orders[0].push_back(i);
      orders[1].push_back(count - 1 - i);
      orders[2].push_back(i < count / 2 ? 2 * i + 1 : 2 * (i - count / 2));
    }
    orders[3] = orders[0];
    std::shuffle(orders[3].begin(), orders[3].end(), std::mt19937(2));
    for (const std::vector<size_t>& order : orders) {
      Held held(kAll);
      for (int round = 0; round < 2; ++round) {
        const std::vector<uint8_t*> pieces = filled(&held);
        REQUIRE(pieces.size() == count);
        for (const size_t i : order) held.heap.Free(pieces[i]);
        CHECK(held.IsWhole(kAll));
        CHECK(held.Allocate(kAll - 2 * kHead + 1) == nullptr);
      }
    }
  }
}

TEST_CASE("A heap of six words holds one block", "[heap]") {
  Held held(6 * sizeof(size_t));
  uint8_t* at = held.Allocate(2 * sizeof(size_t));
  REQUIRE(at != nullptr);
  CHECK(held.Allocate(0) == nullptr);
  held.heap.Free(at);
  CHECK(held.IsWhole(6 * sizeof(size_t)));
}

TEST_CASE("A heap that is full asks for more right behind it, and says null when there is none",
          "[heap]") {
  Held held(kPart, 4 * kPart);
  uint8_t* first = held.Allocate(kPart - 2 * kHead);  // all of it
  REQUIRE(first == held.begin() + kHead);
  CHECK(asked.empty());
  uint8_t* second = held.Allocate(100);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0] >= 100);
  CHECK(asked[0] % Heap::kAlignment == 0);
  CHECK(second == first + kPart - kHead);  // its head took the place of the end
  uint8_t* third = held.Allocate(2 * kPart);
  CHECK(asked.size() == 2);
  CHECK(third > second);
  CHECK(third + 2 * kPart <= arena_next);
  const size_t left = arena_left;
  CHECK(held.Allocate(2 * kPart) == nullptr);
  CHECK(asked.size() == 3);
  CHECK(arena_left == left);
  CHECK(held.Allocate(100) != nullptr);  // what there is still is given out
  held.heap.Free(third);
  held.heap.Free(first);
  CHECK(held.Allocate(kPart - 2 * kHead) == first);
}

TEST_CASE("What comes from more memory joins what was free at the heap's end", "[heap]") {
  Held held(kPart, 4 * kPart);
  uint8_t* all = held.Allocate(3 * kPart);
  CHECK(asked.size() == 1);
  CHECK(all == held.begin() + kHead);
  held.heap.Free(all);
  CHECK(held.IsWhole(5 * kPart - arena_left));
}

TEST_CASE("A block grows where it lies when what follows is free, else it moves with its bytes",
          "[heap]") {
  constexpr size_t kBytes = 1008;  // of each; a block of it has nothing over
  Held held(64 << 10);
  const Piece a{held.Allocate(kBytes), kBytes, 1};
  const Piece b{held.Allocate(kBytes), kBytes, 2};
  const Piece c{held.Allocate(kBytes), kBytes, 3};
  REQUIRE(b.at == a.at + kBytes + kHead);
  REQUIRE(c.at == b.at + kBytes + kHead);
  for (const Piece& piece : {a, b, c}) piece.Fill();

  CHECK(held.Resize(a.at, kBytes) == a.at);
  CHECK(held.Resize(a.at, 0) == a.at);  // smaller it stays
  CHECK(a.Keeps(kBytes));

  held.heap.Free(b.at);
  CHECK(held.Resize(a.at, kBytes + 200) == a.at);
  CHECK(a.Keeps(kBytes));
  const uint8_t* rest = held.Allocate(kBytes - 200 - kHead);  // what of b was not needed
  CHECK(rest > a.at + kBytes);
  CHECK(rest < c.at);
  held.heap.Free(held.Resize(a.at, kBytes + 200));  // and all is apart again

  const Piece d{held.Allocate(kBytes), kBytes, 4};
  REQUIRE(d.at == a.at);
  d.Fill();
  uint8_t* moved = held.Resize(d.at, 2 * kBytes + kHead + 1);
  REQUIRE(moved != nullptr);
  CHECK(moved > c.at);
  CHECK(Piece{moved, kBytes, 4}.Keeps(kBytes));
  CHECK(held.Allocate(kBytes) == d.at);  // where it lay is free
  CHECK(c.Keeps(kBytes));
}

TEST_CASE("A block takes all of what follows it where the rest would be no block", "[heap]") {
  Held held(64 << 10);
  uint8_t* a = held.Allocate(100);
  uint8_t* b = held.Allocate(100);
  uint8_t* c = held.Allocate(100);
  held.heap.Free(b);
  const auto most = static_cast<size_t>(c - a) - kHead;
  REQUIRE(held.Resize(a, most - kHead) == a);
  std::memset(a, 1, most);  // up to c's head
  CHECK(held.Resize(a, most) == a);
  held.heap.Free(c);
  held.heap.Free(a);
  CHECK(held.IsWhole(64 << 10));
}

TEST_CASE("Requests beyond the limit are refused", "[heap]") {
  Held held(kPart);
  constexpr size_t kBytes = 100;
  const Piece kept{held.Allocate(kBytes), kBytes, 5};
  kept.Fill();
  for (const size_t bytes : {Heap::kMaxBytes + 1, SIZE_MAX - 1, SIZE_MAX}) {
    CHECK(held.Allocate(bytes) == nullptr);
    CHECK(held.Resize(kept.at, bytes) == nullptr);
    CHECK(held.Resize(nullptr, bytes) == nullptr);
  }
  CHECK(asked.empty());
  CHECK(held.Allocate(Heap::kMaxBytes) == nullptr);
  CHECK(held.Resize(kept.at, Heap::kMaxBytes) == nullptr);
  REQUIRE(asked.size() == 2);
  for (const size_t bytes : asked) CHECK(bytes >= Heap::kMaxBytes);
  CHECK(kept.Keeps(kBytes));
  CHECK(held.Resize(kept.at, kBytes + 100) == kept.at);
  CHECK(kept.Keeps(kBytes));
}

TEST_CASE("A request of the limit is met where there is as much", "[heap]") {
  // Memory that is never touched costs nothing.
  const Memory memory = AllocateMemory(Heap::kMaxBytes + kPart);
  REQUIRE(memory != nullptr);
  REQUIRE(IsAligned(memory.get()));
  arena_left = 0;
  Heap heap(memory.get(), Heap::kMaxBytes + kPart, ExtendByArena);
  void* most = heap.Allocate(Heap::kMaxBytes);
  CHECK(most == memory.get() + kHead);
  CHECK(heap.Allocate(Heap::kMaxBytes) == nullptr);
  CHECK(heap.Allocate(100) != nullptr);
  heap.Free(most);
  CHECK(heap.Resize(nullptr, Heap::kMaxBytes) == most);
}

// Free blocks of so many bytes each, between others that are given out, and none that is larger.
void Scatter(Held* held, int count, size_t bytes) {
  std::vector<uint8_t*> freed;
  for (int i = 0; i < count; ++i) {
    freed.push_back(held->Allocate(bytes));
    REQUIRE(freed.back() != nullptr);
    REQUIRE(held->Allocate(0) != nullptr);
  }
  for (uint8_t* at : freed) held->heap.Free(at);
  const size_t left = std::exchange(arena_left, 0);
  const auto next = [](size_t larger) {
    return larger > 2048 ? larger / 2 : larger - Heap::kAlignment;
  };
  for (size_t larger = 4 << 20; larger > bytes; larger = next(larger)) {
    while (held->Allocate(larger) != nullptr) {
    }
  }
  arena_left = left;
  asked.clear();
}

// Of blocks that go into one list, which has those of at least 512 bytes and less than 1024.
constexpr size_t kTooSmall = 528;
constexpr size_t kWanted = 912;

TEST_CASE("Thousands of free blocks that are too small do not hide one that fits in a larger list",
          "[heap]") {
  Held held(4 << 20);
  uint8_t* large = held.Allocate(10'000);
  REQUIRE(held.Allocate(0) != nullptr);
  Scatter(&held, 3000, kTooSmall);
  CHECK(held.Allocate(kWanted) == nullptr);
  held.heap.Free(large);
  asked.clear();
  CHECK(held.Allocate(kWanted) == large);
  for (int i = 0; i < 3000; ++i) REQUIRE(held.Allocate(kTooSmall) != nullptr);
  CHECK(asked.empty());
}

TEST_CASE("Nor do they hide the memory that comes anew, though it is no more than asked for",
          "[heap]") {
  constexpr size_t kBytes = 1 << 20;
  Held held(kBytes, kPart, ExtendSparingly);
  Scatter(&held, 1000, kTooSmall);
  for (size_t i = 1; i <= 3; ++i) {
    const uint8_t* at = held.Allocate(kWanted);
    CHECK(at == arena_next - kWanted - kHead);
    CHECK(asked.size() == i);
  }
}

TEST_CASE("Null is freed without effect and resized as if allocated", "[heap]") {
  Held held(kPart);
  held.heap.Free(nullptr);
  CHECK(held.IsWhole(kPart));
  uint8_t* at = held.Resize(nullptr, 100);
  REQUIRE(at == held.begin() + kHead);
  std::memset(at, 1, 100);
  held.heap.Free(at);
  CHECK(held.IsWhole(kPart));
}

TEST_CASE("A request of nothing gives a block of its own", "[heap]") {
  Held held(kPart);
  uint8_t* a = held.Allocate(0);
  uint8_t* b = held.Resize(nullptr, 0);
  REQUIRE(a != nullptr);
  REQUIRE(b != nullptr);
  CHECK(IsAligned(a));
  CHECK(IsAligned(b));
  CHECK(a != b);
  uint8_t* grown = held.Resize(a, 200);
  CHECK(grown != nullptr);
  held.heap.Free(grown);
  held.heap.Free(b);
  CHECK(held.IsWhole(kPart));
}

}  // namespace
}  // namespace insitu
