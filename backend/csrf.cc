#include "backend/csrf.h"

#include <algorithm>

#include "shared/str_cat.h"

namespace insitu {
namespace {

// "localhost" of "localhost:8080", "[::1]" of "[::1]:8080".
std::string_view NameOfHost(std::string_view host) {
  const size_t port = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  return host.substr(0, port);
}

bool IsThisMachine(std::string_view host) {
  const std::string_view name = NameOfHost(host);
  return EqualsIgnoringCase(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

bool IsSafeMethod(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

bool CrossSiteGate::IsOwn(const Request& request, const std::string& origin) const {
  if (!origins_.empty()) {
    return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
  }
  const std::string host = request.Find("Host").value_or(std::string());
  return !host.empty() &&
         EqualsIgnoringCase(origin, StrCat(request.secure ? "https://" : "http://", host));
}

bool CrossSiteGate::Admits(const Request& request) const {
  if (loopback_only_ && origins_.empty() &&
      !IsThisMachine(request.Find("Host").value_or(std::string()))) {
    return false;
  }
  if (const auto site = request.Find("Sec-Fetch-Site")) return *site == "same-origin";
  const auto origin = request.Find("Origin");
  return origin && IsOwn(request, *origin);
}

}  // namespace insitu
