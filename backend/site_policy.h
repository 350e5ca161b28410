// headers.json of the built site: the Content-Security-Policy of its pages and of its workers.
#pragma once

#include <string>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct SitePolicy {
  std::string page;                  // of every file but the workers' scripts
  std::string worker;                // of the workers' scripts
  std::vector<std::string> workers;  // their names within the site: "engine-worker-0a1b2c3d4e.js"
};

// Reads {"csp": text, "worker_csp": text, "workers": [file name, …]}; each key is needed, no other
// is known, and a policy is one line of visible ASCII. Adds "frame-ancestors 'none'" to a policy
// that does not have the directive, since a page's own <meta> policy cannot say it.
Result<SitePolicy> ParseSitePolicy(const std::string& json);

}  // namespace insitu
