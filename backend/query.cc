#include "backend/query.h"

#include <algorithm>
#include <utility>

#include "backend/limits.h"
#include "backend/percent.h"

namespace insitu {

std::optional<std::vector<Header>> ParseQuery(std::string_view query) {
  std::vector<Header> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(part.find('='), part.size());
    auto name = DecodePercent(part.substr(0, equals), PlusIs::kSpace);
    auto value = DecodePercent(part.substr(std::min(equals + 1, part.size())), PlusIs::kSpace);
    if (!name || !value || name->empty()) return std::nullopt;
    const bool twice =
        std::any_of(parameters.begin(), parameters.end(),
                    [&](const Header& parameter) { return parameter.name == *name; });
    if (twice || parameters.size() == kMaxQueryParameters) return std::nullopt;
    parameters.push_back({*std::move(name), *std::move(value)});
  }
  return parameters;
}

}  // namespace insitu
