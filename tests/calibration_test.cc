#include "model/calibration.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "model/random.h"

namespace insitu {
namespace {

using Catch::Approx;

// Patches whose true log-odds, at equal classes, are scale * logit + shift; negatives are kept
// `negatives` times as often, which must not matter.
std::vector<HeldOut> Drawn(double scale, double shift, int negatives) {
  Random random(3);
  std::vector<HeldOut> held_out;
  for (int i = 0; i < 40'000; ++i) {
    const double logit = random.Uniform(-4, 4);
    const bool truth = random.Uniform() < 1 / (1 + std::exp(-(scale * logit + shift)));
    for (int copy = 0; copy < (truth ? 1 : negatives); ++copy) held_out.push_back({logit, truth});
  }
  return held_out;
}

TEST_CASE("Calibration finds the scale that the labels were drawn with", "[calibration]") {
  const Calibration c = FitCalibration(Drawn(0.5, 0, 1));
  CHECK(c.scale == Approx(0.5).margin(0.03));
  CHECK(c.shift == Approx(0).margin(0.06));
}

TEST_CASE("Calibration does not depend on how many negatives there are", "[calibration]") {
  const Calibration once = FitCalibration(Drawn(0.8, 0, 1));
  const Calibration thrice = FitCalibration(Drawn(0.8, 0, 3));
  CHECK(thrice.scale == Approx(once.scale).margin(1e-6));
  CHECK(thrice.shift == Approx(once.shift).margin(1e-6));
}

TEST_CASE("Calibration lowers the likelihood it is fitted to", "[calibration]") {
  const auto held_out = Drawn(0.3, 0.2, 1);
  CHECK(BalancedNll(held_out, FitCalibration(held_out)) < BalancedNll(held_out, {}) - 0.01);
}

TEST_CASE("Calibration reaches logits that are far off their scale", "[calibration]") {
  auto held_out = Drawn(0.5, 0, 1);
  for (HeldOut& one : held_out) one.logit = one.logit * 60 + 200;
  const Calibration c = FitCalibration(held_out);
  CHECK(c.scale == Approx(0.5 / 60).margin(0.001));
  CHECK(c.scale * 200 + c.shift == Approx(0).margin(0.1));
}

TEST_CASE("Calibration of classes that separate entirely stays finite", "[calibration]") {
  const std::vector<HeldOut> held_out = {{-2, false}, {-1, false}, {1, true}, {2, true}};
  const Calibration c = FitCalibration(held_out);
  CHECK(std::isfinite(c.scale));
  CHECK(c.scale > 1);
  CHECK(std::isfinite(c.shift));
}

TEST_CASE("F1 at the sample's own prevalence is the F1 of its confusion matrix", "[calibration]") {
  // 100 patches, 40 positive: tp 35, fn 5, tn 50, fp 10.
  CHECK(F1At(0.4, 35.0 / 40, 50.0 / 60) == Approx(70.0 / 85));
  CHECK(F1At(0.4, 0, 1) == 0);
  CHECK(F1At(0.2, 35.0 / 40, 50.0 / 60) < F1At(0.4, 35.0 / 40, 50.0 / 60));
}

TEST_CASE("The best threshold lies in the middle of its plateau", "[calibration]") {
  // Probabilities .2 and .8 with nothing between: every threshold in (.2, .8] is perfect.
  const double at = std::log(4.0);
  const std::vector<HeldOut> held_out = {{-at, false}, {at, true}};
  CHECK(BestThreshold(held_out, {}, 0.3) == Approx(0.5).margin(0.002));
}

TEST_CASE("The best threshold is higher where positives are rare", "[calibration]") {
  const auto held_out = Drawn(1, 0, 1);
  const double frequent = BestThreshold(held_out, {}, 0.5);
  CHECK(BestThreshold(held_out, {}, 0.1) > frequent + 0.05);
  CHECK(frequent < 0.5);  // F1 pays for true positives only
}

TEST_CASE("The best threshold does not depend on how many negatives were kept", "[calibration]") {
  CHECK(BestThreshold(Drawn(1, 0, 1), {}, 0.284) == BestThreshold(Drawn(1, 0, 3), {}, 0.284));
}

TEST_CASE("A patch exactly at the threshold is positive", "[calibration]") {
  const std::vector<HeldOut> held_out = {{0, true}};
  CHECK(ScoresAt(held_out, {}, 0.5)[0].decision);
  CHECK(!ScoresAt(held_out, {}, 0.501)[0].decision);
}

TEST_CASE("A baked calibration scales the last layer and shifts the positive logit",
          "[calibration]") {
  SeedWeights weights;
  weights.dense2 = {1, 2, 3, 4};
  weights.dense2_bias = {1, 2};
  BakeCalibration({0.5, 0.25}, &weights);
  CHECK(weights.dense2 == std::vector<float>{0.5, 1, 1.5, 2});
  CHECK(weights.dense2_bias == std::vector<float>{0.5, 1.25});
}

}  // namespace
}  // namespace insitu
