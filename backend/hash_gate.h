// The gate in front of password hashing: as many at once as there are cores, a few that wait their
// turn, and the rest are sent away at once, so that a flood of sign-ins takes neither all memory
// nor all threads of the server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "backend/limits.h"

namespace insitu {

class HashGate {
 public:
  // The right to hash, for as long as it lives.
  class Pass {
   public:
    explicit Pass(HashGate* gate) : gate_(gate) {}
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave();
    }
    Pass(Pass&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    Pass& operator=(Pass&&) = delete;

   private:
    HashGate* gate_;
  };

  // As many at once as this machine has cores, up to kMaxHashesAtOnce.
  HashGate();
  HashGate(size_t at_once, size_t max_waiting);
  HashGate(const HashGate&) = delete;  // passes point to it
  HashGate& operator=(const HashGate&) = delete;

  // Waits its turn, first come first served. Nothing, at once, if max_waiting wait already.
  std::optional<Pass> Enter();

  // How many hash and how many wait.
  struct Load {
    size_t hashing;
    size_t waiting;
  };
  Load load() const;

 private:
  void Leave();

  const size_t at_once_;
  const size_t max_waiting_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  size_t hashing_ = 0;
  uint64_t next_ticket_ = 0;  // of the next that comes
  uint64_t next_served_ = 0;  // tickets below were let in
};

}  // namespace insitu
