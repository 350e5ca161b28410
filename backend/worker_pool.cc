#include "backend/worker_pool.h"

#include <unistd.h>

#include <optional>
#include <utility>

namespace insitu {
WorkerPool::WorkerPool(const TransportLimits& limits, ServerState* state, Serve serve)
    : limits_(limits), state_(state), serve_(std::move(serve)) {
  for (size_t i = 0; i < limits.workers; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Add(int socket) {
  const std::optional<IpAddress> peer = IpAddress::OfPeer(socket);
  if (!peer) {  // it has left
    ::close(socket);
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    const std::string group = AddressGroup(*peer);
    size_t& from_group = by_group_[group];
    const size_t most = limits_.max_connections_per_address;
    if (stopped_ || connections_ >= limits_.max_connections || (most > 0 && from_group >= most)) {
      if (from_group == 0) by_group_.erase(group);
      ::close(socket);
      return false;
    }
    ++from_group;
    ++connections_;
    queue_.push_back({socket, Connection::Clock::now(), *peer});
    state_->queued = queue_.size();
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Accepted accepted = queue_.front();
    queue_.pop_front();
    state_->queued = queue_.size();
    lock.unlock();
    serve_(accepted);
    lock.lock();
    --connections_;
    const auto from_group = by_group_.find(AddressGroup(accepted.peer));
    if (--from_group->second == 0) by_group_.erase(from_group);
  }
}

}  // namespace insitu
