// The command line of insitu-server.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct Config {
  std::filesystem::path site;
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address in digits
  int port = 8080;                    // 0: any free one
  bool behind_proxy = false;
  bool help = false;  // then nothing else is checked
};

// What --help prints.
std::string Usage();

// Reads the arguments after the program's name. Refuses an unknown flag, one given twice, one
// without its value, a port or an address that is none, no --site, and an address off loopback
// without --behind-proxy.
Result<Config> ParseArguments(const std::vector<std::string>& arguments);

// True for 127.0.0.0/8 and ::1.
bool IsLoopback(const std::string& address);

// "http://127.0.0.1:8080", "http://[::1]:8080".
std::string AddressInBrowser(const std::string& address, int port);

}  // namespace insitu
