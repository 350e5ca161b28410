// The route table's mechanics: which handler answers a method and a path, and what a request must
// be before it reaches one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/csrf.h"
#include "backend/http.h"

namespace insitu {

// What the `{name}` segments of a pattern stood for.
class PathParameters {
 public:
  // Of a name that the pattern has; any other is a programming error and aborts.
  const std::string& operator[](std::string_view name) const;
  void Add(std::string_view name, std::string value) {
    values_.emplace_back(name, std::move(value));
  }

 private:
  std::vector<std::pair<std::string_view, std::string>> values_;
};

using RouteHandler = std::function<Response(const Request&, const PathParameters&)>;

struct Route {
  std::string_view method;   // "GET" answers HEAD as well
  std::string_view pattern;  // a path: "/api/objects/{id}/body"; "/*" at the end fits all below it
  uint64_t max_body_bytes;
  // False: the body is JSON, of at most kMaxJsonBytes, and the handler finds it whole in
  // request.body. True: it is application/octet-stream, and the handler reads request.body_reader.
  bool streams_body;
  RouteHandler handler;
};

// Immutable once made: any number of threads may use it.
class Router {
 public:
  // The first route that fits answers, so exact paths go before what they fall under.
  explicit Router(std::vector<Route> routes, CrossSiteGate gate = {{}, false});

  // The handler's reply, or
  //   404  no pattern fits; below /api only a pattern that begins with /api does
  //   405  with Allow: only the method does not fit
  //   403  "cross_site": an unsafe method from a page of another site
  //   411  a body of unknown length (chunked)
  //   413  a body that the route does not take
  //   415  a body that is not of the route's type, or is compressed
  //   408  the body took too long (or nothing, if the client left)
  // Below /api they are problems and all replies are no-store unless they say otherwise; elsewhere
  // they are pages of text.
  Response Dispatch(const Request& request) const;

 private:
  Response Handle(const Route& route, const Request& request,
                  const PathParameters& parameters) const;
  Response Answer(const Request& request) const;

  std::vector<Route> routes_;
  CrossSiteGate gate_;
};

}  // namespace insitu
