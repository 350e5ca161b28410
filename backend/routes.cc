#include "backend/routes.h"

#include "backend/limits.h"

namespace insitu {

Router MakeRoutes(const StaticSite& site) {
  return Router({
      {"GET", "/*", kMaxRequestBodyBytes,
       [&site](const Request& request) { return site.Serve(request); }},
  });
}

}  // namespace insitu
