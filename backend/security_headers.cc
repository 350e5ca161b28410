#include "backend/security_headers.h"

#include <algorithm>

namespace insitu {
namespace {

constexpr char kPolicyHeader[] = "Content-Security-Policy";

// Everything that a page could ask a device for. Copying a result to the clipboard and full screen
// stay as the browser has them.
constexpr char kClosedPermissions[] =
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
    "geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
    "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

}  // namespace

const std::vector<Header>& SecurityHeaders() {
  static const std::vector<Header>* headers = new std::vector<Header>{
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", kClosedPermissions},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
  };
  return *headers;
}

void AddSecurityHeaders(Response* reply) {
  const bool has_policy = std::any_of(
      reply->headers.begin(), reply->headers.end(),
      [](const Header& header) { return EqualsIgnoringCase(header.name, kPolicyHeader); });
  if (!has_policy) reply->headers.push_back({kPolicyHeader, kClosedPolicy});
  const std::vector<Header>& fixed = SecurityHeaders();
  reply->headers.insert(reply->headers.end(), fixed.begin(), fixed.end());
}

}  // namespace insitu
