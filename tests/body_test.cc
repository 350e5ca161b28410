// Bodies of requests and of replies, through the whole transport and over real sockets.
#include <algorithm>
#include <catch_amalgamated.hpp>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include "backend/limits.h"
#include "backend/problem.h"
#include "backend/router.h"
#include "backend/transport.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"
#include "tests/served.h"

namespace insitu {
namespace {

constexpr uint64_t kMaxUpload = 1'000'000;

Response Text(std::string text) {
  Response reply;
  reply.content_type = "text/plain";
  reply.body = std::make_shared<const std::string>(std::move(text));
  return reply;
}

Response EchoBody(const Request& request, const PathParameters&) { return Text(request.body); }

// Says how many bytes came, reading in odd portions.
Response CountBody(const Request& request, const PathParameters&) {
  std::string portion(777, '\0');
  size_t total = 0;
  while (true) {
    const auto count = request.body_reader->Read(portion);
    if (!count.ok()) return Problem(418, "not_what_is_sent", "The transport knows better.");
    if (count.value() == 0) return Text(StrCat(total));
    total += count.value();
  }
}

Response ReadOneByte(const Request& request, const PathParameters&) {
  char byte = 0;
  return Text(request.body_reader->Read({&byte, 1}).ok() ? "enough" : "lost");
}

// So many bytes in portions of the reader's size; ends after `ends_at`.
class Letters final : public BodySource {
 public:
  Letters(uint64_t size, uint64_t ends_at) : size_(size), ends_at_(ends_at) {}
  uint64_t size() const override { return size_; }
  Result<size_t> Read(std::span<char> out) override {
    if (read_ >= ends_at_) return Error{ErrorCode::kInvalidArgument, "The disk is broken."};
    const size_t count = std::min<uint64_t>(out.size(), ends_at_ - read_);
    std::fill_n(out.begin(), count, 'x');
    read_ += count;
    return count;
  }

