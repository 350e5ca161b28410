// IP addresses of clients and of the proxies that speak for them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace insitu {

// An IPv4 or IPv6 address; an IPv4 one within IPv6 (::ffff:192.0.2.1) is the IPv4 one.
class IpAddress {
 public:
  static std::optional<IpAddress> Parse(std::string_view text);  // in digits, without a port
  static std::optional<IpAddress> OfPeer(int socket);            // nothing if the peer has left

  std::string ToText() const;
  bool IsLoopback() const;  // 127.0.0.0/8 and ::1

  // The address with all but its first bits zero: how many, for either kind.
  IpAddress Prefix(int v4_bits, int v6_bits) const;

  bool operator==(const IpAddress&) const = default;

 private:
  static IpAddress OfBytes(const uint8_t* v6);  // 16 of them

  // As IPv6, the IPv4 ones within it.
  std::array<uint8_t, 16> bytes_{};
  bool v4_ = false;
};

// What one household, or one firm, may share: an IPv4 address, the first 64 bits of an IPv6 one.
std::string AddressGroup(const IpAddress& address);

// What a log may keep: "192.0.2.0" of 192.0.2.77, "2001:db8:1::" of an IPv6 address in that /48;
// empty for what is no address.
std::string TruncatedAddress(std::string_view address);

// "192.0.2.1", "10.0.0.0/8", "2001:db8::/32".
class AddressRange {
 public:
  static std::optional<AddressRange> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const;

 private:
  AddressRange(IpAddress first, int v4_bits, int v6_bits)
      : first_(first), v4_bits_(v4_bits), v6_bits_(v6_bits) {}

  IpAddress first_;
  int v4_bits_;
  int v6_bits_;
};

// The client behind trusted proxies: the last address of X-Forwarded-For that is not a proxy's.
// The peer itself if it is not a trusted proxy, or if what it says is no address.
IpAddress ClientAddress(const IpAddress& peer, std::string_view forwarded_for,
                        const std::vector<AddressRange>& trusted);

}  // namespace insitu
