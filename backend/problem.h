// Errors of the API, as application/problem+json (RFC 9457). The code is what programs read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/http.h"

namespace insitu {

// What is wrong with one field of a request.
struct FieldError {
  std::string pointer;  // JSON pointer (RFC 6901): "/username"
  std::string code;     // "too_short"
  std::string detail;   // one sentence for a person
};

inline constexpr char kProblemType[] = "application/problem+json";

// {type: "/problems/CODE", title, status, detail, code, errors}, never to be cached. The title is
// the code in words; the router adds the instance, urn:uuid:REQUEST-ID.
Response Problem(int status, std::string_view code, std::string detail,
                 const std::vector<FieldError>& errors = {});

// The same for a status that any API may answer with: 404 "not_found", 405 "method_not_allowed".
Response ProblemOf(int status);

// Says in a problem reply which request it answers; leaves every other reply as it is.
void AddInstance(std::string_view request_id, Response* reply);

}  // namespace insitu
