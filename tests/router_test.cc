#include "backend/router.h"

#include <catch_amalgamated.hpp>
#include <string>

namespace insitu {
namespace {

constexpr uint64_t kMaxBody = 8;

Handler Named(const std::string& name) {
  return [name](const Request&) {
    Response reply;
    reply.content_type = name;
    return reply;
  };
}

Request Make(const std::string& method, const std::string& path) {
  Request request;
  request.method = method;
  request.path = path;
  return request;
}

Response Route(const Request& request) {
  const Router router({{"GET", "/api/item", 0, Named("read")},
                       {"PUT", "/api/item", kMaxBody, Named("write")},
                       {"GET", "/files/*", 0, Named("file")}});
  return router.Dispatch(request);
}

std::string AllowOf(const Response& reply) {
  for (const Header& header : reply.headers) {
    if (header.name == "Allow") return header.value;
  }
  return "";
}

TEST_CASE("A route answers its method on its path", "[router]") {
  CHECK(Route(Make("GET", "/api/item")).content_type == "read");
  CHECK(Route(Make("HEAD", "/api/item")).content_type == "read");
  CHECK(Route(Make("PUT", "/api/item")).content_type == "write");
  CHECK(Route(Make("GET", "/files/a/b")).content_type == "file");
  CHECK(Route(Make("GET", "/files/")).content_type == "file");
}

TEST_CASE("A path without a route is not found", "[router]") {
  CHECK(Route(Make("GET", "/api/item/")).status == 404);
  CHECK(Route(Make("GET", "/api")).status == 404);
  CHECK(Route(Make("DELETE", "/files")).status == 404);
}

TEST_CASE("A method that a path does not have is refused with the ones it has", "[router]") {
  for (const char* method : {"POST", "DELETE", "TRACE", "get", "BREW"}) {
    CAPTURE(method);
    const Response reply = Route(Make(method, "/api/item"));
    CHECK(reply.status == 405);
    CHECK(AllowOf(reply) == "GET, HEAD, PUT");
  }
  CHECK(AllowOf(Route(Make("OPTIONS", "/files/a"))) == "GET, HEAD");
  CHECK(AllowOf(Route(Make("OPTIONS", "*"))) == "GET, HEAD, PUT");
}

TEST_CASE("A body up to the route's limit is let through, a larger one is not", "[router]") {
  Request request = Make("PUT", "/api/item");
  request.body_bytes = kMaxBody;
  CHECK(Route(request).status == 200);
  request.body_bytes = kMaxBody + 1;
  CHECK(Route(request).status == 413);
  request.body_bytes = std::nullopt;
  CHECK(Route(request).status == 413);
  request.method = "POST";
  CHECK(Route(request).status == 405);
}

}  // namespace
}  // namespace insitu
