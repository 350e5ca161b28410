// The two cookies: the session's token, and the mark of a known device. Both are __Host- cookies,
// which no other host and no page of plain HTTP can set or read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/http.h"

namespace insitu {

inline constexpr std::string_view kSessionCookie = "__Host-insitu-session";
inline constexpr std::string_view kDeviceCookie = "__Host-insitu-device";

// The value of the first cookie of that name, or nothing.
std::optional<std::string> FindCookie(const Request& request, std::string_view name);

// The token, if the request has one that can be a token at all.
std::optional<std::string> FindSessionToken(const Request& request);
std::string FindDeviceCookie(const Request& request);  // empty without one

// Set-Cookie headers. The session's ends with the browser, the server ends it anyway; the known
// device's outlives it.
Header SetSessionCookie(std::string_view token);
Header ExpireSessionCookie();
Header SetDeviceCookie(std::string_view value);

}  // namespace insitu
