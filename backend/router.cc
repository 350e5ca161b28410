#include "backend/router.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "backend/limits.h"
#include "backend/problem.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kBelow = "/*";

bool IsApi(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

// Takes the first segment, with its slash, off a path.
std::string_view TakeSegment(std::string_view* path) {
  const size_t end = std::min(path->find('/', 1), path->size());
  const std::string_view segment = path->substr(0, end);
  path->remove_prefix(end);
  return segment;
}

// What the pattern's names stand for in this path; nothing if it does not fit.
std::optional<PathParameters> Fit(std::string_view pattern, std::string_view path) {
  PathParameters parameters;
  while (!pattern.empty()) {
    if (pattern == kBelow) return path.starts_with('/') ? std::optional(parameters) : std::nullopt;
    if (path.empty()) return std::nullopt;
    const std::string_view wanted = TakeSegment(&pattern);
    const std::string_view given = TakeSegment(&path);
    if (wanted.starts_with("/{")) {
      if (given.size() < 2) return std::nullopt;
      parameters.Add(wanted.substr(2, wanted.size() - 3), std::string(given.substr(1)));
    } else if (wanted != given) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return parameters;
}

bool MethodFits(const Route& route, std::string_view method) {
  return method == route.method || (method == "HEAD" && route.method == "GET");
}

Response Refuse(const Request& request, int status) {
  return IsApi(request.path) ? ProblemOf(status) : ErrorReply(status);
}

bool HasHeader(const Response& reply, std::string_view name) {
  return std::any_of(reply.headers.begin(), reply.headers.end(),
                     [&](const Header& header) { return EqualsIgnoringCase(header.name, name); });
}

// True for "application/json" and "application/json; charset=utf-8".
bool IsMediaType(const std::string& value, std::string_view type) {
  const size_t end = std::min(value.find(';'), value.size());
  std::string_view essence = std::string_view(value).substr(0, end);
  while (essence.ends_with(' ') || essence.ends_with('\t')) essence.remove_suffix(1);
  if (!EqualsIgnoringCase(essence, type)) return false;
  std::string parameter;
  for (char c : std::string_view(value).substr(end)) {
    if (c != ' ' && c != '\t' && c != '"') parameter.push_back(c);
  }
  return parameter.empty() || EqualsIgnoringCase(parameter, ";charset=utf-8");
}

// Why a request's body is not taken, as a status; 0 if it is.
int RefuseBody(const Route& route, const Request& request) {
  if (!request.body_bytes) return 411;
  if (*request.body_bytes > route.max_body_bytes) return 413;
  if (*request.body_bytes == 0) return 0;
  if (request.Find("Content-Encoding")) return 415;
  const std::string type = request.Find("Content-Type").value_or(std::string());
  const char* wanted = route.streams_body ? "application/octet-stream" : "application/json";
  return IsMediaType(type, wanted) ? 0 : 415;
}

}  // namespace

const std::string& PathParameters::operator[](std::string_view name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) return value;
  }
  std::abort();
}

Router::Router(std::vector<Route> routes, CrossSiteGate gate)
    : routes_(std::move(routes)), gate_(std::move(gate)) {}

Response Router::Handle(const Route& route, const Request& request,
                        const PathParameters& parameters) const {
  if (!IsSafeMethod(request.method) && !gate_.Admits(request)) return Refuse(request, 403);
  if (const int status = RefuseBody(route, request)) return Refuse(request, status);
  if (route.streams_body || request.body_bytes == uint64_t{0}) {
    return route.handler(request, parameters);
  }
  Request whole = request;
  whole.body.resize(*request.body_bytes);
  for (size_t read = 0; read < whole.body.size();) {
    const Result<size_t> count = request.body_reader->Read(std::span(whole.body).subspan(read));
    if (!count.ok()) return Refuse(request, 408);
    read += count.value();
  }
  whole.body_reader = nullptr;
  return route.handler(whole, parameters);
}

Response Router::Answer(const Request& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (IsApi(request.path) && !IsApi(route.pattern)) continue;
    // "*" is the target of requests about the server itself, which has no methods of its own.
    const auto parameters = Fit(route.pattern, request.path);
    if (!parameters && request.path != "*") continue;
    if (parameters && MethodFits(route, request.method)) {
      Response reply = Handle(route, request, *parameters);
      reply.route = route.pattern;
      return reply;
    }
    if (allowed.find(route.method) != std::string::npos) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? std::string("GET, HEAD") : std::string(route.method);
  }
  if (allowed.empty()) return Refuse(request, 404);
  Response reply = Refuse(request, 405);
  reply.headers.push_back({"Allow", allowed});
  return reply;
}

Response Router::Dispatch(const Request& request) const {
  Response reply = Answer(request);
  AddInstance(request.id, &reply);
  if (IsApi(request.path) && !HasHeader(reply, "Cache-Control")) {
    reply.headers.push_back({"Cache-Control", "no-store"});
  }
  return reply;
}

}  // namespace insitu
