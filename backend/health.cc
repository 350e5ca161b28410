#include "backend/health.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "backend/descriptor.h"

namespace insitu {
namespace {

constexpr int kPatienceSeconds = 2;
constexpr std::string_view kQuestion =
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::string_view kGood = "HTTP/1.1 200 ";

// A socket that is connected to the server, or none. A server that listens everywhere is asked at
// loopback.
int Connect(const Config& config) {
  const bool v6 = config.address.find(':') != std::string::npos;
  sockaddr_in v4_address{};
  sockaddr_in6 v6_address{};
  v4_address.sin_family = AF_INET;
  v6_address.sin6_family = AF_INET6;
  v4_address.sin_port = v6_address.sin6_port = htons(static_cast<uint16_t>(config.port));
  const char* text = config.address.c_str();
  if (config.address == "0.0.0.0") text = "127.0.0.1";
  if (config.address == "::") text = "::1";
  ::inet_pton(AF_INET, text, &v4_address.sin_addr);
  ::inet_pton(AF_INET6, text, &v6_address.sin6_addr);
  const auto* address = v6 ? reinterpret_cast<const sockaddr*>(&v6_address)
                           : reinterpret_cast<const sockaddr*>(&v4_address);
  const socklen_t length = v6 ? sizeof(v6_address) : sizeof(v4_address);
  Descriptor socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return -1;
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  return ::connect(socket.number(), address, length) == 0 ? socket.Release() : -1;
}

}  // namespace

bool IsHealthy(const Config& config) {
  const Descriptor socket(Connect(config));
  if (!socket.open()) return false;
  bool healthy = !config.certificate.empty();
  if (!healthy) {
    std::array<char, kGood.size()> answer;
    healthy = ::send(socket.number(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) > 0 &&
              ::recv(socket.number(), answer.data(), answer.size(), MSG_WAITALL) ==
                  static_cast<ssize_t>(answer.size()) &&
              std::string_view(answer.data(), answer.size()) == kGood;
  }
  return healthy;
}

}  // namespace insitu
