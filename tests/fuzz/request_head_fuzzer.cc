// libFuzzer: arbitrary bytes as the start of a connection. What the gate lets through must be
// unambiguous: one Host, no control character anywhere, a path that begins with '/' or is "*". The
// cookies found in it are parts of its headers.
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
#include "backend/session_cookies.h"
#include "backend/sessions.h"

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

void FindCookies(const insitu::Request& request) {
  for (const std::string_view name : {std::string_view("a"), insitu::kDeviceCookie}) {
    const auto value = insitu::FindCookie(request, name);
    if (!value) continue;
    Require(value->find(';') == std::string::npos && !value->ends_with(' '));
    const std::string pair = std::string(name) + "=" + *value;
    Require(std::any_of(
        request.headers.begin(), request.headers.end(),
        [&pair](const auto& header) { return header.value.find(pair) != std::string::npos; }));
  }
  if (const auto token = insitu::FindSessionToken(request)) Require(insitu::IsToken(*token));
  (void)insitu::FindDeviceCookie(request);
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
  insitu::Request cookies;
  cookies.headers = {{"Cookie", std::string(bytes)}};
  FindCookies(cookies);
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
  FindCookies(*request);
  const bool http_1_0 = bytes.substr(0, bytes.find('\r')).ends_with("HTTP/1.0");
  Require(http_1_0 || request->Find("Host").has_value());
  return 0;
}
