#include "backend/site_policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "shared/str_cat.h"

namespace insitu {
namespace {

using Json = nlohmann::json;

constexpr char kPageKey[] = "csp";
constexpr char kWorkerKey[] = "worker_csp";
constexpr char kWorkersKey[] = "workers";

Error Refuse(std::string_view reason) {
  return {ErrorCode::kInvalidArgument,
          StrCat("The site's headers.json ", reason, ". Build the site again.")};
}

Result<std::string> ReadPolicy(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    return Refuse(StrCat("has no text \"", key, "\""));
  }
  auto policy = found->get<std::string>();
  const bool visible =
      std::all_of(policy.begin(), policy.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (policy.empty() || !visible) {
    return Refuse(StrCat("has a \"", key, "\" that is not one line of visible ASCII"));
  }
  if (policy.find("frame-ancestors") == std::string::npos) policy += "; frame-ancestors 'none'";
  return policy;
}

}  // namespace

Result<SitePolicy> ParseSitePolicy(const std::string& json) {
  const Json object = Json::parse(json, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Refuse("is not a JSON object");
  for (const auto& [key, value] : object.items()) {
    if (key != kPageKey && key != kWorkerKey && key != kWorkersKey) {
      return Refuse(StrCat("has the unknown key \"", key, "\""));
    }
  }
  SitePolicy policy;
  ASSIGN_OR_RETURN(policy.page, ReadPolicy(object, kPageKey));
  ASSIGN_OR_RETURN(policy.worker, ReadPolicy(object, kWorkerKey));
  const auto workers = object.find(kWorkersKey);
  if (workers == object.end() || !workers->is_array()) return Refuse("has no list \"workers\"");
  for (const Json& worker : *workers) {
    if (!worker.is_string()) return Refuse("names a worker by something other than a text");
    policy.workers.push_back(worker.get<std::string>());
  }
  return policy;
}

}  // namespace insitu
