// The whole of what the server answers, as one table.
#pragma once

#include "backend/router.h"
#include "backend/static_site.h"

namespace insitu {

// The site must outlive the router.
Router MakeRoutes(const StaticSite& site);

}  // namespace insitu
