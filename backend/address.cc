#include "backend/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace insitu {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;
constexpr size_t kV4Start = 12;  // of the bytes of an IPv6 address
constexpr std::array<uint8_t, kV4Start> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool IsTrusted(const IpAddress& address, const std::vector<AddressRange>& trusted) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const AddressRange& range) { return range.Contains(address); });
}

}  // namespace

IpAddress IpAddress::OfBytes(const uint8_t* v6) {
  IpAddress address;
  std::copy_n(v6, address.bytes_.size(), address.bytes_.begin());
  address.v4_ = std::equal(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string digits(text);
  std::array<uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, digits.c_str(), bytes.data()) == 1) return OfBytes(bytes.data());
  std::copy(kMapped.begin(), kMapped.end(), bytes.begin());
  if (::inet_pton(AF_INET, digits.c_str(), &bytes[kV4Start]) == 1) return OfBytes(bytes.data());
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::OfPeer(int socket) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return std::nullopt;
  if (peer.ss_family == AF_INET6) {
    return OfBytes(reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr.s6_addr);
  }
  if (peer.ss_family != AF_INET) return std::nullopt;
  std::array<uint8_t, 16> bytes{};
  std::copy(kMapped.begin(), kMapped.end(), bytes.begin());
  std::memcpy(&bytes[kV4Start], &reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr, 4);
  return OfBytes(bytes.data());
}

std::string IpAddress::ToText() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = v4_ ? &bytes_[kV4Start] : bytes_.data();
  ::inet_ntop(v4_ ? AF_INET : AF_INET6, bytes, text.data(), text.size());
  return text.data();
}

bool IpAddress::IsLoopback() const {
  if (v4_) return bytes_[kV4Start] == 127;
  IpAddress one;
  one.bytes_.back() = 1;
  return *this == one;
}

IpAddress IpAddress::Prefix(int v4_bits, int v6_bits) const {
  IpAddress prefix = *this;
  int left = v4_ ? v4_bits + (kV6Bits - kV4Bits) : v6_bits;
  for (uint8_t& byte : prefix.bytes_) {
    const int kept = std::clamp(left, 0, 8);
    byte = static_cast<uint8_t>(byte & (0xFF00 >> kept));
    left -= 8;
  }
  return prefix;
}

std::string AddressGroup(const IpAddress& address) {
  constexpr int kNetworkBits = 64;
  return address.Prefix(kV4Bits, kNetworkBits).ToText();
}

std::string TruncatedAddress(std::string_view address) {
  constexpr int kLoggedV4Bits = 24;
  constexpr int kLoggedV6Bits = 48;
  const auto parsed = IpAddress::Parse(address);
  return parsed ? parsed->Prefix(kLoggedV4Bits, kLoggedV6Bits).ToText() : std::string();
}

std::optional<AddressRange> AddressRange::Parse(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const int most = v4 ? kV4Bits : kV6Bits;
  int bits = most;
  if (slash < text.size()) {
    const char* end = text.data() + text.size();
    const auto [parsed, fault] = std::from_chars(text.data() + slash + 1, end, bits);
    if (fault != std::errc() || parsed != end || bits < 0 || bits > most) return std::nullopt;
  }
  // Bits beyond the prefix are a slip of the pen: 10.0.0.1/8.
  const AddressRange range(*address, v4 ? bits : bits - (kV6Bits - kV4Bits), bits);
  if (!(address->Prefix(range.v4_bits_, range.v6_bits_) == *address)) return std::nullopt;
  return range;
}

bool AddressRange::Contains(const IpAddress& address) const {
  return address.Prefix(v4_bits_, v6_bits_) == first_;
}

IpAddress ClientAddress(const IpAddress& peer, std::string_view forwarded_for,
                        const std::vector<AddressRange>& trusted) {
  IpAddress client = peer;
  while (IsTrusted(client, trusted) && !forwarded_for.empty()) {
    const size_t comma = forwarded_for.rfind(',');
    const size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    const auto said = IpAddress::Parse(Trim(forwarded_for.substr(start)));
    if (!said) break;
    client = *said;
    forwarded_for = forwarded_for.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  return client;
}

}  // namespace insitu
