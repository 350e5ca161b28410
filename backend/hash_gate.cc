#include "backend/hash_gate.h"

#include <algorithm>
#include <thread>

namespace insitu {

HashGate::HashGate()
    : HashGate(std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kMaxHashesAtOnce),
               kMaxWaitingHashes) {}

HashGate::HashGate(size_t at_once, size_t max_waiting)
    : at_once_(at_once), max_waiting_(max_waiting) {}

std::optional<HashGate::Pass> HashGate::Enter() {
  std::unique_lock lock(mutex_);
  const bool free = hashing_ < at_once_ && next_served_ == next_ticket_;
  if (!free && next_ticket_ - next_served_ >= max_waiting_) return std::nullopt;
  const uint64_t ticket = next_ticket_++;
  changed_.wait(lock, [&] { return ticket == next_served_ && hashing_ < at_once_; });
  ++next_served_;
  ++hashing_;
  changed_.notify_all();  // the next in line may find another place free
  return Pass(this);
}

void HashGate::Leave() {
  const std::lock_guard lock(mutex_);
  --hashing_;
  changed_.notify_all();
}

HashGate::Load HashGate::load() const {
  const std::lock_guard lock(mutex_);
  return {hashing_, static_cast<size_t>(next_ticket_ - next_served_)};
}

}  // namespace insitu
