#include "backend/address.h"

#include <catch_amalgamated.hpp>
#include <string>

namespace insitu {
namespace {

IpAddress At(const std::string& text) {
  const auto address = IpAddress::Parse(text);
  if (!address) FAIL(text);
  return *address;
}

std::vector<AddressRange> Ranges(const std::vector<std::string>& texts) {
  std::vector<AddressRange> ranges;
  for (const std::string& text : texts) {
    const auto range = AddressRange::Parse(text);
    if (!range) FAIL(text);
    ranges.push_back(*range);
  }
  return ranges;
}

TEST_CASE("An address is read and written", "[address]") {
  CHECK(At("192.0.2.1").ToText() == "192.0.2.1");
  CHECK(At("2001:DB8::0:1").ToText() == "2001:db8::1");
  CHECK(At("::ffff:192.0.2.1").ToText() == "192.0.2.1");
  CHECK(At("::ffff:192.0.2.1") == At("192.0.2.1"));
  for (const char* text :
       {"", "192.0.2", "192.0.2.1:80", "[::1]", "localhost", "1.2.3.4 ", "192.0.2.01", "::g"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::Parse(text).has_value());
  }
}

TEST_CASE("Which addresses are this machine's alone", "[address]") {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    CHECK(At(text).IsLoopback());
  }
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "1::1"}) {
    CHECK_FALSE(At(text).IsLoopback());
  }
}

TEST_CASE("A household is one IPv4 address or one IPv6 network", "[address]") {
  CHECK(AddressGroup(At("192.0.2.1")) == "192.0.2.1");
  CHECK(AddressGroup(At("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::");
}

TEST_CASE("A log keeps the beginning of an address", "[address]") {
  CHECK(TruncatedAddress("192.0.2.77") == "192.0.2.0");
  CHECK(TruncatedAddress("2001:db8:1:2:3::4") == "2001:db8:1::");
  CHECK(TruncatedAddress("unknown").empty());
}

TEST_CASE("A range holds its addresses and no others", "[address]") {
  const auto in = [](const char* range, const char* address) {
    return Ranges({range})[0].Contains(At(address));
  };
  CHECK(in("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
  CHECK(in("192.0.2.1", "192.0.2.1"));
  CHECK(in("192.0.2.1", "::ffff:192.0.2.1"));
  CHECK_FALSE(in("192.0.2.1", "192.0.2.2"));
  CHECK(in("0.0.0.0/0", "8.8.8.8"));
  CHECK_FALSE(in("0.0.0.0/0", "::1"));
  CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  CHECK_FALSE(in("::/0", "8.8.8.8"));
}

TEST_CASE("A range that is none is refused", "[address]") {
  for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "x/8",
                           "::/129", "10.0.0.0/8x", "2001:db8::1/32"}) {
    CAPTURE(text);
    CHECK_FALSE(AddressRange::Parse(text).has_value());
  }
}

TEST_CASE("The client is the last address that no trusted proxy has", "[address]") {
  const auto trusted = Ranges({"127.0.0.1", "10.0.0.0/8"});
  const auto client = [&](const char* peer, const char* forwarded) {
    return ClientAddress(At(peer), forwarded, trusted).ToText();
  };
  CHECK(client("127.0.0.1", "192.0.2.1") == "192.0.2.1");
  CHECK(client("127.0.0.1", "1.2.3.4, 192.0.2.1") == "192.0.2.1");
  CHECK(client("127.0.0.1", "1.2.3.4, 192.0.2.1,10.0.0.9") == "192.0.2.1");
  CHECK(client("127.0.0.1", "10.0.0.8 , 10.0.0.9") == "10.0.0.8");
  CHECK(client("127.0.0.1", "2001:db8::1") == "2001:db8::1");
}

TEST_CASE("What is said of the client counts only from a trusted proxy", "[address]") {
  const auto trusted = Ranges({"127.0.0.1"});
  CHECK(ClientAddress(At("192.0.2.9"), "1.2.3.4", trusted).ToText() == "192.0.2.9");
  CHECK(ClientAddress(At("127.0.0.1"), "1.2.3.4", {}).ToText() == "127.0.0.1");
  for (const char* forwarded : {"", "unknown", "1.2.3.4, x", ",,", "192.0.2.1:80"}) {
    CAPTURE(forwarded);
    CHECK(ClientAddress(At("127.0.0.1"), forwarded, trusted).ToText() == "127.0.0.1");
  }
}

}  // namespace
}  // namespace insitu
