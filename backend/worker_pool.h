// Accepted sockets wait here for one of a fixed number of threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "backend/address.h"
#include "backend/connection.h"
#include "backend/limits.h"

namespace insitu {

struct Accepted {
  int socket;
  Connection::Clock::time_point at;
  IpAddress peer;
};

// Add() is called by the thread that accepts; the rest by the thread that owns the pool.
class WorkerPool {
 public:
  // On one of the pool's threads. Closes the socket; must not throw.
  using Serve = std::function<void(const Accepted&)>;

  WorkerPool(const TransportLimits& limits, ServerState* state, Serve serve);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;  // its threads point to it
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Takes ownership of an accepted socket. It is closed at once, unread, beyond max_connections
  // in all or max_connections_per_address from one AddressGroup(): then it returns false.
  bool Add(int socket);

  // Lets connections end as ServerState.stopping says, then joins all threads.
  void Stop();

 private:
  void Work();

  const TransportLimits& limits_;
  ServerState* const state_;
  const Serve serve_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Accepted> queue_;
  size_t connections_ = 0;  // queued and served
  std::unordered_map<std::string, size_t> by_group_;
  bool stopped_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace insitu
