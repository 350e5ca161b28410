#include "model/evaluation.h"

#include <catch_amalgamated.hpp>
#include <chrono>
#include <iostream>

#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

TEST_CASE("Every measure lies in its interval", "[evaluation]") {
  const auto evaluation =
      EvaluateCases(MadeCases(1, 30, 4000),
                    {.thresholds = {0.6}, .prevalence = 0.3, .uncertain = {}, .bootstrap = {}});
  for (size_t i = 0; i < kMeasures.size(); ++i) {
    CAPTURE(kMeasures[i].name);
    const double value = *(evaluation.pooled.*kMeasures[i].value);
    REQUIRE(evaluation.intervals[i]);
    CHECK(evaluation.intervals[i]->low < value);
    CHECK(evaluation.intervals[i]->high > value);
    CHECK(evaluation.intervals[i]->high - evaluation.intervals[i]->low < 0.2);
  }
  CHECK(evaluation.cases_with_auc == 30);
  CHECK(evaluation.mean_case_auc_interval->low < *evaluation.mean_case_auc);
  CHECK(evaluation.mean_case_auc_interval->high > *evaluation.mean_case_auc);
  REQUIRE(evaluation.at_prevalence);
  for (size_t i = 0; i < kPrevalenceMeasures.size(); ++i) {
    CAPTURE(kPrevalenceMeasures[i].name);
    const double value = *(evaluation.at_prevalence->metrics.*kPrevalenceMeasures[i].value);
    CHECK(evaluation.at_prevalence->intervals[i]->low < value);
    CHECK(evaluation.at_prevalence->intervals[i]->high > value);
  }
  CHECK(!evaluation.uncertain);
}

TEST_CASE("The 95 % interval of AUC holds the true AUC about as often as it says", "[evaluation]") {
  // Scores as in MadeScores without shift: positives uniform on [.15, 1] with the rest at 1,
  // negatives on [0, .85] with the rest at 0; the truth is taken from a large sample.
  const double truth = *Auc(MadeScores({.seed = 99, .patches = 400'000}));
  int held = 0;
  constexpr int kTrials = 200;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<Case> cases;
    for (int i = 0; i < 40; ++i) {
      const auto seed = static_cast<uint64_t>(trial * 1000 + i);
      cases.push_back({std::to_string(i), MadeScores({.seed = seed, .patches = 15})});
    }
    const Resamples resamples(cases.size(), {.samples = 200, .seed = 1});
    const auto interval = IntervalOf(ResampledAuc(cases, resamples), resamples,
                                     [](const std::optional<double>& auc) { return auc; });
    if (interval->low <= truth && truth <= interval->high) ++held;
  }
  // 190 expected of 200, deviation 3; percentile intervals of few cases hold a little less.
  CHECK(held >= 176);
  CHECK(held <= 199);
}

TEST_CASE("An evaluation is the same from the same seed", "[evaluation]") {
  const auto cases = MadeCases(1, 12, 800);
  const auto evaluate = [&](uint64_t seed) {
    return EvaluateCases(cases, {.thresholds = {},
                                 .prevalence = {},
                                 .uncertain = {},
                                 .bootstrap = {.samples = 200, .seed = seed}})
        .intervals[0];
  };
  CHECK(evaluate(5)->low == evaluate(5)->low);
  CHECK(evaluate(5)->low != evaluate(6)->low);
}

TEST_CASE("Cases of one class have no AUC and do not count in the mean", "[evaluation]") {
  const std::vector<Case> cases = {{"a", {{0.2, false, false}, {0.7, true, true}}},
                                   {"b", {{0.3, false, false}}}};
  const auto evaluation = EvaluateCases(cases, {});
  CHECK(evaluation.cases_with_auc == 1);
  CHECK(evaluation.mean_case_auc == 1);
  CHECK(!evaluation.cases[1].auc);
  CHECK(evaluation.cases[1].n == 1);
  // A quarter of the samples draw "b" alone and have no AUC at all.
  CHECK(!evaluation.mean_case_auc_interval);
}

TEST_CASE("Of no case nothing is reported", "[evaluation]") {
  const auto evaluation = EvaluateCases({}, {.thresholds = {0.5},
                                             .prevalence = 0.3,
                                             .uncertain = StatedBand{0.4, 0.6, 0.9},
                                             .bootstrap = {}});
  CHECK(evaluation.pooled.n == 0);
  CHECK(!evaluation.mean_case_auc);
  CHECK(!evaluation.at_prevalence->metrics.ppv);
  CHECK(!evaluation.uncertain->shares.covered);
}

// build/native has no tests, so this is of a build with -O2 and by name only.
TEST_CASE("How long the whole public release takes", "[.speed]") {
  const auto cases = MadeCases(1, 279, 277'524);
  const auto start = std::chrono::steady_clock::now();
  const auto evaluation = EvaluateCases(cases, {.thresholds = {0.6},
                                                .prevalence = 0.3,
                                                .uncertain = StatedBand{0.4, 0.6, 0.9},
                                                .bootstrap = {}});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << evaluation.pooled.n << " patches of 279 cases, " << evaluation.bootstrap.samples
            << " samples: " << seconds.count() << " s\n";
  CHECK(seconds.count() < 10);
}

}  // namespace
}  // namespace insitu
