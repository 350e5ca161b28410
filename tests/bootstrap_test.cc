#include "model/bootstrap.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

TEST_CASE("A quantile lies linearly between the two nearest values", "[bootstrap]") {
  // Of 1 2 3 4: place q * 3. q = .5 -> 1.5, between 2 and 3; q = .1 -> .3, between 1 and 2.
  std::vector<double> values = {4, 1, 3, 2};
  CHECK(Quantile(0.5, values) == Approx(2.5));
  CHECK(Quantile(0.1, values) == Approx(1.3));
  CHECK(Quantile(0, values) == 1);
  CHECK(Quantile(1, values) == 4);
  std::vector<double> one = {7};
  CHECK(Quantile(0.975, one) == 7);
}

TEST_CASE("Each sample draws as many cases as there are", "[bootstrap]") {
  const Resamples resamples(9, {.samples = 500, .seed = 3});
  CHECK(resamples.size() == 500);
  std::vector<double> of_case(9);
  for (size_t sample = 0; sample < resamples.size(); ++sample) {
    const auto draws = resamples.draws(sample);
    CHECK(std::accumulate(draws.begin(), draws.end(), 0.0) == 9);
    for (size_t i = 0; i < draws.size(); ++i) of_case[i] += draws[i];
  }
  // 4500 draws, 500 expected each, deviation sqrt(4500 * 1/9 * 8/9) = 21.
  for (const double count : of_case) CHECK(count == Approx(500).margin(85));
}

TEST_CASE("A seed gives the same samples and another seed others", "[bootstrap]") {
  const auto draws = [](uint64_t seed) {
    const Resamples resamples(20, {.samples = 5, .seed = seed});
    const auto last = resamples.draws(4);
    return std::vector<double>(last.begin(), last.end());
  };
  CHECK(draws(1) == draws(1));
  CHECK(draws(1) != draws(2));
}

// The patches of all cases, each case as often as it was drawn.
std::vector<Scored> Drawn(const std::vector<Case>& cases, std::span<const double> draws) {
  std::vector<Scored> drawn;
  for (size_t i = 0; i < cases.size(); ++i) {
    for (int copy = 0; copy < static_cast<int>(draws[i]); ++copy) {
      drawn.insert(drawn.end(), cases[i].scored.begin(), cases[i].scored.end());
    }
  }
  return drawn;
}

TEST_CASE("Every sample has the measures of its patches written out", "[bootstrap]") {
  for (const int steps : {0, 20}) {  // without and with ties
    CAPTURE(steps);
    const auto cases = MadeCases(8, 7, 300, steps);
    const Resamples resamples(cases.size(), {.samples = 19, .seed = 2});  // not a multiple of 8
    std::vector<Tally> tallies;
    for (const Case& one : cases) tallies.push_back(TallyOf(one.scored));
    const auto sums = ResampledSums<Tally>(tallies, resamples);
    const auto aucs = ResampledAuc(cases, resamples);
    REQUIRE(aucs.size() == 19);
    for (size_t sample = 0; sample < resamples.size(); ++sample) {
      const Metrics expected = ComputeMetrics(Drawn(cases, resamples.draws(sample)));
      const Metrics found = MetricsOf(sums[sample], aucs[sample]);
      CHECK(found.n == expected.n);
      CHECK(*found.auc == *expected.auc);
      for (const Measure& measure : kMeasures) {
        CAPTURE(measure.name);
        CHECK(*(found.*measure.value) == Approx(*(expected.*measure.value)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("A sample of one class has no AUC", "[bootstrap]") {
  const std::vector<Case> cases = {{"a", {{0.9, true, true}}}, {"b", {{0.1, false, false}}}};
  const Resamples resamples(2, {.samples = 64, .seed = 1});
  const auto aucs = ResampledAuc(cases, resamples);
  for (size_t sample = 0; sample < aucs.size(); ++sample) {
    const bool both = resamples.draws(sample)[0] == 1;
    CHECK(aucs[sample].has_value() == both);
    if (both) CHECK(*aucs[sample] == 1);
  }
}

TEST_CASE("An interval needs the measure in nearly every sample", "[bootstrap]") {
  const Resamples resamples(5, {.samples = 100, .seed = 1});
  CHECK(PercentileInterval(std::vector<double>(95, 0.5), resamples));
  CHECK(!PercentileInterval(std::vector<double>(94, 0.5), resamples));
  CHECK(!PercentileInterval({}, resamples));
}

TEST_CASE("Two cases have an interval and a single one has none", "[bootstrap]") {
  const std::vector<double> values(100, 0.5);
  CHECK(PercentileInterval(values, Resamples(kLeastCases, {.samples = 100})));
  CHECK(!PercentileInterval(values, Resamples(kLeastCases - 1, {.samples = 100})));
  CHECK(!PercentileInterval({}, Resamples(0, {.samples = 100})));
}

// Cases of one patch each are the plain bootstrap: the mean of n coin throws has a deviation of
// sqrt(p (1 - p) / n).
TEST_CASE("The interval of a share is as wide as the binomial has it", "[bootstrap]") {
  std::vector<Tally> tallies(400);
  for (size_t i = 0; i < tallies.size(); ++i) (i % 4 == 0 ? tallies[i].fn : tallies[i].tp) = 1;
  const Resamples resamples(tallies.size(), {.samples = 4000, .seed = 7});
  const auto interval =
      IntervalOf(ResampledSums<Tally>(tallies, resamples), resamples,
                 [](const Tally& tally) { return MetricsOf(tally, {}).sensitivity; });
  const double deviation = std::sqrt(0.75 * 0.25 / 400);
  CHECK(interval->low == Approx(0.75 - 1.96 * deviation).margin(0.004));
  CHECK(interval->high == Approx(0.75 + 1.96 * deviation).margin(0.004));
}

TEST_CASE("Patches that go together by case make the interval wider", "[bootstrap]") {
  // 40 cases of 10 patches, each case all right or all wrong: as good as 40 patches.
  std::vector<Tally> tallies(40);
  for (size_t i = 0; i < tallies.size(); ++i) (i % 4 == 0 ? tallies[i].fn : tallies[i].tp) = 10;
  const Resamples resamples(tallies.size(), {.samples = 4000, .seed = 7});
  const auto interval =
      IntervalOf(ResampledSums<Tally>(tallies, resamples), resamples,
                 [](const Tally& tally) { return MetricsOf(tally, {}).sensitivity; });
  CHECK(interval->high - interval->low ==
        Approx(2 * 1.96 * std::sqrt(0.75 * 0.25 / 40)).margin(0.02));
}

}  // namespace
}  // namespace insitu
