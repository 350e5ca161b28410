#include "backend/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace insitu {
namespace {

using std::chrono::milliseconds;

// How often a waiting connection looks at the state of the server.
constexpr milliseconds kLookInterval{100};

constexpr size_t kReceiveBytes = 4'096;

}  // namespace

Connection::Connection(int socket, Clock::time_point accepted, const TransportLimits& limits,
                       const ServerState& state)
    : socket_(socket),
      limits_(limits),
      state_(state),
      head_deadline_(accepted + limits.request_head_time),
      reply_deadline_(accepted + limits.reply_time) {}

Connection::~Connection() { ::close(socket_); }

Connection::Clock::time_point Connection::NoLaterThanStop(Clock::time_point deadline) {
  if (state_.stopping && !stop_deadline_) stop_deadline_ = Clock::now() + limits_.stop_time;
  return std::min(deadline, stop_deadline_.value_or(deadline));
}

Connection::Wait Connection::WaitFor(short event, Clock::time_point deadline, bool idle) {
  const Clock::time_point patient_until = Clock::now() + limits_.idle_time_under_load;
  while (true) {
    if (idle && state_.stopping) return Wait::kGiveWay;
    // What has already arrived is taken even when the wait for a thread used up all the time.
    const auto left = std::chrono::ceil<milliseconds>(NoLaterThanStop(deadline) - Clock::now());
    const milliseconds time = std::clamp(left, milliseconds{0}, kLookInterval);
    pollfd waited{.fd = socket_, .events = event, .revents = 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(time.count()));
    if (ready > 0) return Wait::kReady;
    if (ready < 0 && errno != EINTR) return Wait::kTimedOut;
    const Clock::time_point now = Clock::now();
    if (now >= NoLaterThanStop(deadline)) return Wait::kTimedOut;
    if (idle && state_.queued > 0 && now >= patient_until) return Wait::kGiveWay;
  }
}

bool Connection::Receive() {
  std::array<char, kReceiveBytes> bytes;
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count > 0) received_.append(bytes.data(), static_cast<size_t>(count));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

std::variant<std::string, Refusal, Connection::Ended> Connection::ReadHead() {
  last_head_.clear();
  if (used_) {
    const auto time = received_.empty() ? limits_.idle_time : limits_.request_head_time;
    head_deadline_ = Clock::now() + time;
  }
  while (true) {
    size_t length = 0;
    const HeadState head = FindHeadEnd(received_, &length);
    if (head == HeadState::kComplete) {
      last_head_ = received_.substr(0, length);
      received_.erase(0, length);
      used_ = true;
      return last_head_;
    }
    last_head_ = received_;
    if (head == HeadState::kMalformed) return Refusal{400};
    if (head == HeadState::kTooLong) return RefuseLongHead(received_);
    const bool idle = received_.empty();
    const Wait wait = WaitFor(POLLIN, head_deadline_, idle);
    if (wait != Wait::kReady && idle) return Ended{};
    if (wait != Wait::kReady) return Refusal{408};
    if (!Receive()) return Ended{};
    if (used_ && idle) head_deadline_ = Clock::now() + limits_.request_head_time;
  }
}

void Connection::BeginReply(size_t body_bytes) {
  reply_deadline_ =
      Clock::now() + limits_.reply_time + std::chrono::seconds(body_bytes / limits_.slowest_reader);
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      // A steady reader never makes send() wait: the deadline is looked at here too.
      if (Clock::now() >= NoLaterThanStop(reply_deadline_)) return bytes.empty();
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return false;
    if (WaitFor(POLLOUT, reply_deadline_, /*idle=*/false) != Wait::kReady) return false;
  }
  return true;
}

void Connection::Linger() {
  ::shutdown(socket_, SHUT_WR);
  const Clock::time_point deadline = Clock::now() + limits_.linger_time;
  size_t thrown_away = 0;
  while (thrown_away < limits_.max_linger_bytes) {
    received_.clear();
    if (WaitFor(POLLIN, deadline, /*idle=*/false) != Wait::kReady || !Receive()) return;
    thrown_away += received_.size();
  }
}

}  // namespace insitu
