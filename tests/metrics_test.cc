#include "model/metrics.h"

#include <catch_amalgamated.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/random.h"

namespace insitu {
namespace {

using Catch::Approx;

// tn, fp, fn, tp patches whose scores play no part.
std::vector<Scored> Counted(int tn, int fp, int fn, int tp) {
  std::vector<Scored> scored;
  const auto add = [&scored](int count, bool decision, bool truth) {
    for (int i = 0; i < count; ++i) scored.push_back({decision ? 0.9 : 0.1, decision, truth});
  };
  add(tn, false, false);
  add(fp, true, false);
  add(fn, false, true);
  add(tp, true, true);
  return scored;
}

// The definition: every positive against every negative.
double AucByPairs(std::span<const Scored> scored) {
  double wins = 0;
  double pairs = 0;
  for (const Scored& positive : scored) {
    for (const Scored& negative : scored) {
      if (!positive.truth || negative.truth) continue;
      pairs += 1;
      if (positive.score > negative.score) wins += 1;
      if (positive.score == negative.score) wins += 0.5;
    }
  }
  return wins / pairs;
}

TEST_CASE("A confusion matrix gives the measures computed by hand", "[metrics]") {
  const Metrics m = ComputeMetrics(Counted(50, 10, 5, 35));
  CHECK(m.n == 100);
  CHECK(m.confusion.tn == 50);
  CHECK(m.confusion.fp == 10);
  CHECK(m.confusion.fn == 5);
  CHECK(m.confusion.tp == 35);
  CHECK(m.accuracy.value() == Approx(0.85));
  CHECK(m.sensitivity.value() == Approx(0.875));  // 35 / 40
  CHECK(m.specificity.value() == Approx(50.0 / 60));
  CHECK(m.precision.value() == Approx(35.0 / 45));
  CHECK(m.f1.value() == Approx(70.0 / 85));
  CHECK(m.balanced_accuracy.value() == Approx((0.875 + 50.0 / 60) / 2));
}

TEST_CASE("All-negative answers on a set with positives have no precision", "[metrics]") {
  const Metrics m = ComputeMetrics(Counted(30, 0, 10, 0));
  CHECK(m.accuracy.value() == Approx(0.75));
  CHECK(m.sensitivity.value() == 0);
  CHECK(m.specificity.value() == 1);
  CHECK(m.balanced_accuracy.value() == Approx(0.5));
  CHECK(m.f1.value() == 0);
  CHECK(!m.precision.has_value());
}

TEST_CASE("A set without positives has no sensitivity, balanced accuracy or AUC", "[metrics]") {
  const Metrics m = ComputeMetrics(Counted(8, 2, 0, 0));
  CHECK(m.specificity.value() == Approx(0.8));
  CHECK(m.precision.value() == 0);
  CHECK(m.f1.value() == 0);
  CHECK(!m.sensitivity.has_value());
  CHECK(!m.balanced_accuracy.has_value());
  CHECK(!m.auc.has_value());
}

TEST_CASE("A set without negatives has no specificity, balanced accuracy or AUC", "[metrics]") {
  const Metrics m = ComputeMetrics(Counted(0, 0, 1, 3));
  CHECK(m.sensitivity.value() == Approx(0.75));
  CHECK(m.precision.value() == 1);
  CHECK(!m.specificity.has_value());
  CHECK(!m.balanced_accuracy.has_value());
  CHECK(!m.auc.has_value());
}

TEST_CASE("An empty set has no measure at all", "[metrics]") {
  const Metrics m = ComputeMetrics({});
  CHECK(m.n == 0);
  CHECK(!m.accuracy.has_value());
  CHECK(!m.f1.has_value());
  CHECK(!m.auc.has_value());
}

TEST_CASE("True negatives alone leave F1 undefined, not zero", "[metrics]") {
  CHECK(!ComputeMetrics(Counted(5, 0, 0, 0)).f1.has_value());
}

TEST_CASE("The decision, not the score, fills the confusion matrix", "[metrics]") {
  const std::vector<Scored> scored = {{0.4, true, true}, {0.6, false, false}};
  const Metrics m = ComputeMetrics(scored);
  CHECK(m.accuracy.value() == 1);
  CHECK(m.auc.value() == 0);
}

TEST_CASE("AUC of separated, reversed and equal scores is 1, 0 and one half", "[metrics]") {
  const auto auc = [](double positive, double negative) {
    return Auc(std::vector<Scored>{{positive, true, true}, {negative, true, false}}).value();
  };
  CHECK(auc(0.9, 0.1) == 1);
  CHECK(auc(0.1, 0.9) == 0);
  CHECK(auc(0.5, 0.5) == 0.5);
}

TEST_CASE("AUC counts a tie of a positive with a negative as one half", "[metrics]") {
  // Positives .8 .5 .5, negatives .5 .2: wins 2, then twice (.5 + 1), of 6 pairs.
  const std::vector<Scored> scored = {{0.8, true, true},
                                      {0.5, true, true},
                                      {0.5, true, false},
                                      {0.5, true, true},
                                      {0.2, true, false}};
  CHECK(Auc(scored).value() == Approx(5.0 / 6));
}

TEST_CASE("AUC of many tied scores equals the count over all pairs", "[metrics]") {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<Scored> scored = {{0.5, true, true}, {0.5, true, false}};
    for (int i = 0; i < 200; ++i) {
      const double score = static_cast<double>(random.Below(10)) / 10;
      scored.push_back({score, true, random.Uniform() < 0.3 + 0.4 * score});
    }
    CHECK(Auc(scored).value() == Approx(AucByPairs(scored)).margin(1e-12));
  }
}

}  // namespace
}  // namespace insitu
