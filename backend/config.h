// What insitu-server is told: its command line, over its configuration file (config_file.h), over
// defaults that are safe: loopback, nobody can register, nothing is stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "backend/address.h"
#include "backend/limits.h"
#include "shared/result.h"

namespace insitu {

// What the program is to do; the first word of its arguments.
enum class Command { kServe, kCheckConfig, kHealth };
enum class Registration { kClosed, kInvitation, kOpen };
enum class StorageMode { kOff, kEndToEnd, kServer };

struct Config {
  std::filesystem::path site;         // empty: the API alone
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address in digits
  int port = 8080;                    // 0: any free one
  bool behind_proxy = false;
  std::vector<AddressRange> trusted_proxies;  // with behind_proxy; loopback if none are named
  std::vector<std::string> origins;           // as browsers write them; none: what Host says
  std::filesystem::path certificate;          // of TLS, PEM with its chain; empty: plain HTTP
  std::filesystem::path certificate_key;
  std::string metrics_address = "127.0.0.1";
  int metrics_port = -1;               // -1: no metrics
  std::chrono::seconds drain_time{0};  // from "not ready" to the end of accepting
  std::filesystem::path data;          // folder of accounts and what they keep; empty: neither
  std::filesystem::path key_file;      // empty: DefaultKeyFile(data)
  Registration registration = Registration::kClosed;
  int failures_per_address_and_minute = kFailuresPerAddressAndMinute;  // sign-ins; 0: no limit
  StorageMode storage = StorageMode::kOff;
  uint64_t max_object_bytes = uint64_t{64} << 20;
  uint64_t quota_bytes = uint64_t{1} << 30;  // of each user
  std::chrono::seconds session_idle{30 * 60};
  std::chrono::seconds session_absolute{12 * 3'600};

  bool help = false;  // then nothing else is checked
  Command command = Command::kServe;
};

// What --help prints.
std::string Usage();

// Reads the arguments after the program's name, and the file that --config names. Refuses an
// unknown flag, one given twice, one without its value, a port or an address that is none, neither
// a site nor a data folder, and an address off loopback with neither TLS nor --behind-proxy.
Result<Config> ParseArguments(const std::vector<std::string>& arguments);

// Takes an address in digits, or localhost, which is not looked up: what it means must not depend
// on a resolver. `what` is the flag or key that has it.
Result<std::string> ParseListenAddress(std::string_view what, const std::string& value);

inline constexpr int kMaxPort = 65'535;

// keys/server.key in the data folder, which is made at the first start.
std::filesystem::path DefaultKeyFile(const std::filesystem::path& data);

// True for 127.0.0.0/8 and ::1.
bool IsLoopback(const std::string& address);

// "http://127.0.0.1:8080", "https://[::1]:8080".
std::string AddressInBrowser(const std::string& address, int port, bool tls);

}  // namespace insitu
