// The whole of what the server answers, as one table.
#pragma once

#include <functional>

#include "backend/accounts.h"
#include "backend/router.h"
#include "backend/static_site.h"

namespace insitu {

// What the handlers work with. All of it must outlive the router.
struct Services {
  const StaticSite* site = nullptr;  // none: the server has an API alone
  std::function<bool()> ready = {};  // what /readyz says; nothing: ready
  Accounts* accounts = nullptr;      // none: the site alone
  CrossSiteGate gate{{}, false};
};

Router MakeRoutes(const Services& services);

}  // namespace insitu
