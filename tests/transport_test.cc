#include "backend/transport.h"

#include <catch_amalgamated.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/security_headers.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"
#include "tests/served.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

Response NotModified(const Request&) {
  Response reply;
  reply.status = 304;
  return reply;
}

TEST_CASE("A request is answered over a real socket", "[transport]") {
  Served served;
  const Reply reply = Ask(served.port(), "GET", "/a%20b?q");
  CHECK(reply.status == 200);
  CHECK(reply.body == "GET /a b");
  CHECK(reply.Header("Content-Type") == "text/plain");
  CHECK(reply.Header("Content-Length") == "8");
  CHECK_THAT(reply.Header("Date"), ContainsSubstring(" GMT"));
  CHECK(reply.Header("Server").empty());
}

TEST_CASE("HEAD gets the headers of GET without the body", "[transport]") {
  Served served;
  HttpClient client(served.port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto reply = client.Read(/*has_body=*/false);
  REQUIRE(reply.has_value());
  CHECK(reply->status == 200);
  CHECK(reply->Header("Content-Length") == "7");
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("Every reply carries the security headers", "[transport]") {
  Served served({}, [](const Request& request) -> Response {
    if (request.path == "/fault") throw std::runtime_error("broken");
    if (request.path == "/nothing") return ErrorReply(404);
    if (request.path == "/same") return NotModified(request);
    return Hello(request);
  });
  const auto [bytes, status] = GENERATE(table<std::string, int>({
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200},
      {"GET /same HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 304},
      {"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"GET /fault HTTP/1.1\r\nHost: a\r\n\r\n", 500},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\n\r\n", 505},
      {"rubbish\r\n\r\n", 400},
  }));
  HttpClient client(served.port());
  client.Send(bytes);
  const auto reply = client.Read();
  REQUIRE(reply.has_value());
  CHECK(reply->status == status);
  for (const Header& header : SecurityHeaders()) {
    CAPTURE(header.name);
    CHECK(reply->Header(header.name) == header.value);
  }
  CHECK(reply->Header("Content-Security-Policy") == kClosedPolicy);
  CHECK(reply->Header("X-Frame-Options") == "DENY");
}

TEST_CASE("A reply keeps a policy of its own, and has only that", "[transport]") {
  Served served({}, [](const Request& request) {
    Response reply = Hello(request);
    reply.headers = {{"Content-Security-Policy", "default-src 'self'"}};
    return reply;
  });
  CHECK(Ask(served.port(), "GET", "/").Header("Content-Security-Policy") == "default-src 'self'");
}

TEST_CASE("A 304 has neither a body nor a length", "[transport]") {
  Served served({}, NotModified);
  const Reply reply = Ask(served.port(), "GET", "/");
  CHECK(reply.status == 304);
  CHECK_FALSE(reply.head.Find("Content-Length").has_value());
}

TEST_CASE("A range is not cut out, and a malformed one does no harm", "[transport]") {
  Served served;
  for (const char* range : {"bytes=0-1", "bytes=90-99", "bytes=0-0,2-2", "bytes=x"}) {
    CAPTURE(range);
    const Reply reply = Ask(served.port(), "GET", "/", StrCat("Range: ", range, "\r\n"));
    CHECK(reply.status == 200);
    CHECK(reply.body == "GET /");
  }
}

TEST_CASE("Headers that the library acts on by itself do not reach it", "[transport]") {
  Served served;
  const std::string lines =
      GENERATE("Expect: 100-continue\r\n", "Accept: ;;;q=\r\n", "X-Forwarded-For: ,,\r\n",
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n"
               "Sec-WebSocket-Version: 13\r\n",
               "REMOTE_ADDR: 1.2.3.4\r\n");
  CAPTURE(lines);
  CHECK(Ask(served.port(), "GET", "/", lines).status == 200);
}

TEST_CASE("Each dangerous request gets one reply and the end of its connection", "[transport]") {
  Served served;
  const auto [bytes, status] = GENERATE(table<std::string, int>({
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  2\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\n\r\n"
       "GET /smuggled HTTP/1.1\r\nHost: a\r\nX: yyyyyy\r\n\r\n",
       200},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + std::string(kGet),
       200},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"GET / HTTP/1.1\r\nX: " + std::string(kMaxRequestHeadBytes, 'a'), 431},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
  }));
  CAPTURE(bytes.substr(0, 100));
  CHECK(StatusOf(served.port(), bytes) == status);
}

