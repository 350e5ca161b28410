// The route table's mechanics: which handler answers a method and a path.
#pragma once

#include <string_view>
#include <vector>

#include "backend/http.h"

namespace insitu {

struct Route {
  std::string_view method;   // "GET" answers HEAD as well
  std::string_view pattern;  // an exact path, or one that ends in '*' for all paths it begins
  uint64_t max_body_bytes;
  Handler handler;
};

// Immutable once made: any number of threads may use it.
class Router {
 public:
  // The first route that fits answers, so exact paths go before what they fall under.
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  // The handler's reply; or 404 where no pattern fits, 405 with Allow where only the method does
  // not, and 413 for a body that the route does not take or of unknown length.
  Response Dispatch(const Request& request) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace insitu
