// JSON as every command writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace insitu {

using Json = nlohmann::ordered_json;

// One line, or indented by two. A file name that is not UTF-8 gets replacement characters.
inline std::string ToText(const Json& json, bool indented) {
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

inline Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace insitu
