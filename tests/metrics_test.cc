#include "backend/metrics.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <thread>
#include <vector>

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("Counters are written with their labels", "[metrics]") {
  Registry registry;
  Counters& counters = registry.AddCounters("x_total", "Things.", {"route", "status"});
  counters.Add({"/a", "200"});
  counters.Add({"/a", "200"}, 2);
  counters.Add({"/b\"\\\n", "404"});
  CHECK(counters.Get({"/a", "200"}) == 3);
  CHECK(counters.Get({"/a", "500"}) == 0);
  CHECK(registry.Text() ==
        "# HELP x_total Things.\n# TYPE x_total counter\n"
        "x_total{route=\"/a\",status=\"200\"} 3\n"
        "x_total{route=\"/b\\\"\\\\\\n\",status=\"404\"} 1\n");
}

TEST_CASE("A counter without labels is there from the start", "[metrics]") {
  Registry registry;
  Counters& counter = registry.AddCounters("x_total", "Things.");
  CHECK_THAT(registry.Text(), ContainsSubstring("\nx_total 0\n"));
  counter.Add();
  CHECK_THAT(registry.Text(), ContainsSubstring("\nx_total 1\n"));
}

TEST_CASE("A gauge is asked when it is read", "[metrics]") {
  Registry registry;
  double value = 1;
  registry.AddGauge("depth", "Waiting.", [&] { return value; });
  CHECK_THAT(registry.Text(), ContainsSubstring("# TYPE depth gauge\ndepth 1\n"));
  value = 2.5;
  CHECK_THAT(registry.Text(), ContainsSubstring("\ndepth 2.5\n"));
}

TEST_CASE("A histogram counts what is up to each bound", "[metrics]") {
  Registry registry;
  Histogram& histogram = registry.AddHistogram("t_seconds", "Time.");
  for (double seconds : {0.001, 0.0011, 0.3, 99.0}) histogram.Observe(seconds);
  const std::string text = registry.Text();
  CHECK_THAT(text, ContainsSubstring("t_seconds_bucket{le=\"0.001\"} 1\n"));
  CHECK_THAT(text, ContainsSubstring("t_seconds_bucket{le=\"0.0025\"} 2\n"));
  CHECK_THAT(text, ContainsSubstring("t_seconds_bucket{le=\"10\"} 3\n"));
  CHECK_THAT(text, ContainsSubstring("t_seconds_bucket{le=\"+Inf\"} 4\n"));
  CHECK_THAT(text, ContainsSubstring("t_seconds_sum 99.3021\n"));
  CHECK_THAT(text, ContainsSubstring("t_seconds_count 4\n"));
}

TEST_CASE("Nothing is lost when many threads count", "[metrics]") {
  Registry registry;
  Counters& counters = registry.AddCounters("x_total", "Things.", {"a"});
  Histogram& histogram = registry.AddHistogram("t_seconds", "Time.");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        counters.Add({"b"});
        histogram.Observe(1);
        if (j % 100 == 0) (void)registry.Text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counters.Get({"b"}) == 4'000);
  CHECK_THAT(registry.Text(), ContainsSubstring("t_seconds_sum 4000\n"));
}

TEST_CASE("The page of metrics is what Prometheus reads", "[metrics]") {
  Registry registry;
  const ServerMetrics metrics(&registry);
  metrics.logins.Add({"accepted"});
  const Response page = MetricsPage(registry);
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(*page.body, ContainsSubstring("insitu_logins_total{outcome=\"accepted\"} 1\n") &&
                             ContainsSubstring("# TYPE insitu_request_seconds histogram\n"));
}

}  // namespace
}  // namespace insitu
