#include "model/curve.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

std::vector<Case> OneCase(std::vector<Scored> scored) { return {{"a", std::move(scored)}}; }

TEST_CASE("A curve has the points worked by hand", "[curve]") {
  // Negatives .1 .6, positives .4 .9. Thresholds between: .25 .5 .75, and both ends.
  const auto cases =
      OneCase({{.1, false, false}, {.6, true, false}, {.4, false, true}, {.9, true, true}});
  const auto thresholds = CurveThresholds(cases, {});
  REQUIRE(thresholds == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  const auto curve = ComputeCurve(cases, thresholds, Resamples(1, {.samples = 10}));
  const std::vector<double> sensitivity = {1, 1, 0.5, 0.5, 0};
  const std::vector<double> specificity = {0, 0.5, 0.5, 1, 1};
  for (size_t i = 0; i < curve.size(); ++i) {
    CHECK(curve[i].sensitivity == sensitivity[i]);
    CHECK(curve[i].specificity == specificity[i]);
  }
  CHECK(curve[0].precision == 0.5);
  CHECK(*curve[1].precision == Approx(2.0 / 3));
  CHECK(curve[3].precision == 1);
  CHECK(!curve[4].precision);
  CHECK(!curve[0].sensitivity_interval);  // of a single case
}

TEST_CASE("A curve ends where all and where nothing is called positive", "[curve]") {
  // A score of 1 is at or above 1, so the upper end lies just above.
  for (const double highest : {0.9, 1.0}) {
    const auto cases = OneCase({{0, false, false}, {0.3, false, true}, {highest, true, true}});
    const auto thresholds = CurveThresholds(cases, {});
    CHECK(thresholds.back() >= 1);
    CHECK(thresholds.back() < 1 + 1e-15);
    const auto curve = ComputeCurve(cases, thresholds, Resamples(1, {.samples = 1}));
    CHECK(curve.front().sensitivity == 1);
    CHECK(curve.front().specificity == 0);
    CHECK(curve.back().sensitivity == 0);
    CHECK(curve.back().specificity == 1);
  }
}

TEST_CASE("A curve of many scores has about 200 points, close to each other", "[curve]") {
  const auto cases = OneCase(MadeScores({.seed = 4, .patches = 20'000, .calibrated = true}));
  const auto thresholds = CurveThresholds(cases, {});
  CHECK(thresholds.size() >= kCurvePoints);
  CHECK(thresholds.size() <= kCurvePoints + 2);
  const auto curve = ComputeCurve(cases, thresholds, Resamples(1, {.samples = 1}));
  for (size_t i = 1; i < curve.size(); ++i) {
    CHECK(curve[i - 1].threshold < curve[i].threshold);
    CHECK(curve[i - 1].sensitivity >= curve[i].sensitivity);
    CHECK(curve[i - 1].specificity <= curve[i].specificity);
    const double step = (*curve[i - 1].sensitivity - *curve[i].sensitivity) +
                        (*curve[i].specificity - *curve[i - 1].specificity);
    CHECK(step < 2.1 / kCurvePoints);
  }
}

TEST_CASE("The area under the curve's points is close to the AUC", "[curve]") {
  const auto cases = OneCase(MadeScores({.seed = 6, .patches = 5000}));
  const auto curve = ComputeCurve(cases, CurveThresholds(cases, {}), Resamples(1, {.samples = 1}));
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    area += (*curve[i].specificity - *curve[i - 1].specificity) *
            (*curve[i].sensitivity + *curve[i - 1].sensitivity) / 2;
  }
  CHECK(area == Approx(*Auc(cases[0].scored)).margin(0.001));
}

TEST_CASE("A curve has the point in force, with the measures that are reported", "[curve]") {
  const auto cases = MadeCases(9, 12, 2000);
  const double in_force = 0.6;
  const auto thresholds = CurveThresholds(cases, std::vector<double>{in_force});
  const auto curve = ComputeCurve(cases, thresholds, Resamples(12, {.samples = 200}));
  const auto point = std::find_if(curve.begin(), curve.end(), [&](const CurvePoint& candidate) {
    return candidate.threshold == in_force;
  });
  REQUIRE(point != curve.end());
  std::vector<Scored> all;
  for (const Case& one : cases) all.insert(all.end(), one.scored.begin(), one.scored.end());
  const Metrics metrics = ComputeMetrics(all);
  CHECK(point->sensitivity == metrics.sensitivity);
  CHECK(point->specificity == metrics.specificity);
  CHECK(point->precision == metrics.precision);
  CHECK(point->sensitivity_interval->low < *point->sensitivity);
  CHECK(point->sensitivity_interval->high > *point->sensitivity);
  CHECK(point->precision_interval->low < *point->precision);
}

TEST_CASE("Thresholds lie between two scores and are short", "[curve]") {
  const auto cases = OneCase(
      {{0.12345678901, false, false}, {0.12999999999, true, true}, {0.13000000001, true, true}});
  const auto thresholds = CurveThresholds(cases, {});
  REQUIRE(thresholds.size() == 4);
  CHECK(thresholds[1] == 0.127);
  CHECK(thresholds[2] == 0.13);
}

TEST_CASE("A curve without a patch has both ends and no measures", "[curve]") {
  const auto thresholds = CurveThresholds({}, {});
  CHECK(thresholds == std::vector<double>{0, 1});
  const auto curve = ComputeCurve({}, thresholds, Resamples(0, {}));
  CHECK(!curve[0].sensitivity);
  CHECK(!curve[0].sensitivity_interval);
}

}  // namespace
}  // namespace insitu
