#include "model/reliability.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

std::vector<ReliabilityBin> BinsOf(const std::vector<Case>& cases) {
  std::vector<Tally> tallies;
  Tally pooled;
  for (const Case& one : cases) {
    tallies.push_back(TallyOf(one.scored));
    pooled.Add(tallies.back(), 1);
  }
  const Resamples resamples(cases.size(), {.samples = 400});
  return Reliability(pooled, ResampledSums<Tally>(tallies, resamples), resamples);
}

TEST_CASE("Wilson's interval is the one worked by hand", "[reliability]") {
  // 8 of 10, z = 1.96: (.8 + 3.8416/20) / 1.38416 = .71674 centre;
  // 1.96 / 1.38416 * sqrt(.016 + 3.8416/400) = .22657 half.
  const Interval interval = WilsonInterval(8, 10);
  CHECK(interval.low == Approx(0.4902).margin(1e-4));
  CHECK(interval.high == Approx(0.9433).margin(1e-4));
  // 0 of n: from 0 to z^2 / (n + z^2).
  CHECK(WilsonInterval(0, 20).low == 0);
  CHECK(WilsonInterval(0, 20).high == Approx(3.8415 / 23.8415).margin(1e-4));
  CHECK(WilsonInterval(20, 20).high == 1);
}

TEST_CASE("Bins cover all probabilities and hold all patches", "[reliability]") {
  const auto cases = MadeCases(3, 30, 5000);
  const auto bins = BinsOf(cases);
  REQUIRE(bins.size() == kReliabilityBins);
  CHECK(bins.front().low == 0);
  CHECK(bins.back().high == 1);
  int64_t n = 0;
  double error = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (i > 0) CHECK(bins[i].low == bins[i - 1].high);
    CHECK(*bins[i].mean_probability >= bins[i].low);
    CHECK(*bins[i].mean_probability <= bins[i].high);
    CHECK(bins[i].interval->low <= *bins[i].observed);
    CHECK(bins[i].interval->high >= *bins[i].observed);
    n += bins[i].n;
    error +=
        static_cast<double>(bins[i].n) * std::abs(*bins[i].mean_probability - *bins[i].observed);
  }
  std::vector<Scored> all;
  for (const Case& one : cases) all.insert(all.end(), one.scored.begin(), one.scored.end());
  CHECK(n == static_cast<int64_t>(all.size()));
  CHECK(error / static_cast<double>(n) == Approx(*ComputeMetrics(all).ece));
}

TEST_CASE("An empty bin has no share and no interval", "[reliability]") {
  const auto bins = BinsOf({{"a", {{0.5, false, true}}}, {"b", {{0.5, false, false}}}});
  CHECK(bins[0].n == 0);
  CHECK(!bins[0].mean_probability);
  CHECK(!bins[0].observed);
  CHECK(!bins[0].interval);
  CHECK(bins[7].observed == 0.5);
}

TEST_CASE("A bin whose patches are all alike is not certain", "[reliability]") {
  // 20 cases of one negative patch at .5: the bootstrap alone would say [0, 0].
  std::vector<Case> cases;
  for (int i = 0; i < 20; ++i) cases.push_back({std::to_string(i), {{0.5, false, false}}});
  const auto bin = BinsOf(cases)[7];
  CHECK(bin.observed == 0);
  CHECK(bin.interval->low == 0);
  CHECK(bin.interval->high == Approx(WilsonInterval(0, 20).high));
}

TEST_CASE("Patches that go together by case make a bin's interval wider than Wilson's",
          "[reliability]") {
  std::vector<Case> cases;
  for (int i = 0; i < 20; ++i) {
    cases.push_back({std::to_string(i), std::vector<Scored>(50, {0.5, false, i % 2 == 0})});
  }
  const auto bin = BinsOf(cases)[7];
  const Interval wilson = WilsonInterval(500, 1000);
  CHECK(bin.interval->low < wilson.low - 0.1);
  CHECK(bin.interval->high > wilson.high + 0.1);
}

TEST_CASE("A bin that only one of many cases has is left without an interval", "[reliability]") {
  auto cases = MadeCases(3, 30, 3000, 2);  // scores 0, .5 and 1
  CHECK(BinsOf(cases)[7].interval);
  cases[4].scored.push_back({0.3, false, false});
  const auto bin = BinsOf(cases)[4];
  CHECK(bin.n == 1);
  CHECK(!bin.interval);
}

}  // namespace
}  // namespace insitu