 private:
  const uint64_t size_;
  const uint64_t ends_at_;
  uint64_t read_ = 0;
};

Response Stream(uint64_t size, uint64_t ends_at) {
  Response reply;
  reply.content_type = "application/octet-stream";
  reply.stream = std::make_shared<Letters>(size, ends_at);
  return reply;
}

Handler Table() {
  auto router = std::make_shared<const Router>(std::vector<Route>{
      {"POST", "/api/echo", kMaxJsonBytes, false, EchoBody},
      {"PUT", "/api/count", kMaxUpload, true, CountBody},
      {"PUT", "/api/one", kMaxUpload, true, ReadOneByte},
      {"PUT", "/api/none", kMaxUpload, true,
       [](const Request&, const PathParameters&) { return Text("unread"); }},
      {"GET", "/api/large", 0, false,
       [](const Request&, const PathParameters&) { return Stream(kMaxUpload, kMaxUpload); }},
      {"GET", "/api/broken", 0, false,
       [](const Request&, const PathParameters&) { return Stream(kMaxUpload, 100'000); }},
      {"GET", "/api/empty", 0, false,
       [](const Request&, const PathParameters&) { return Stream(0, 0); }},
      {"DELETE", "/api/gone", 0, false,
       [](const Request&, const PathParameters&) {
         Response reply;
         reply.status = 204;
         return reply;
       }},
      {"GET", "/api/where", 0, false,
       [](const Request& request, const PathParameters&) {
         return Text(StrCat(request.remote_address, request.secure ? " secure " : " plain ",
                            request.query));
       }},
  });
  return [router](const Request& request) { return router->Dispatch(request); };
}

std::string Head(const std::string& method, const std::string& path, size_t length,
                 const std::string& more = "") {
  const char* type = method == "POST" ? "application/json" : "application/octet-stream";
  return StrCat(method, " ", path, " HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n",
                "Content-Type: ", type, "\r\nContent-Length: ", length, "\r\n", more, "\r\n");
}

TEST_CASE("A JSON body arrives whole, and the connection goes on", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  for (const std::string& body : {std::string("{\"a\":1}"), std::string(kMaxJsonBytes, ' ')}) {
    client.Send(Head("POST", "/api/echo", body.size()) + body);
    const auto reply = client.Read();
    REQUIRE(reply.has_value());
    CHECK(reply->status == 200);
    CHECK(reply->body == body);
    CHECK(reply->Header("Connection").empty());
  }
}

TEST_CASE("A body that comes byte by byte is put together", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  const std::string bytes = Head("POST", "/api/echo", 5) + "hello" + kGet;
  for (char byte : bytes) client.Send({&byte, 1});
  CHECK(client.Read().value_or(Reply()).body == "hello");
  CHECK(client.Read().value_or(Reply()).status == 404);
}

TEST_CASE("A body of the route's size is taken, one byte more is refused unread",
          "[body][limits]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send(Head("PUT", "/api/count", kMaxUpload) + std::string(kMaxUpload, 'x'));
  CHECK(client.Read().value_or(Reply()).body == StrCat(kMaxUpload));
  client.Send(Head("PUT", "/api/count", kMaxUpload + 1));
  const auto refused = client.Read();
  REQUIRE(refused.has_value());
  CHECK(refused->status == 413);
  CHECK(refused->Header("Connection") == "close");
  CHECK(refused->Header("Content-Type") == kProblemType);
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("A body that a handler leaves ends the connection", "[body]") {
  Served served({}, Table());
  const std::string path = GENERATE("/api/one", "/api/none");
  CAPTURE(path);
  HttpClient client(served.port());
  client.Send(Head("PUT", path, sizeof(kGet) - 1) + kGet);
  CHECK(client.Read().value_or(Reply()).Header("Connection") == "close");
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("A body in chunks is refused and never read as a request", "[body]") {
  Served served({}, Table());
  const std::string path = GENERATE("/api/echo", "/api/count");
  const std::string method = path == "/api/echo" ? "POST" : "PUT";
  HttpClient client(served.port());
  client.Send(StrCat(method, " ", path,
                     " HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     kGet));
  CHECK(client.Read().value_or(Reply()).status == 411);
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("A client that asks first is told to go on when its body is wanted", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send(Head("PUT", "/api/count", 3, "Expect: 100-continue\r\n"));
  CHECK(client.Read(/*has_body=*/false).value_or(Reply()).status == 100);
  client.Send("abc");
  CHECK(client.Read().value_or(Reply()).body == "3");
  // Not asked again once the body is there.
  client.Send(Head("PUT", "/api/count", 3, "Expect: 100-continue\r\n") + "abc");
  CHECK(client.Read().value_or(Reply()).body == "3");
}

TEST_CASE("A client that asks first is refused without its body", "[body]") {
  Served served({}, Table());
  HttpClient large(served.port());
  large.Send(Head("PUT", "/api/count", kMaxUpload + 1, "Expect: 100-continue\r\n"));
  CHECK(large.Read().value_or(Reply()).status == 413);
  CHECK(large.EndsWithin(kLong));
  HttpClient unread(served.port());
  unread.Send(Head("PUT", "/api/none", 9, "Expect: 100-continue\r\n"));
  CHECK(unread.Read().value_or(Reply()).status == 200);
  CHECK(unread.EndsWithin(kLong));
  CHECK(StatusOf(served.port(), Head("PUT", "/api/count", 3, "Expect: 200-ok\r\n")) == 417);
}

TEST_CASE("A body has a deadline, and more time the longer it is", "[body][limits]") {
  Served served({.request_body_time = kShort, .slowest_writer = 1'000}, Table());
  const auto slow = [&](const std::string& method, const std::string& path) {
    HttpClient client(served.port());
    client.Send(Head(method, path, 900));
    for (int i = 0; i < 8; ++i) {
      client.Send("x");
      std::this_thread::sleep_for(kShort / 6);
    }
    return client.Read().value_or(Reply());
  };
  CHECK(slow("PUT", "/api/count").status == 408);
  const Reply whole = slow("POST", "/api/echo");
  CHECK(whole.status == 408);
  CHECK(whole.Header("Connection") == "close");

  HttpClient longer(served.port());
  longer.Send(Head("PUT", "/api/count", 5'000));
  std::this_thread::sleep_for(kShort * 2);
  longer.Send(std::string(5'000, 'x'));
  CHECK(longer.Read().value_or(Reply()).body == "5000");
}

TEST_CASE("A client that leaves amid its body costs nothing", "[body]") {
  Served served({}, Table());
  {
    HttpClient client(served.port());
    client.Send(Head("PUT", "/api/count", 900) + "x");
  }
  CHECK(Ask(served.port(), "GET", "/api/where").status == 200);
  CHECK(served.errors().empty());
}

TEST_CASE("A reply is streamed from its source", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send("GET /api/large HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = client.Read();
  REQUIRE(reply.has_value());
  CHECK(reply->Header("Content-Length") == StrCat(kMaxUpload));
  CHECK(reply->body == std::string(kMaxUpload, 'x'));
  client.Send("HEAD /api/large HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.Read(/*has_body=*/false).value_or(Reply()).Header("Content-Length") ==
        StrCat(kMaxUpload));
  client.Send("GET /api/empty HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto empty = client.Read();
  REQUIRE(empty.has_value());
  CHECK(empty->Header("Content-Length") == "0");
}

TEST_CASE("A source that fails ends the connection before the announced size", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send("GET /api/broken HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_FALSE(client.Read().has_value());
}

TEST_CASE("A 204 has no Content-Length, and the connection goes on", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send(
      "DELETE /api/gone HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n\r\n"
      "GET /api/where?q HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = client.Read();
  REQUIRE(reply.has_value());
  CHECK(reply->status == 204);
  CHECK_FALSE(reply->head.Find("Content-Length").has_value());
  CHECK(client.Read().value_or(Reply()).body == "127.0.0.1 plain q");
}

TEST_CASE("After an error of the API the connection goes on", "[body]") {
  Served served({}, Table());
  HttpClient client(served.port());
  client.Send("GET /api/no HTTP/1.1\r\nHost: a\r\n\r\nGET /api/where HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = client.Read();
  REQUIRE(reply.has_value());
  CHECK(reply->status == 404);
  CHECK(reply->Header("Connection").empty());
  CHECK(client.Read().value_or(Reply()).status == 200);
}

TEST_CASE("What a client says of its own address is not believed", "[body]") {
  Served served({}, Table());
  const std::string lines = GENERATE("X-Forwarded-For: 192.0.2.1\r\n", "REMOTE_ADDR: 192.0.2.1\r\n",
                                     "X-Forwarded-Proto: https\r\n", "X-Real-IP: 192.0.2.1\r\n",
                                     "Forwarded: for=192.0.2.1;proto=https\r\n");
  CAPTURE(lines);
  CHECK(Ask(served.port(), "GET", "/api/where", lines).body == "127.0.0.1 plain ");
}

TEST_CASE("A trusted proxy is believed", "[body]") {
  Served served(Table(), {.trusted_proxies = {*AddressRange::Parse("127.0.0.1")}});
  CHECK(Ask(served.port(), "GET", "/api/where",
            "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 192.0.2.1\r\n"
            "X-Forwarded-Proto: https\r\n")
            .body == "192.0.2.1 secure ");
}

TEST_CASE("Each answer is told with its request, its route and its time", "[body]") {
  std::mutex mutex;
  std::vector<std::string> told;
  Served served(Table(), {.on_answer = [&](const Answered& answered) {
                  const std::lock_guard lock(mutex);
                  const char* path =
                      answered.request == nullptr ? "none" : answered.request->path.c_str();
                  told.push_back(StrCat(path, " ", answered.reply->route, " ",
                                        answered.reply->status, " ", answered.peer->ToText(),
                                        answered.time.count() > 0 ? "" : " no time"));
                }});
  Ask(served.port(), "GET", "/api/where");
  Ask(served.port(), "GET", "/api/no");
  StatusOf(served.port(), "rubbish\r\n\r\n");
  served.Stop();
  // A reply arrives before it is told, so those of several connections are told in any order.
  std::sort(told.begin(), told.end());
  CHECK(told == std::vector<std::string>{"/api/no  404 127.0.0.1",
                                         "/api/where /api/where 200 127.0.0.1",
                                         "none  400 127.0.0.1"});
}

}  // namespace
}  // namespace insitu
