#include "backend/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kMaxPort = 65'535;

constexpr auto kFlags =
    std::to_array<std::string_view>({"--site", "--host", "--port", "--behind-proxy", "--help"});

Error Refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Error RefuseUnknown(const std::string& argument) {
  std::string known;
  for (std::string_view flag : kFlags) known += StrCat(known.empty() ? "" : ", ", flag);
  return Refuse(StrCat("Unknown argument ", argument, ". The flags are ", known, "."));
}

bool IsAddress(const std::string& address) {
  in6_addr bytes;
  return ::inet_pton(AF_INET, address.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), &bytes) == 1;
}

Status ReadValue(const std::string& flag, const std::string& value, Config* config) {
  if (flag == "--site") {
    config->site = value;
  } else if (flag == "--host") {
    // Not looked up: what the name means must not depend on a resolver.
    config->address = value == "localhost" ? "127.0.0.1" : value;
    if (!IsAddress(config->address)) {
      return Refuse(StrCat("--host ", value, " is not an IP address. Give one like 127.0.0.1."));
    }
  } else {
    const char* end = value.data() + value.size();
    const auto [parsed, fault] = std::from_chars(value.data(), end, config->port);
    if (fault != std::errc() || parsed != end || config->port < 0 || config->port > kMaxPort) {
      return Refuse(StrCat("--port ", value, " is not a port. Give a number up to ", kMaxPort,
                           ", 0 for any free one."));
    }
  }
  return {};
}

}  // namespace

std::string Usage() {
  return "insitu-server: serves the built InSitu site from memory.\n"
         "\n"
         "  insitu-server --site FOLDER [--host ADDRESS] [--port NUMBER] [--behind-proxy]\n"
         "\n"
         "  --site FOLDER    the built site, for instance build/site; it is read once, so\n"
         "                   a changed file is served after a restart\n"
         "  --host ADDRESS   IP address to listen on, or localhost; 127.0.0.1 if not given\n"
         "  --port NUMBER    TCP port, 0 for any free one; 8080 if not given\n"
         "  --behind-proxy   a proxy with TLS stands in front; needed off loopback, since the\n"
         "                   server itself speaks plain HTTP\n"
         "  --help           prints this\n"
         "\n"
         "It keeps no access log. Ctrl+C or SIGTERM stops it; replies under way are finished.\n";
}

Result<Config> ParseArguments(const std::vector<std::string>& arguments) {
  Config config;
  std::vector<std::string> seen;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    if (std::find(kFlags.begin(), kFlags.end(), flag) == kFlags.end()) return RefuseUnknown(flag);
    if (flag == "--help") {
      config.help = true;
      return config;
    }
    if (std::find(seen.begin(), seen.end(), flag) != seen.end()) {
      return Refuse(StrCat(flag, " is given twice. Give it once."));
    }
    seen.push_back(flag);
    if (flag == "--behind-proxy") {
      config.behind_proxy = true;
      continue;
    }
    if (i + 1 == arguments.size()) return Refuse(StrCat(flag, " needs a value after it."));
    RETURN_IF_ERROR(ReadValue(flag, arguments[++i], &config));
  }
  if (config.site.empty()) {
    return Refuse("The folder of the built site is not given. Add it: --site build/site.");
  }
  if (!config.behind_proxy && !IsLoopback(config.address)) {
    constexpr char kWhy[] =
        "This server speaks plain HTTP, which anyone between it and the browser can read and "
        "change, so on ";
    return Refuse(StrCat(kWhy, config.address,
                         " it starts only with --behind-proxy, behind a proxy that adds TLS."));
  }
  return config;
}

bool IsLoopback(const std::string& address) {
  in_addr v4;
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string AddressInBrowser(const std::string& address, int port) {
  const bool v6 = address.find(':') != std::string::npos;
  return StrCat("http://", v6 ? "[" : "", address, v6 ? "]" : "", ":", port);
}

}  // namespace insitu
