#include "backend/transport.h"

#include <catch_amalgamated.hpp>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/security_headers.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::milliseconds;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// Longer than what a deadline under test could be late by on a loaded machine.
constexpr milliseconds kShort{300};
constexpr milliseconds kLong{8'000};

Response Hello(const Request& request) {
  Response reply;
  reply.content_type = "text/plain";
  reply.body = std::make_shared<const std::string>(StrCat(request.method, " ", request.path));
  return reply;
}

Response NotModified(const Request&) {
  Response reply;
  reply.status = 304;
  return reply;
}

// A transport that serves on a free port for as long as it lives.
class Served {
 public:
  explicit Served(const TransportLimits& limits = {}, Handler handler = Hello)
      : transport_(
            std::move(handler),
            [this](std::string_view message) {
              const std::lock_guard lock(mutex_);
              errors_.emplace_back(message);
            },
            limits) {
    const Status bound = transport_.Bind("127.0.0.1", 0);
    if (!bound.ok()) FAIL(bound.error().message);
    thread_ = std::thread([this] { ended_well_ = transport_.Serve(); });
  }
  ~Served() { Stop(); }

  int port() const { return transport_.port(); }
  std::vector<std::string> errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }
  bool Stop() {
    transport_.Stop();
    if (thread_.joinable()) thread_.join();
    return ended_well_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> errors_;
  Transport transport_;
  std::thread thread_;
  bool ended_well_ = false;
};

// A reply larger than the socket buffers of both sides, so that its reader sets the pace.
Handler Large() {
  constexpr size_t kBytes = size_t{24} << 20;
  return [body = std::make_shared<const std::string>(kBytes, 'x')](const Request&) {
    Response reply;
    reply.content_type = "text/plain";
    reply.body = body;
    return reply;
  };
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

TEST_CASE("A connection carries so many requests", "[transport][limits]") {
  Served served({.max_requests_per_connection = 2});
  HttpClient client(served.port());
  client.Send(kGet);
  CHECK(client.Read().value_or(Reply()).Header("Connection").empty());
  client.Send(kGet);
  CHECK(client.Read().value_or(Reply()).Header("Connection") == "close");
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("A head that comes byte by byte has a deadline", "[transport][limits]") {
  Served served({.request_head_time = kShort});
  HttpClient slow(served.port());
  HttpClient first(served.port());
  const std::string_view head(kGet);
  first.Send(head.substr(0, 9));
  first.Send(head.substr(9));
  CHECK(first.Read().value_or(Reply()).status == 200);
  for (size_t i = 0; i < 8; ++i) {
    slow.Send(head.substr(i, 1));
    std::this_thread::sleep_for(kShort / 6);
  }
  CHECK(slow.Read().value_or(Reply()).status == 408);

  // The second head on a connection has its own time, from its first byte.
  first.Send(head.substr(0, 9));
  CHECK(first.Read().value_or(Reply()).status == 408);
}

TEST_CASE("A connection without a request ends after its time", "[transport][limits]") {
  Served served({.request_head_time = kShort, .idle_time = kShort});
  HttpClient silent(served.port());
  CHECK_FALSE(silent.EndsWithin(kShort / 3));
  CHECK(silent.EndsWithin(kLong));

  HttpClient idle(served.port());
  idle.Send(kGet);
  REQUIRE(idle.Read().has_value());
  CHECK_FALSE(idle.EndsWithin(kShort / 3));
  CHECK(idle.EndsWithin(kLong));
}

TEST_CASE("An idle connection gives its thread to one that waits", "[transport][limits]") {
  Served served({.workers = 1, .idle_time = kLong * 10, .idle_time_under_load = kShort});
  HttpClient idle(served.port());
  idle.Send(kGet);
  REQUIRE(idle.Read().has_value());
  CHECK_FALSE(idle.EndsWithin(kShort * 2));  // nobody waits
  HttpClient waiting(served.port());
  waiting.Send(kGet);
  CHECK(waiting.Read().value_or(Reply()).status == 200);
  CHECK(idle.EndsWithin(kLong));
}

TEST_CASE("So many connections are held in all", "[transport][limits]") {
  Served served({.workers = 1, .max_connections = 2, .idle_time_under_load = kLong});
  HttpClient first(served.port());
  first.Send(kGet);
  REQUIRE(first.Read().has_value());
  HttpClient second(served.port());
  HttpClient third(served.port());
  CHECK(third.EndsWithin(kLong));
  CHECK_FALSE(second.EndsWithin(kShort));
}

TEST_CASE("One address holds so many connections, another is not touched", "[transport][limits]") {
  Served served({.max_connections_per_address = 2});
  HttpClient first(served.port());
  HttpClient third(served.port());
  {
    HttpClient second(served.port());
    HttpClient beyond(served.port());
    CHECK(beyond.EndsWithin(kLong));
    HttpClient other(served.port(), "127.0.0.2");
    other.Send(kGet);
    CHECK(other.Read().value_or(Reply()).status == 200);
  }
  for (HttpClient* held : {&first, &third}) {
    held->Send(kGet);
    CHECK(held->Read().value_or(Reply()).status == 200);
  }
}

TEST_CASE("Behind a proxy all connections come from one address", "[transport][limits]") {
  Served served({.max_connections_per_address = 0});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (size_t i = 0; i < kMaxConnectionsPerAddress + 1; ++i) {
    clients.push_back(std::make_unique<HttpClient>(served.port()));
    clients.back()->Send(kGet);
    CHECK(clients.back()->Read().value_or(Reply()).status == 200);
  }
}

TEST_CASE("A reply that nobody takes is given up", "[transport][limits]") {
  Served served({.reply_time = kShort, .slowest_reader = size_t{1} << 30}, Large());
  HttpClient client(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  client.Send(kGet);
  std::this_thread::sleep_for(kShort * 4);
  CHECK_FALSE(client.Read().has_value());
}

TEST_CASE("A reply has more time the longer it is", "[transport][limits]") {
  Served served({.reply_time = kShort, .slowest_reader = size_t{1} << 20}, Large());
  HttpClient client(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  client.Send(kGet);
  std::this_thread::sleep_for(kShort * 4);
  CHECK(client.Read().value_or(Reply()).body.size() == size_t{24} << 20);
}

TEST_CASE("A stop lets replies under way end, for a time", "[transport][limits]") {
  Served served({.stop_time = kShort * 4}, Large());
  HttpClient reader(served.port(), "127.0.0.1", /*receive_buffer=*/65'536);
  HttpClient sleeper(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  HttpClient idle(served.port());
  reader.Send(kGet);
  sleeper.Send(kGet);
  std::this_thread::sleep_for(kShort);
  std::thread reading(
      [&] { CHECK(reader.Read().value_or(Reply()).body.size() == size_t{24} << 20); });
  const auto start = std::chrono::steady_clock::now();
  CHECK(served.Stop());
  CHECK(std::chrono::steady_clock::now() - start < kLong);
  reading.join();
  CHECK_FALSE(sleeper.Read().has_value());
  CHECK(idle.EndsWithin(kLong));
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

TEST_CASE("What follows a refused request does not lose the reply", "[transport][limits]") {
  Served served({.max_linger_bytes = size_t{8} << 20});
  HttpClient client(served.port());
  client.Send("rubbish\n");
  CHECK(client.Send(std::string(size_t{4} << 20, 'x')));
  CHECK(client.Read().value_or(Reply()).status == 400);
}

TEST_CASE("A refused client is listened to for so long and so much", "[transport][limits]") {
  const auto ends = [](const TransportLimits& limits, size_t bytes, milliseconds wait) {
    Served served(limits);
    HttpClient client(served.port());
    client.Send("rubbish\n");
    REQUIRE(client.Read().has_value());
    client.Send(std::string(bytes, 'x'));
    std::this_thread::sleep_for(wait);
    client.Send("x");  // is answered with a reset once the socket is closed
    std::this_thread::sleep_for(kShort / 3);
    return !client.Send("x");
  };
  constexpr size_t kMuch = size_t{1} << 16;
  CHECK(ends({.linger_time = kShort}, 0, kShort * 2));
  CHECK(ends({.linger_time = kLong, .max_linger_bytes = kMuch}, kMuch, kShort));
  CHECK_FALSE(ends({.linger_time = kLong, .max_linger_bytes = kMuch * 2}, kMuch, kShort));
}

TEST_CASE("Many slow clients do not keep out the others", "[transport][limits]") {
  Served served({.workers = 4, .request_head_time = kLong, .idle_time_under_load = kShort});
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (size_t i = 0; i < kMaxConnectionsPerAddress; ++i) {
    slow.push_back(std::make_unique<HttpClient>(served.port()));
  }
  HttpClient other(served.port(), "127.0.0.2");
  other.Send(kGet);
  CHECK(other.Read().value_or(Reply()).status == 200);
}

TEST_CASE("Many clients at once all get their own replies", "[transport]") {
  Served served;
  constexpr int kClients = 16;
  constexpr int kRequests = 50;
  std::vector<int> right(kClients);
  std::vector<std::thread> threads;
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
