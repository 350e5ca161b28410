#include "backend/hash_gate.h"

#include <algorithm>
#include <atomic>
#include <catch_amalgamated.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace insitu {
namespace {

void WaitUntilWaiting(const HashGate& gate, size_t count) {
  while (gate.load().waiting != count) std::this_thread::yield();
}

TEST_CASE("As many enter the gate at once as it has places", "[hash_gate]") {
  HashGate gate(2, 0);
  const auto first = gate.Enter();
  const auto second = gate.Enter();
  CHECK(first);
  CHECK(second);
  CHECK(gate.load().hashing == 2);
  CHECK_FALSE(gate.Enter());
}

TEST_CASE("However many cores there are, a quarter of the workers is left", "[hash_gate][limits]") {
  CHECK(kMaxHashesAtOnce + kMaxWaitingHashes <= kWorkers * 3 / 4);
  HashGate gate;
  std::vector<HashGate::Pass> passes;
  for (size_t i = 0; i < std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 16); ++i) {
    auto pass = gate.Enter();
    REQUIRE(pass);
    passes.push_back(std::move(*pass));
  }
  std::thread next([&gate] { CHECK(gate.Enter()); });
  WaitUntilWaiting(gate, 1);
  passes.clear();
  next.join();
}

TEST_CASE("A place is free again once its pass is gone", "[hash_gate]") {
  HashGate gate(1, 0);
  {
    const auto pass = gate.Enter();
    CHECK_FALSE(gate.Enter());
  }
  CHECK(gate.Enter());
  CHECK(gate.load().hashing == 0);
}

TEST_CASE("A pass that was moved gives its place back once", "[hash_gate]") {
  HashGate gate(1, 0);
  {
    auto pass = gate.Enter();
    const HashGate::Pass moved = std::move(*pass);
    pass.reset();
    CHECK(gate.load().hashing == 1);
  }
  CHECK(gate.load().hashing == 0);
}

TEST_CASE("Who finds the queue full is sent away at once, and not before", "[hash_gate][limits]") {
  constexpr size_t kQueue = 3;
  HashGate gate(1, kQueue);
  auto held = gate.Enter();
  std::atomic<size_t> entered = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kQueue; ++i) {
    threads.emplace_back([&] {
      if (gate.Enter()) ++entered;
    });
    WaitUntilWaiting(gate, i + 1);
  }
  CHECK_FALSE(gate.Enter());
  CHECK(gate.load().waiting == kQueue);
  held.reset();
  for (std::thread& thread : threads) thread.join();
  CHECK(entered == kQueue);
}

TEST_CASE("Those who wait enter in the order they came", "[hash_gate]") {
  HashGate gate(1, 8);
  auto held = gate.Enter();
  std::mutex mutex;
  std::vector<size_t> order;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto pass = gate.Enter();
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    WaitUntilWaiting(gate, i + 1);
  }
  held.reset();
  for (std::thread& thread : threads) thread.join();
  CHECK(order == std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("Never more than its places are inside, however many come", "[hash_gate]") {
  HashGate gate(2, 64);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  threads.reserve(32);
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        const auto pass = gate.Enter();
        const int now = ++inside;
        int before = most;
        while (now > before && !most.compare_exchange_weak(before, now)) {
        }
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most <= 2);
  CHECK(gate.load().hashing == 0);
}

}  // namespace
}  // namespace insitu
