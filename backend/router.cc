#include "backend/router.h"

#include <string>

#include "shared/str_cat.h"

namespace insitu {
namespace {

bool PathFits(const Route& route, std::string_view path) {
  if (!route.pattern.ends_with('*')) return path == route.pattern;
  return path.starts_with(route.pattern.substr(0, route.pattern.size() - 1));
}

bool MethodFits(const Route& route, std::string_view method) {
  return method == route.method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

Response Router::Dispatch(const Request& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    // "*" is the target of requests about the server itself, which has no methods of its own.
    if (!PathFits(route, request.path) && request.path != "*") continue;
    if (MethodFits(route, request.method)) {
      if (!request.body_bytes || *request.body_bytes > route.max_body_bytes) return ErrorReply(413);
      return route.handler(request);
    }
    if (allowed.find(route.method) != std::string::npos) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? std::string("GET, HEAD") : std::string(route.method);
  }
  if (allowed.empty()) return ErrorReply(404);
  Response reply = ErrorReply(405);
  reply.headers.push_back({"Allow", allowed});
  return reply;
}

}  // namespace insitu
