#include "backend/routes.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "backend/account_routes.h"
#include "backend/limits.h"
#include "backend/object_routes.h"

namespace insitu {
namespace {

Response Text(int status, std::string text) {
  Response reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers = {{"Cache-Control", "no-store"}};
  reply.body = std::make_shared<const std::string>(std::move(text));
  return reply;
}

}  // namespace

Router MakeRoutes(const Services& services) {
  std::vector<Route> routes = {
      {"GET", "/healthz", 0, false,
       [](const Request&, const PathParameters&) { return Text(200, "alive\n"); }},
      {"GET", "/readyz", 0, false,
       [ready = services.ready](const Request&, const PathParameters&) {
         return !ready || ready() ? Text(200, "ready\n") : Text(503, "not ready\n");
       }},
  };
  if (services.accounts != nullptr) {
    for (auto part : {AccountRoutes(services.accounts), ObjectRoutes(services.accounts)}) {
      std::move(part.begin(), part.end(), std::back_inserter(routes));
    }
  }
  if (services.site != nullptr) {
    routes.push_back({"GET", "/*", 0, false,
                      [site = services.site](const Request& request, const PathParameters&) {
                        return site->Serve(request);
                      }});
  }
  return Router(std::move(routes), services.gate);
}

}  // namespace insitu
