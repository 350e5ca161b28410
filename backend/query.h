// The query of a request: "cursor=a&limit=20".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http.h"

namespace insitu {

// Names and values, decoded once ("%20" and "+" are a space). Nothing if an escape is broken or
// stands for a control character, if a name comes twice, or beyond kMaxQueryParameters.
std::optional<std::vector<Header>> ParseQuery(std::string_view query);

}  // namespace insitu
