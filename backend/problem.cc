#include "backend/problem.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {
namespace {

using Json = nlohmann::ordered_json;

// "too_many_attempts" as "Too many attempts".
std::string TitleOf(std::string_view code) {
  std::string title(code);
  for (char& c : title) c = c == '_' ? ' ' : c;
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') {
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  }
  return title;
}

}  // namespace

Response Problem(int status, std::string_view code, std::string detail,
                 const std::vector<FieldError>& errors) {
  Json problem = {{"type", StrCat("/problems/", code)},
                  {"title", TitleOf(code)},
                  {"status", status},
                  {"detail", std::move(detail)},
                  {"code", code}};
  for (const FieldError& error : errors) {
    problem["errors"].push_back(
        {{"pointer", error.pointer}, {"code", error.code}, {"detail", error.detail}});
  }
  Response reply;
  reply.status = status;
  reply.content_type = kProblemType;
  reply.headers = {{"Cache-Control", "no-store"}};
  // A field's name may come from the client: what is not UTF-8 is replaced, not thrown at us.
  reply.body = std::make_shared<const std::string>(
      problem.dump(-1, ' ', false, Json::error_handler_t::replace));
  return reply;
}

Response ProblemOf(int status) {
  switch (status) {
    case 400:
      return Problem(400, "bad_request", "The request is not understood.");
    case 403:
      return Problem(403, "cross_site",
                     "This can only be asked by a page of this server. Open it there.");
    case 404:
      return Problem(404, "not_found", "There is nothing at this address.");
    case 405:
      return Problem(405, "method_not_allowed", "The method is not one of those in Allow.");
    case 408:
      return Problem(408, "request_timeout", "The request took too long to arrive. Send it again.");
    case 411:
      return Problem(411, "length_required", "The body needs a Content-Length.");
    case 413:
      return Problem(413, "body_too_large", "The body is larger than this address takes.");
    case 415:
      return Problem(415, "unsupported_media_type",
                     "The body is not of the Content-Type that this address takes, or is "
                     "compressed.");
    case 503:
      return Problem(503, "unavailable", "The server cannot answer now. Try again soon.");
    default:
      return Problem(500, "internal_error", "The server failed on this request. Its log says why.");
  }
}

void AddInstance(std::string_view request_id, Response* reply) {
  if (reply->content_type != kProblemType || !reply->body || request_id.empty()) return;
  // A problem is an object with members, and an id has nothing to escape.
  reply->body = std::make_shared<const std::string>(
      StrCat("{\"instance\":\"urn:uuid:", request_id, "\",", reply->body->substr(1)));
}

}  // namespace insitu
