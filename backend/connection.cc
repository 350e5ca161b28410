#include "backend/connection.h"

#include <poll.h>
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

Connection::Connection(int socket, std::unique_ptr<ByteStream> stream, Clock::time_point accepted,
                       const TransportLimits& limits, const ServerState& state)
    : socket_(socket),
      stream_(std::move(stream)),
      limits_(limits),
      state_(state),
      head_deadline_(accepted + limits.request_head_time),
      reply_deadline_(accepted + limits.reply_time) {}

Connection::~Connection() { ::close(socket_); }

Connection::Clock::time_point Connection::NoLaterThanStop(Clock::time_point deadline) {
  if (state_.stopping && !stop_deadline_) stop_deadline_ = Clock::now() + limits_.stop_time;
  return std::min(deadline, stop_deadline_.value_or(deadline));
}

Connection::Outcome Connection::WaitFor(short event, Clock::time_point deadline, bool idle) {
  const Clock::time_point patient_until = Clock::now() + limits_.idle_time_under_load;
  while (true) {
    if (idle && state_.stopping) return Outcome::kGiveWay;
    // What has already arrived is taken even when the wait for a thread used up all the time.
    const auto left = std::chrono::ceil<milliseconds>(NoLaterThanStop(deadline) - Clock::now());
    const milliseconds time = std::clamp(left, milliseconds{0}, kLookInterval);
    pollfd waited{.fd = socket_, .events = event, .revents = 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(time.count()));
    if (ready > 0) return Outcome::kDone;
    if (ready < 0 && errno != EINTR) return Outcome::kTimedOut;
    const Clock::time_point now = Clock::now();
    if (now >= NoLaterThanStop(deadline)) return Outcome::kTimedOut;
    if (idle && state_.queued > 0 && now >= patient_until) return Outcome::kGiveWay;
  }
}

Connection::Outcome Connection::ReadSome(std::span<char> out, Clock::time_point deadline, bool idle,
                                         size_t* count) {
  Transfer transfer{.wait_for = POLLIN};
  if (stream_->HasUnread()) transfer = stream_->Read(out);
  while (transfer.bytes == 0) {
    if (transfer.ended) return Outcome::kEnded;
    const Outcome wait = WaitFor(transfer.wait_for, deadline, idle);
    if (wait != Outcome::kDone) return wait;
    transfer = stream_->Read(out);
    // TLS can take many reads before the first byte: the deadline is looked at here too.
    if (transfer.bytes == 0 && Clock::now() >= NoLaterThanStop(deadline)) return Outcome::kTimedOut;
  }
  *count = transfer.bytes;
  return Outcome::kDone;
}

Connection::Outcome Connection::Receive(Clock::time_point deadline, bool idle) {
  std::array<char, kReceiveBytes> bytes;
  size_t count = 0;
  const Outcome outcome = ReadSome(bytes, deadline, idle, &count);
  received_.append(bytes.data(), count);
  return outcome;
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
    const Outcome outcome = Receive(head_deadline_, idle);
    if (outcome == Outcome::kEnded || (outcome != Outcome::kDone && idle)) return Ended{};
    if (outcome != Outcome::kDone) return Refusal{408};
    if (used_ && idle) head_deadline_ = Clock::now() + limits_.request_head_time;
  }
}

std::variant<size_t, Refusal, Connection::Ended> Connection::ReadBody(std::span<char> out,
                                                                      Clock::time_point deadline) {
  size_t count = std::min(out.size(), received_.size());
  if (count > 0) {
    std::copy_n(received_.begin(), count, out.begin());
    received_.erase(0, count);
    return count;
  }
  const Outcome outcome = ReadSome(out, deadline, /*idle=*/false, &count);
  if (outcome == Outcome::kEnded) return Ended{};
  // A steady trickle never makes a wait time out: the deadline is looked at here too.
  if (outcome != Outcome::kDone || Clock::now() >= NoLaterThanStop(deadline)) return Refusal{408};
  return count;
}

void Connection::BeginReply(size_t body_bytes) {
  reply_deadline_ =
      Clock::now() + limits_.reply_time + std::chrono::seconds(body_bytes / limits_.slowest_reader);
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const Transfer sent = stream_->Write(bytes);
    if (sent.ended) return false;
    if (sent.bytes > 0) {
      bytes.remove_prefix(sent.bytes);
      // A steady reader never makes a write wait: the deadline is looked at here too.
      if (Clock::now() >= NoLaterThanStop(reply_deadline_)) return bytes.empty();
      continue;
    }
    if (WaitFor(sent.wait_for, reply_deadline_, /*idle=*/false) != Outcome::kDone) return false;
  }
  return true;
}

void Connection::Linger() {
  stream_->EndWriting();
  const Clock::time_point deadline = Clock::now() + limits_.linger_time;
  size_t thrown_away = 0;
  while (thrown_away < limits_.max_linger_bytes) {
    received_.clear();
    if (Receive(deadline, /*idle=*/false) != Outcome::kDone) return;
    thrown_away += received_.size();
  }
}

}  // namespace insitu
