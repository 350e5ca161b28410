#include "backend/session_cookies.h"

#include <chrono>

#include "backend/limits.h"
#include "backend/sessions.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> FindCookie(const Request& request, std::string_view name) {
  for (const Header& header : request.headers) {
    if (!EqualsIgnoringCase(header.name, "Cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = Trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      return std::string(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::string> FindSessionToken(const Request& request) {
  std::optional<std::string> token = FindCookie(request, kSessionCookie);
  if (token && !IsToken(*token)) return std::nullopt;
  return token;
}

std::string FindDeviceCookie(const Request& request) {
  return FindCookie(request, kDeviceCookie).value_or(std::string());
}

Header SetSessionCookie(std::string_view token) {
  return {"Set-Cookie", StrCat(kSessionCookie, "=", token, kAttributes)};
}

Header ExpireSessionCookie() {
  return {"Set-Cookie", StrCat(kSessionCookie, "=", kAttributes, "; Max-Age=0")};
}

Header SetDeviceCookie(std::string_view value) {
  const int64_t seconds = std::chrono::seconds(kKnownDeviceTime).count();
  return {"Set-Cookie", StrCat(kDeviceCookie, "=", value, kAttributes, "; Max-Age=", seconds)};
}

}  // namespace insitu
