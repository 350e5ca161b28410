// The headers that every reply carries, errors included.
#pragma once

#include <string>
#include <vector>

#include "backend/http.h"

namespace insitu {

// The policy of a reply that names none: nothing may load, run or frame it.
inline constexpr char kClosedPolicy[] = "default-src 'none'; frame-ancestors 'none'";

// Strict-Transport-Security of replies over TLS: two years, which preload lists ask for.
inline constexpr char kOnlyTls[] = "max-age=63072000; includeSubDomains";

// The fixed headers, without Content-Security-Policy.
const std::vector<Header>& SecurityHeaders();

// Adds SecurityHeaders(), and kClosedPolicy if the reply has no Content-Security-Policy of its own.
void AddSecurityHeaders(Response* reply);

}  // namespace insitu
