// libFuzzer: arbitrary bytes as the start of a connection. What the gate lets through must be
// unambiguous: one Host, no control character anywhere, a path that begins with '/' or is "*".
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "backend/address.h"
#include "backend/negotiation.h"
#include "backend/query.h"
#include "backend/request_head.h"

namespace {

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  insitu::PrefersBrotli(bytes);
  insitu::NamesTag(bytes, "\"0123\"");
  if (const auto parameters = insitu::ParseQuery(bytes)) {
    for (const insitu::Header& parameter : *parameters) Require(!parameter.name.empty());
  }
  const auto trusted = *insitu::AddressRange::Parse("127.0.0.0/8");
  const auto peer = *insitu::IpAddress::Parse("127.0.0.1");
  const std::string client = insitu::ClientAddress(peer, bytes, {trusted}).ToText();
  Require(!insitu::TruncatedAddress(client).empty());
  size_t length = 0;
  if (insitu::FindHeadEnd(bytes, &length) != insitu::HeadState::kComplete) return 0;
  Require(length <= size);
  const auto parsed = insitu::ParseRequestHead(bytes.substr(0, length));
  const auto* request = std::get_if<insitu::Request>(&parsed);
  if (request == nullptr) {
    Require(std::get<insitu::Refusal>(parsed).status >= 400);
    return 0;
  }
  Require(request->path == "*" || request->path.starts_with('/'));
  Require(!HasControl(request->path) && !HasControl(request->method));
  for (const insitu::Header& header : request->headers) {
    Require(!header.name.empty() && !HasControl(header.name) && !HasControl(header.value));
  }
  const bool http_1_0 = bytes.substr(0, bytes.find('\r')).ends_with("HTTP/1.0");
  Require(http_1_0 || request->Find("Host").has_value());
  return 0;
}
