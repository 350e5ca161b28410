// One accepted connection: bytes in and out, each wait with a deadline, so that a slow client
// costs a thread for a bounded time.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "backend/byte_stream.h"
#include "backend/limits.h"
#include "backend/request_head.h"

namespace insitu {

// What every connection looks at while it waits.
struct ServerState {
  std::atomic<bool> stopping{false};  // idle connections end, replies have kStopTime left
  std::atomic<size_t> queued{0};      // connections that wait for a thread
};

// Used by one thread. Owns the socket.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(int socket, std::unique_ptr<ByteStream> stream, Clock::time_point accepted,
             const TransportLimits& limits, const ServerState& state);
  ~Connection();
  Connection(const Connection&) = delete;  // owns a socket: pass a pointer
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }

  // The connection is over: the client left, or was idle too long, or the server stops.
  struct Ended {};

  // Waits for the next request and returns its head, whole and with its empty line; or why it is
  // refused (408 when it took too long). Bytes after the head stay for the next call.
  std::variant<std::string, Refusal, Ended> ReadHead();

  // The bytes of the head that ReadHead() returned or refused, as far as they came.
  std::string_view last_head() const { return last_head_; }

  // Copies the next bytes of the body that follows the head to `out`, as many as there are by then,
  // but at least one. Ended if the client left, 408 if the deadline passed.
  std::variant<size_t, Refusal, Ended> ReadBody(std::span<char> out, Clock::time_point deadline);

  // True if something has arrived that was not yet returned.
  bool has_received() const { return !received_.empty() || stream_->HasUnread(); }

  // Sets the deadline of the reply that is written next, from the size of its body.
  void BeginReply(size_t body_bytes);

  // Writes all bytes; false if the client left, took too long or the server's stop time is over.
  bool Write(std::string_view bytes);

  // Ends the connection after a reply without losing it: says so to the client, and throws away
  // what it still sends for at most kLingerTime and kMaxLingerBytes.
  void Linger();

 private:
  enum class Outcome { kDone, kTimedOut, kGiveWay, kEnded };

  // An idle wait gives way to a stop, and to connections that wait for a thread.
  Outcome WaitFor(short event, Clock::time_point deadline, bool idle);
  Clock::time_point NoLaterThanStop(Clock::time_point deadline);
  // Waits for bytes and reads what is there, at least one.
  Outcome ReadSome(std::span<char> out, Clock::time_point deadline, bool idle, size_t* count);
  Outcome Receive(Clock::time_point deadline, bool idle);  // into received_

  const int socket_;
  const std::unique_ptr<ByteStream> stream_;
  const TransportLimits& limits_;
  const ServerState& state_;
  std::string received_;  // not yet returned by ReadHead() or ReadBody()
  std::string last_head_;
  bool used_ = false;  // a head has been read
  Clock::time_point head_deadline_;
  Clock::time_point reply_deadline_;
  std::optional<Clock::time_point> stop_deadline_;
};

}  // namespace insitu
