#include "backend/worker_pool.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace insitu {
namespace {

// The client's address as bytes: 4 of IPv4, the network's 8 of IPv6. Empty if it has left.
std::string AddressOf(int socket) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return {};
  if (peer.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&peer);
    return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof(v4->sin_addr)};
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr;
  const auto* bytes = reinterpret_cast<const char*>(v6.s6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return {bytes + 12, 4};
  return {bytes, 8};
}

}  // namespace

WorkerPool::WorkerPool(const TransportLimits& limits, ServerState* state, Serve serve)
    : limits_(limits), state_(state), serve_(std::move(serve)) {
  for (size_t i = 0; i < limits.workers; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Add(int socket) {
  Accepted accepted{socket, Connection::Clock::now(), AddressOf(socket)};
  {
    const std::lock_guard lock(mutex_);
    size_t& from_address = by_address_[accepted.address];
    const size_t most = limits_.max_connections_per_address;
    if (stopped_ || connections_ >= limits_.max_connections || (most > 0 && from_address >= most)) {
      if (from_address == 0) by_address_.erase(accepted.address);
      ::close(socket);
      return;
    }
    ++from_address;
    ++connections_;
    queue_.push_back(std::move(accepted));
    state_->queued = queue_.size();
  }
  changed_.notify_one();
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
    const Accepted accepted = std::move(queue_.front());
    queue_.pop_front();
    state_->queued = queue_.size();
    lock.unlock();
    {
      Connection connection(accepted.socket, accepted.at, limits_, *state_);
      serve_(&connection);
    }
    lock.lock();
    --connections_;
    const auto from_address = by_address_.find(accepted.address);
    if (--from_address->second == 0) by_address_.erase(from_address);
  }
}

}  // namespace insitu
