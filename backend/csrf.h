// The cross-site gate: a page on another origin cannot make a browser change anything here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/http.h"

namespace insitu {

// True for the methods that must not change anything: GET and HEAD, OPTIONS and TRACE.
bool IsSafeMethod(std::string_view method);

class CrossSiteGate {
 public:
  // `origins` are this server's own, as a browser writes them ("https://insitu.example.org"). With
  // none, its origin is what Host says; with `loopback_only`, Host must name this machine, which
  // keeps out names that others point at 127.0.0.1.
  CrossSiteGate(std::vector<std::string> origins, bool loopback_only)
      : origins_(std::move(origins)), loopback_only_(loopback_only) {}

  // For a request of an unsafe method: true if Sec-Fetch-Site says same-origin, or, from a browser
  // that does not send it, if Origin is one of the server's own. A request with neither is refused.
  bool Admits(const Request& request) const;

 private:
  bool IsOwn(const Request& request, const std::string& origin) const;

  std::vector<std::string> origins_;
  bool loopback_only_;
};

}  // namespace insitu
