// A transport for tests that serves on a free port for as long as it lives.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/transport.h"

namespace insitu {

// A whole request for "/".
inline constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A deadline for tests, and one that is late only if something hangs.
inline constexpr std::chrono::milliseconds kShort{300};
inline constexpr std::chrono::milliseconds kLong{8'000};

// Answers every request with its method and path: "GET /".
Response Hello(const Request& request);

class Served {
 public:
  explicit Served(const TransportLimits& limits = {}, Handler handler = Hello);
  Served(Handler handler, TransportOptions options);
  ~Served();
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  int port() const { return transport_.port(); }
  std::vector<std::string> errors();  // what went to the error log so far
  bool Stop();                        // what Serve() returned

 private:
  std::mutex mutex_;
  std::vector<std::string> errors_;
  Transport transport_;
  std::thread thread_;
  bool ended_well_ = false;
};

}  // namespace insitu
