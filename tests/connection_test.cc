// The deadlines of one connection, over real sockets.
#include "backend/connection.h"

#include <catch_amalgamated.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "tests/http_client.h"
#include "tests/served.h"

namespace insitu {
namespace {

using std::chrono::milliseconds;

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

TEST_CASE("A connection carries so many requests", "[connection][limits]") {
  Served served({.max_requests_per_connection = 2});
  HttpClient client(served.port());
  client.Send(kGet);
  CHECK(client.Read().value_or(Reply()).Header("Connection").empty());
  client.Send(kGet);
  CHECK(client.Read().value_or(Reply()).Header("Connection") == "close");
  CHECK(client.EndsWithin(kLong));
}

TEST_CASE("A head that comes byte by byte has a deadline", "[connection][limits]") {
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

TEST_CASE("A connection without a request ends after its time", "[connection][limits]") {
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

TEST_CASE("A reply that nobody takes is given up", "[connection][limits]") {
  Served served({.reply_time = kShort, .slowest_reader = size_t{1} << 30}, Large());
  HttpClient client(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  client.Send(kGet);
  std::this_thread::sleep_for(kShort * 4);
  CHECK_FALSE(client.Read().has_value());
}

TEST_CASE("A reply has more time the longer it is", "[connection][limits]") {
  Served served({.reply_time = kShort, .slowest_reader = size_t{1} << 20}, Large());
  HttpClient client(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  client.Send(kGet);
  std::this_thread::sleep_for(kShort * 4);
  CHECK(client.Read().value_or(Reply()).body.size() == size_t{24} << 20);
}

TEST_CASE("A stop does not wait for idle connections", "[connection]") {
  Served served({.request_head_time = kLong * 2, .idle_time = kLong * 2, .stop_time = kLong * 2});
  HttpClient silent(served.port());
  HttpClient idle(served.port());
  idle.Send(kGet);
  REQUIRE(idle.Read().has_value());
  const auto start = std::chrono::steady_clock::now();
  CHECK(served.Stop());
  CHECK(std::chrono::steady_clock::now() - start < kLong);
  CHECK(idle.EndsWithin(kLong));
  CHECK(silent.EndsWithin(kLong));
}

TEST_CASE("A stop lets replies under way end, for a time", "[connection][limits]") {
  Served served({.stop_time = kShort * 8}, Large());
  HttpClient reader(served.port(), "127.0.0.1", /*receive_buffer=*/1 << 20);
  HttpClient sleeper(served.port(), "127.0.0.1", /*receive_buffer=*/4'096);
  HttpClient idle(served.port());
  reader.Send(kGet);
  sleeper.Send(kGet);
  std::this_thread::sleep_for(kShort);
  size_t taken = 0;  // checked by this thread: Catch2's macros are not for several
  std::thread reading([&] { taken = reader.Read().value_or(Reply()).body.size(); });
  const auto start = std::chrono::steady_clock::now();
  CHECK(served.Stop());
  CHECK(std::chrono::steady_clock::now() - start < kLong);
  reading.join();
  CHECK(taken == size_t{24} << 20);
  CHECK_FALSE(sleeper.Read().has_value());
  CHECK(idle.EndsWithin(kLong));
}

TEST_CASE("What follows a refused request does not lose the reply", "[connection][limits]") {
  Served served({.max_linger_bytes = size_t{8} << 20});
  HttpClient client(served.port());
  client.Send("rubbish\n");
  CHECK(client.Send(std::string(size_t{4} << 20, 'x')));
  CHECK(client.Read().value_or(Reply()).status == 400);
}

TEST_CASE("A refused client is listened to for so long and so much", "[connection][limits]") {
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

}  // namespace
}  // namespace insitu