TEST_CASE("A body that comes later is not taken for a request", "[transport]") {
  Served served;
  HttpClient client(served.port());
  client.Send(
      StrCat("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ", sizeof(kGet) - 1, "\r\n\r\n"));
  CHECK(client.Read().has_value());
  client.Send(kGet);
  CHECK_FALSE(client.Read().has_value());
}

TEST_CASE("Pipelined requests are answered in turn", "[transport]") {
  Served served;
  HttpClient client(served.port());
  client.Send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTT");
  CHECK(client.Read().value_or(Reply()).body == "GET /1");
  CHECK(client.Read(/*has_body=*/false).value_or(Reply()).status == 200);
  client.Send("P/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.Read().value_or(Reply()).body == "GET /3");
}

TEST_CASE("A client that asks for the end of the connection gets it", "[transport]") {
  Served served;
  for (const char* head :
       {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    HttpClient client(served.port());
    client.Send(head);
    CHECK(client.Read().value_or(Reply()).Header("Connection") == "close");
    CHECK(client.EndsWithin(kLong));
  }
}

TEST_CASE("An exception in a handler is a 500 and a line in the error log", "[transport]") {
  Served served({}, [](const Request&) -> Response { throw std::runtime_error("the reason"); });
  const Reply reply = Ask(served.port(), "GET", "/");
  CHECK(reply.status == 500);
  CHECK(reply.body.find("the reason") == std::string::npos);
  REQUIRE(served.errors().size() == 1);
  CHECK_THAT(served.errors()[0], ContainsSubstring("the reason"));
}

TEST_CASE("A port that is taken is refused in one sentence", "[transport]") {
  Served served;
  Transport second(Hello, [](std::string_view) {});
  const Status bound = second.Bind("127.0.0.1", served.port());
  REQUIRE_FALSE(bound.ok());
  CHECK_THAT(bound.error().message, ContainsSubstring("already listens"));
}

TEST_CASE("An address that is not this machine's is refused", "[transport]") {
  Transport transport(Hello, [](std::string_view) {});
  const Status bound = transport.Bind("192.0.2.1", 0);  // of RFC 5737, for documentation
  REQUIRE_FALSE(bound.ok());
  CHECK_THAT(bound.error().message, ContainsSubstring("Cannot listen"));
}

TEST_CASE("A stop before, and again after serving does no harm", "[transport]") {
  Transport transport(Hello, [](std::string_view) {});
  REQUIRE(transport.Bind("127.0.0.1", 0).ok());
  transport.Stop();
  CHECK(transport.Serve());
  transport.Stop();
  Transport unserved(Hello, [](std::string_view) {});
  CHECK(unserved.Bind("127.0.0.1", 0).ok());
}

TEST_CASE("Many clients at once all get their own replies", "[transport]") {
  Served served;
  constexpr int kClients = 16;
  constexpr int kRequests = 50;
  std::vector<int> right(kClients);
  std::vector<std::thread> threads;
  threads.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      HttpClient client(served.port());
      for (int j = 0; j < kRequests; ++j) {
        const std::string path = StrCat("/", i, "/", j);
        client.Send(StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
        right[static_cast<size_t>(i)] += client.Read().value_or(Reply()).body == "GET " + path;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(kClients, kRequests));
}

}  // namespace
}  // namespace insitu
