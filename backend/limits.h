// Every limit of the server by name. Each that the server itself keeps has a test on both sides.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace insitu {

// The site that is held in memory: all its files together with their brotli forms, and how many
// names. A model may have 256 MiB (kMaxModelBytes of shared/limits.h); two of them fit.
inline constexpr size_t kMaxSiteBytes = size_t{640} << 20;
inline constexpr size_t kMaxSiteFiles = 4'096;

// The head of a request: the target of its first line, all of it, and its number of header lines.
inline constexpr size_t kMaxRequestTargetBytes = 2'048;
inline constexpr size_t kMaxRequestHeadBytes = 16'384;
inline constexpr size_t kMaxRequestHeaders = 100;

// No route takes a body yet: a request that announces more is answered 413, and its connection
// ends with the body unread.
inline constexpr uint64_t kMaxRequestBodyBytes = 0;

// Connections: served at once (one thread each), in all with those that wait for a thread, and
// from one address. A browser opens six.
inline constexpr size_t kWorkers = 64;
inline constexpr size_t kMaxConnections = 256;
inline constexpr size_t kMaxConnectionsPerAddress = 32;

// Requests on one connection before it is closed.
inline constexpr int kMaxRequestsPerConnection = 1'000;

// A head must be whole within this time from the accept, or from its first byte on a connection
// that has been used before; so a client that sends a byte now and then cannot hold a thread.
inline constexpr std::chrono::milliseconds kRequestHeadTime{5'000};

// How long a connection may stay open between two requests, and how soon it gives way when other
// connections wait for a thread.
inline constexpr std::chrono::milliseconds kIdleTime{5'000};
inline constexpr std::chrono::milliseconds kIdleTimeUnderLoad{500};

// A reply must be taken within this time and one second more for each kSlowestReader bytes of it.
inline constexpr std::chrono::milliseconds kReplyTime{10'000};
inline constexpr size_t kSlowestReader = 50'000;

// After a stop is asked for, replies under way have this time to end.
inline constexpr std::chrono::milliseconds kStopTime{10'000};

// After a reply that ends a connection, what the client still sends is thrown away for at most
// this time and this many bytes, so that the reply is not lost to a TCP reset.
inline constexpr std::chrono::milliseconds kLingerTime{1'000};
inline constexpr size_t kMaxLingerBytes = size_t{1} << 20;

// Connections that the kernel holds until the server accepts them.
inline constexpr int kListenBacklog = 128;

// Objects that one person keeps, those under way included, whatever the quota says.
inline constexpr int64_t kMaxObjectsPerUser = 20'000;

// The limits that a test sets otherwise.
struct TransportLimits {
  size_t workers = kWorkers;
  size_t max_connections = kMaxConnections;
  size_t max_connections_per_address = kMaxConnectionsPerAddress;  // 0: no limit, behind a proxy
  int max_requests_per_connection = kMaxRequestsPerConnection;
  std::chrono::milliseconds request_head_time = kRequestHeadTime;
  std::chrono::milliseconds idle_time = kIdleTime;
  std::chrono::milliseconds idle_time_under_load = kIdleTimeUnderLoad;
  std::chrono::milliseconds reply_time = kReplyTime;
  size_t slowest_reader = kSlowestReader;
  std::chrono::milliseconds stop_time = kStopTime;
  std::chrono::milliseconds linger_time = kLingerTime;
  size_t max_linger_bytes = kMaxLingerBytes;
};

struct SiteLimits {
  size_t max_bytes = kMaxSiteBytes;
  size_t max_files = kMaxSiteFiles;
};

}  // namespace insitu
