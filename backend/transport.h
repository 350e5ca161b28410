// HTTP/1.1 over TCP. The only user of cpp-httplib is transport.cc: it accepts, frames replies and
// writes them; what it would read, the gate of request_head.h reads before it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/address.h"
#include "backend/byte_stream.h"
#include "backend/http.h"
#include "backend/limits.h"
#include "shared/result.h"

namespace insitu {

// One reply that was sent, or whose client did not take it.
struct Answered {
  const Request* request;  // null: refused before it was one
  const Response* reply;
  const IpAddress* peer;
  std::chrono::nanoseconds time;  // from the whole head to the last byte of the reply
};

struct TransportOptions {
  TransportLimits limits = {};
  std::vector<AddressRange> trusted_proxies = {};  // whose X-Forwarded-For and -Proto are believed
  // Makes the stream of an accepted socket; none: TCP as it is.
  std::function<std::unique_ptr<ByteStream>(int socket)> make_stream = {};
  bool tls = false;                                     // make_stream's is TLS
  std::function<void(const Answered&)> on_answer = {};  // on the worker threads, many at once
  std::function<void()> on_refused = {};                // a connection beyond the limits
};

class Transport {
 public:
  // The handler is called on the worker threads, many at once. An exception of it becomes a 500
  // reply and one sentence to the error log.
  Transport(Handler handler, ErrorLog error_log, TransportOptions options = {});
  ~Transport();
  Transport(const Transport&) = delete;  // its threads point to it
  Transport& operator=(const Transport&) = delete;

  // Listens on an IP address; port 0 picks a free one. Fails with one sentence if the port is
  // taken or the address is not this machine's.
  Status Bind(const std::string& address, int port);
  int port() const;

  // Serves until Stop(); false if it ended for another reason. To be called once, after Bind().
  bool Serve();

  // Ends Serve(): no new connections, idle ones are closed, replies under way have stop_time.
  // From any thread, before, during or after Serve(); not from a signal handler.
  void Stop();

 private:
  class HttpServer;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace insitu
