// Who is served, who waits and who is turned away, over real sockets.
#include "backend/worker_pool.h"

#include <catch_amalgamated.hpp>
#include <memory>
#include <vector>

#include "tests/http_client.h"
#include "tests/served.h"

namespace insitu {
namespace {

TEST_CASE("An idle connection gives its thread to one that waits", "[worker_pool][limits]") {
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

TEST_CASE("So many connections are held in all", "[worker_pool][limits]") {
  Served served({.workers = 1, .max_connections = 2, .idle_time_under_load = kLong});
  HttpClient first(served.port());
  first.Send(kGet);
  REQUIRE(first.Read().has_value());
  HttpClient second(served.port());
  HttpClient third(served.port());
  CHECK(third.EndsWithin(kLong));
  CHECK_FALSE(second.EndsWithin(kShort));
}

TEST_CASE("One address holds so many connections, another is not touched",
          "[worker_pool][limits]") {
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

TEST_CASE("Behind a proxy all connections come from one address", "[worker_pool][limits]") {
  Served served({.max_connections_per_address = 0});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (size_t i = 0; i < kMaxConnectionsPerAddress + 1; ++i) {
    clients.push_back(std::make_unique<HttpClient>(served.port()));
    clients.back()->Send(kGet);
    CHECK(clients.back()->Read().value_or(Reply()).status == 200);
  }
}

TEST_CASE("Many slow clients do not keep out the others", "[worker_pool][limits]") {
  Served served({.workers = 4, .request_head_time = kLong, .idle_time_under_load = kShort});
  std::vector<std::unique_ptr<HttpClient>> slow;
  slow.reserve(kMaxConnectionsPerAddress);
  for (size_t i = 0; i < kMaxConnectionsPerAddress; ++i) {
    slow.push_back(std::make_unique<HttpClient>(served.port()));
  }
  HttpClient other(served.port(), "127.0.0.2");
  other.Send(kGet);
  CHECK(other.Read().value_or(Reply()).status == 200);
}

}  // namespace
}  // namespace insitu
