#include "model/operating_point.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "model/random.h"

namespace insitu {
namespace {

using Catch::Approx;

double Logit(double p) { return std::log(p / (1 - p)); }

// Patches of `cases` cases whose probabilities are calibrated, 20 a case.
std::vector<HeldOut> Calibrated(size_t cases, uint64_t seed) {
  Random random(seed);
  std::vector<HeldOut> held_out;
  for (size_t i = 0; i < cases * 20; ++i) {
    const double logit = random.Uniform(-4, 4);
    const bool truth = random.Uniform() < Calibration{}.Probability(logit);
    held_out.push_back({logit, truth, i % cases});
  }
  return held_out;
}

TEST_CASE("Rates are shares of the weights of each class", "[operating_point]") {
  const std::vector<HeldOut> held_out = {
      {1, true, 0, 3}, {-1, true, 0, 1}, {-1, false, 0, 2}, {1, false, 0, 6}};
  const Rates rates = RatesAt(held_out, {}, 0.5);
  CHECK(rates.sensitivity == Approx(0.75));
  CHECK(rates.specificity == Approx(0.25));
  CHECK(rates.balanced_accuracy() == Approx(0.5));
}

TEST_CASE("F1 at the sample's own prevalence is the F1 of its confusion matrix",
          "[operating_point]") {
  // 100 patches, 40 positive: tp 35, fn 5, tn 50, fp 10.
  const Rates rates = {35.0 / 40, 50.0 / 60};
  CHECK(F1At(0.4, rates) == Approx(70.0 / 85));
  CHECK(F1At(0.4, {0, 1}) == 0);
  CHECK(F1At(0.2, rates) < F1At(0.4, rates));
}

TEST_CASE("The balanced threshold lies in the middle of its plateau", "[operating_point]") {
  // Probabilities .2 and .8 with nothing between: every threshold in (.2, .8] is perfect.
  const std::vector<HeldOut> held_out = {{Logit(0.2), false}, {Logit(0.8), true}};
  const auto points = ChooseOperatingPoints(held_out, {}, 0.3);
  REQUIRE(points.size() == 3);
  CHECK(std::string(points[1].name) == "balanced");
  CHECK(points[1].threshold == Approx(0.5).margin(0.002));
  CHECK(points[0].threshold == Approx(0.799).margin(0.0011));  // the greatest that finds all
  CHECK(points[2].threshold == Approx(0.201).margin(0.0011));  // the least that calls none wrongly
}

TEST_CASE("Screening finds .95 of the positives and confirming spares .95 of the negatives",
          "[operating_point]") {
  const auto held_out = Calibrated(200, 3);
  const auto points = ChooseOperatingPoints(held_out, {}, 0.5);
  CHECK(std::string(points[0].name) == "screen");
  CHECK(points[0].sensitivity >= 0.95);
  CHECK(RatesAt(held_out, {}, points[0].threshold + 0.001).sensitivity < 0.95);
  CHECK(std::string(points[2].name) == "confirm");
  CHECK(points[2].specificity >= 0.95);
  CHECK(RatesAt(held_out, {}, points[2].threshold - 0.001).specificity < 0.95);
  CHECK(points[0].threshold < points[1].threshold);
  CHECK(points[1].threshold < points[2].threshold);
}

TEST_CASE("The balanced threshold is higher where positives are rare", "[operating_point]") {
  const auto held_out = Calibrated(200, 3);
  const double frequent = ChooseOperatingPoints(held_out, {}, 0.5)[1].threshold;
  CHECK(ChooseOperatingPoints(held_out, {}, 0.1)[1].threshold > frequent + 0.05);
  CHECK(frequent < 0.5);  // F1 pays for true positives only
}

TEST_CASE("An interval holds the probability, rises with it and narrows with more cases",
          "[operating_point]") {
  const auto width = [](size_t cases) {
    const auto points = CalibrationInterval(Calibrated(cases, 5), {}, 1);
    REQUIRE(points.size() == 21);
    for (size_t i = 0; i < points.size(); ++i) {
      CHECK(points[i].probability == Approx(0.05 * static_cast<double>(i)));
      CHECK(points[i].low <= points[i].probability);
      CHECK(points[i].high >= points[i].probability);
      if (i > 0) CHECK(points[i].low >= points[i - 1].low);
      if (i > 0) CHECK(points[i].high >= points[i - 1].high);
    }
    return points[10].high - points[10].low;
  };
  CHECK(width(200) < width(10) * 0.5);
}

TEST_CASE("The same seed gives the same interval", "[operating_point]") {
  const auto held_out = Calibrated(12, 5);
  const auto low = [&held_out](uint64_t seed) {
    return CalibrationInterval(held_out, {}, seed)[10].low;
  };
  CHECK(low(1) == low(1));
  CHECK(low(1) != low(2));
}

TEST_CASE("Answers outside the uncertain band hold for .9 of the patches of new cases",
          "[operating_point]") {
  const UncertainBand band = ChooseUncertainBand(Calibrated(300, 7), {}, 0.9, 0.5);
  REQUIRE(band.low < band.high);
  CHECK(band.coverage == 0.9);
  double positives = 0, negatives = 0, kept_positives = 0, kept_negatives = 0;
  for (const HeldOut& one : Calibrated(300, 8)) {
    const double p = Calibration{}.Probability(one.logit);
    (one.truth ? positives : negatives) += 1;
    if (one.truth && p >= band.low) kept_positives += 1;
    if (!one.truth && p < band.high) kept_negatives += 1;
  }
  CHECK(kept_positives / positives > 0.88);
  CHECK(kept_negatives / negatives > 0.88);
}

TEST_CASE("So few cases that one more could be anything make everything uncertain",
          "[operating_point]") {
  // Of 9 cases and the unknown one, 9 in 10 reach .9 exactly; of 8 none do.
  const auto of = [](size_t cases) {
    std::vector<HeldOut> held_out;
    for (size_t i = 0; i < cases; ++i) {
      held_out.push_back({Logit(0.4), true, i});
      held_out.push_back({Logit(0.6), false, i});
    }
    return ChooseUncertainBand(held_out, {}, 0.89, 0.5);
  };
  CHECK(of(9).low == Approx(0.4));
  CHECK(of(9).high == Approx(0.6));
  CHECK(of(8).low == 0);
  CHECK(of(8).high == 1);
}

TEST_CASE("Classes far apart leave nothing uncertain", "[operating_point]") {
  std::vector<HeldOut> held_out;
  for (size_t i = 0; i < 20; ++i) {
    held_out.push_back({5, true, i});
    held_out.push_back({-5, false, i});
  }
  const UncertainBand band = ChooseUncertainBand(held_out, {}, 0.9, 0.4);
  CHECK(band.low == 0.4);
  CHECK(band.high == 0.4);
}

}  // namespace
}  // namespace insitu
