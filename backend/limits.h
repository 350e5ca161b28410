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

// The configuration file.
inline constexpr size_t kMaxConfigBytes = 65'536;

// The head of a request: the target of its first line, all of it, and its number of header lines.
inline constexpr size_t kMaxRequestTargetBytes = 2'048;
inline constexpr size_t kMaxRequestHeadBytes = 16'384;
inline constexpr size_t kMaxRequestHeaders = 100;

// The body of a request with JSON, how deep its objects and arrays may nest, and how many
// parameters a query may have.
inline constexpr uint64_t kMaxJsonBytes = 16'384;
inline constexpr int kMaxJsonDepth = 16;
inline constexpr size_t kMaxQueryParameters = 16;

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

// A body must be whole within this time, and one second more for each kSlowestWriter bytes of it,
// from when it is first read.
inline constexpr std::chrono::milliseconds kRequestBodyTime{10'000};
inline constexpr size_t kSlowestWriter = 50'000;

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

// Accounts. The key file; what a stored password hash may ask for, so that a changed database
// cannot take all memory; and how many hashes wait for a core: at 40 ms each they are through in
// under a second, and leave half of the workers to other requests.
inline constexpr size_t kMaxKeyFileBytes = 16'384;
inline constexpr uint32_t kMaxHashMemoryKib = uint32_t{1} << 20;
inline constexpr uint32_t kMaxHashPasses = 16;
inline constexpr uint32_t kMaxHashLanes = 16;
// With those that wait three quarters of the workers: a flood of sign-ins leaves the others.
inline constexpr size_t kMaxHashesAtOnce = 16;
inline constexpr size_t kMaxWaitingHashes = 32;

// What people keep: the bytes of a record, and as the JSON that brings them; objects on one page.
inline constexpr size_t kMaxRecordBytes = 65'536;
inline constexpr uint64_t kMaxRecordJsonBytes = 98'304;
inline constexpr int64_t kMaxObjectsPerPage = 50;

// A user's name, without the blanks around it.
inline constexpr size_t kMaxUsernameBytes = 64;

// Passwords: code points at least, with a second factor and without; bytes at most.
inline constexpr size_t kMinPasswordCharacters = 15;
inline constexpr size_t kMinPasswordWithSecondFactor = 8;
inline constexpr size_t kMaxPasswordBytes = 256;

// How often ended sessions, used tickets and deleted bodies are swept away.
inline constexpr std::chrono::minutes kSweepInterval{5};

// Attempts to sign in. After so many failures in a row an account (or one known device of it)
// waits, twice as long each time but never longer than the last; failures are forgotten a while
// after the last. An address and all addresses together have so many failures a minute, and may
// save up as many.
inline constexpr int kFreeFailures = 5;
inline constexpr std::chrono::seconds kFirstWait{1};
inline constexpr std::chrono::seconds kLongestWait{15 * 60};
inline constexpr std::chrono::hours kFailuresForgottenAfter{24};
inline constexpr int kFailuresPerAddressAndMinute = 20;
inline constexpr int kFailuresInAllPerMinute = 1'200;
inline constexpr size_t kMaxRememberedFailures = 65'536;

// How long a browser that signed in is known, and how many accounts it is known for.
inline constexpr std::chrono::hours kKnownDeviceTime{180 * 24};
inline constexpr size_t kMaxKnownAccounts = 5;

// The limits that a test sets otherwise.
struct TransportLimits {
  size_t workers = kWorkers;
  size_t max_connections = kMaxConnections;
  size_t max_connections_per_address = kMaxConnectionsPerAddress;  // 0: no limit, behind a proxy
  int max_requests_per_connection = kMaxRequestsPerConnection;
  std::chrono::milliseconds request_head_time = kRequestHeadTime;
  std::chrono::milliseconds request_body_time = kRequestBodyTime;
  size_t slowest_writer = kSlowestWriter;
  std::chrono::milliseconds idle_time = kIdleTime;
  std::chrono::milliseconds idle_time_under_load = kIdleTimeUnderLoad;
  std::chrono::milliseconds reply_time = kReplyTime;
  size_t slowest_reader = kSlowestReader;
  std::chrono::milliseconds stop_time = kStopTime;
  std::chrono::milliseconds linger_time = kLingerTime;
  size_t max_linger_bytes = kMaxLingerBytes;
};

struct ThrottleLimits {
  int failures_per_address_and_minute = kFailuresPerAddressAndMinute;  // 0: no limit
  int failures_in_all_per_minute = kFailuresInAllPerMinute;
  size_t max_remembered = kMaxRememberedFailures;
};

struct SiteLimits {
  size_t max_bytes = kMaxSiteBytes;
  size_t max_files = kMaxSiteFiles;
};

}  // namespace insitu
