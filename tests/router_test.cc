#include "backend/router.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backend/problem.h"

namespace insitu {
namespace {

constexpr uint64_t kMaxBody = 8;

RouteHandler Named(const std::string& name) {
  return [name](const Request&, const PathParameters&) {
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

// What a page of this server would send.
Request MakeOwn(const std::string& method, const std::string& path) {
  Request request = Make(method, path);
  request.headers = {{"Sec-Fetch-Site", "same-origin"}};
  return request;
}

std::string BodyOf(const Response& reply) { return reply.body ? *reply.body : std::string(); }

// A body that comes in parts of two bytes, and is lost after `lost_after` of them.
class Parts final : public BodyReader {
 public:
  explicit Parts(std::string body, size_t lost_after = std::string::npos)
      : body_(std::move(body)), lost_after_(lost_after) {}

  Result<size_t> Read(std::span<char> out) override {
    if (read_ >= lost_after_) return Error{ErrorCode::kInvalidArgument, "The client left."};
    const size_t count = body_.copy(out.data(), std::min(out.size(), size_t{2}), read_);
    read_ += count;
    return count;
  }

 private:
  const std::string body_;
  const size_t lost_after_;
  size_t read_ = 0;
};

Response Echo(const Request& request, const PathParameters& parameters) {
  Response reply;
  reply.content_type = "text/plain";
  const std::string id = request.path.find("item") == std::string::npos ? parameters["id"] : "";
  reply.body = std::make_shared<const std::string>(id + "|" + request.body);
  return reply;
}

const Router& Table() {
  static const Router* const kRouter =
      new Router({{"GET", "/api/item", 0, false, Named("read")},
                  {"PUT", "/api/item", kMaxBody, false, Echo},
                  {"GET", "/api/things/{id}", 0, false, Echo},
                  {"DELETE", "/api/things/{id}", 0, false, Named("deleted")},
                  {"PUT", "/api/things/{id}/body", kMaxBody, true,
                   [](const Request& request, const PathParameters&) {
                     Response reply;
                     reply.content_type = request.body_reader == nullptr ? "whole" : "streamed";
                     return reply;
                   }},
                  {"GET", "/files/*", 0, false, Named("file")},
                  {"GET", "/*", 0, false, Named("site")}});
  return *kRouter;
}

Response Route(const Request& request) { return Table().Dispatch(request); }

// A PUT with this body to the path, of these headers beside the ones of an own page.
Response Put(const std::string& path, const std::string& body, const std::string& type) {
  Request request = MakeOwn("PUT", path);
  request.headers.push_back({"Content-Type", type});
  request.body_bytes = body.size();
  Parts parts(body);
  request.body_reader = &parts;
  return Route(request);
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
  CHECK(BodyOf(Route(MakeOwn("PUT", "/api/item"))) == "|");
  CHECK(Route(Make("GET", "/files/a/b")).content_type == "file");
  CHECK(Route(Make("GET", "/files/")).content_type == "file");
  CHECK(Route(Make("GET", "/files")).content_type == "site");
  CHECK(Route(Make("GET", "/")).content_type == "site");
}

TEST_CASE("A name in a pattern stands for one segment that is not empty", "[router]") {
  CHECK(BodyOf(Route(Make("GET", "/api/things/a b"))) == "a b|");
  CHECK(Route(Make("GET", "/api/things/")).status == 404);
  CHECK(Route(Make("GET", "/api/things")).status == 404);
  CHECK(Route(Make("GET", "/api/things/a/b")).status == 404);
  CHECK(Route(Make("GET", "/api/things/a/")).status == 404);
  CHECK(Route(Make("GET", "/api/things//body")).status == 404);
}

TEST_CASE("A reply says which pattern answered, for the log", "[router]") {
  CHECK(Route(Make("GET", "/api/things/7")).route == "/api/things/{id}");
  CHECK(Route(Make("GET", "/anything")).route == "/*");
  CHECK(Route(Make("GET", "/api/nothing")).route.empty());
}

TEST_CASE("Below /api a path without a route is a problem, whatever the site has", "[router]") {
  for (const char* path : {"/api/item/", "/api", "/api/", "/api/other"}) {
    for (const char* method : {"GET", "POST", "DELETE"}) {
      CAPTURE(path, method);
      Request request = Make(method, path);
      request.id = "0190";
      const Response reply = Route(request);
      CHECK(reply.status == 404);
      CHECK(reply.content_type == kProblemType);
      CHECK(BodyOf(reply).find("\"instance\":\"urn:uuid:0190\"") != std::string::npos);
    }
  }
  CHECK(Route(Make("GET", "/apis")).content_type == "site");
}

TEST_CASE("A method that a path does not have is refused with the ones it has", "[router]") {
  for (const char* method : {"POST", "DELETE", "TRACE", "get", "BREW"}) {
    CAPTURE(method);
    const Response reply = Route(Make(method, "/api/item"));
    CHECK(reply.status == 405);
    CHECK(reply.content_type == kProblemType);
    CHECK(AllowOf(reply) == "GET, HEAD, PUT");
  }
  CHECK(AllowOf(Route(Make("PUT", "/api/things/1"))) == "GET, HEAD, DELETE");
  CHECK(AllowOf(Route(Make("OPTIONS", "/files/a"))) == "GET, HEAD");
  CHECK(AllowOf(Route(Make("OPTIONS", "*"))) == "GET, HEAD, PUT, DELETE");
}

TEST_CASE("A JSON body up to the route's limit comes whole, a larger one is refused",
          "[router][limits]") {
  const Response whole = Put("/api/item", "12345678", "application/json");
  CHECK(whole.status == 200);
  CHECK(BodyOf(whole) == "|12345678");
  CHECK(Put("/api/item", "123456789", "application/json").status == 413);
  Request request = Make("GET", "/files/a");
  request.body_bytes = 1;
  CHECK(Route(request).status == 413);
}

TEST_CASE("A body of unknown length is refused", "[router]") {
  Request request = MakeOwn("PUT", "/api/item");
  request.headers.push_back({"Content-Type", "application/json"});
  request.body_bytes = std::nullopt;
  CHECK(Route(request).status == 411);
  request.method = "POST";
  CHECK(Route(request).status == 405);
}

TEST_CASE("A body that is lost is not given to the handler", "[router]") {
  Request request = MakeOwn("PUT", "/api/item");
  request.headers.push_back({"Content-Type", "application/json"});
  request.body_bytes = 8;
  Parts parts("12345678", 4);
  request.body_reader = &parts;
  CHECK(Route(request).status == 408);
}

TEST_CASE("A route that streams gets the reader and nothing is read before", "[router]") {
  CHECK(Put("/api/things/1/body", "1234", "application/octet-stream").content_type == "streamed");
}

TEST_CASE("A body has its route's Content-Type and is not compressed", "[router]") {
  CHECK(Put("/api/item", "{}", "application/json; charset=utf-8").status == 200);
  CHECK(Put("/api/item", "{}", "Application/JSON;charset=\"UTF-8\"").status == 200);
  for (const char* type :
       {"", "text/plain", "application/json; charset=latin1", "application/jsons",
        "application/json; charset=utf-8; x=y", "application/octet-stream",
        "application/x-www-form-urlencoded", "multipart/form-data"}) {
    CAPTURE(type);
    CHECK(Put("/api/item", "{}", type).status == 415);
  }
  CHECK(Put("/api/things/1/body", "{}", "application/json").status == 415);
  Request request = MakeOwn("PUT", "/api/item");
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"Content-Encoding", "gzip"});
  request.body_bytes = 2;
  CHECK(Route(request).status == 415);
}

TEST_CASE("An unsafe method from another site is refused before its body is looked at",
          "[router]") {
  for (const char* method : {"PUT", "DELETE"}) {
    Request request = Make(method, method == std::string("PUT") ? "/api/item" : "/api/things/1");
    CAPTURE(method);
    CHECK(Route(request).status == 403);
    request.headers = {{"Sec-Fetch-Site", "cross-site"}};
    request.body_bytes = 1'000'000;
    const Response reply = Route(request);
    CHECK(reply.status == 403);
    CHECK(BodyOf(reply).find("\"cross_site\"") != std::string::npos);
  }
}

TEST_CASE("Every reply below /api is kept by no cache", "[router]") {
  for (const char* path : {"/api/item", "/api/things/1", "/api/none"}) {
    const Response reply = Route(Make("GET", path));
    CHECK(std::count_if(reply.headers.begin(), reply.headers.end(), [](const Header& header) {
            return header.name == "Cache-Control" && header.value == "no-store";
          }) == 1);
  }
}

}  // namespace
}  // namespace insitu
