#include "model/calibration.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "model/random.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Approx;

// Patches whose true log-odds are scale * logit + shift; each is there once, weighing `weight` when
// it is negative, or, by copies, as often.
std::vector<HeldOut> Drawn(double scale, double shift, int copies = 1, double weight = 1) {
  Random random(3);
  std::vector<HeldOut> held_out;
  for (int i = 0; i < 40'000; ++i) {
    const double logit = random.Uniform(-4, 4);
    const bool truth = random.Uniform() < 1 / (1 + std::exp(-(scale * logit + shift)));
    for (int copy = 0; copy < (truth ? 1 : copies); ++copy) {
      held_out.push_back({logit, truth, 0, truth ? 1 : weight});
    }
  }
  return held_out;
}

TEST_CASE("Calibration finds the scale that the labels were drawn with", "[calibration]") {
  const Calibration c = FitCalibration(Drawn(0.5, 0));
  CHECK(c.scale == Approx(0.5).margin(0.03));
  CHECK(c.shift == Approx(0).margin(0.06));
}

TEST_CASE("A negative that weighs three counts as three of them do", "[calibration]") {
  const Calibration thrice = FitCalibration(Drawn(0.8, 0, 3));
  const Calibration weighed = FitCalibration(Drawn(0.8, 0, 1, 3));
  CHECK(weighed.scale == Approx(thrice.scale).margin(1e-6));
  CHECK(weighed.shift == Approx(thrice.shift).margin(1e-6));
  CHECK(weighed.shift == Approx(-std::log(3.0)).margin(0.1));
}

TEST_CASE("Calibration lowers the likelihood it is fitted to", "[calibration]") {
  const auto held_out = Drawn(0.3, 0.2, 1);
  CHECK(Nll(held_out, FitCalibration(held_out)) < Nll(held_out, {}) - 0.01);
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

TEST_CASE("A calibration error is the mean distance of bins from what is observed",
          "[calibration]") {
  // Two patches at .75, one positive; two at .25, none positive: (.25 + .25) / 2.
  const double at = std::log(3.0);
  const std::vector<HeldOut> held_out = {{at, true}, {at, false}, {-at, false}, {-at, false}};
  CHECK(CalibrationError(held_out, {}) == Approx(0.25));
  CHECK(CalibrationError({{{100, true}, {-100, false}}}, {}) == Approx(0).margin(1e-9));
}

TEST_CASE("Without counts, patches of a label weigh alike and labels as their prevalence",
          "[calibration]") {
  std::vector<HeldOut> held_out = {{0, true, 0}, {0, false, 0}, {0, false, 1}, {0, false, 1}};
  REQUIRE(Weigh({}, {"1", "2"}, 0.25, &held_out).ok());
  for (const HeldOut& one : held_out) CHECK(one.weight == Approx(0.25));
}

TEST_CASE("With counts, cases weigh alike and a case's labels as often as it has them",
          "[calibration]") {
  // Case 1: 10 % positive, two patches of each at hand; case 2: one negative, 100 % negative.
  std::vector<HeldOut> held_out = {
      {0, true, 0}, {0, true, 0}, {0, false, 0}, {0, false, 0}, {0, false, 1}};
  const CaseCounts counts = {{"1", {900, 100}}, {"2", {50, 0}}};
  REQUIRE(Weigh(counts, {"1", "2"}, 0.05, &held_out).ok());
  CHECK(held_out[0].weight == Approx(0.025));
  CHECK(held_out[2].weight == Approx(0.225));
  CHECK(held_out[4].weight == Approx(0.5));
}

TEST_CASE("Counts that lack a case, or a label that is there, are refused by its id",
          "[calibration]") {
  std::vector<HeldOut> held_out = {{0, true, 0}, {0, false, 0}};
  for (const CaseCounts& counts : {CaseCounts{{"7", {1, 1}}}, CaseCounts{{"1", {1, 0}}}}) {
    const Status status = Weigh(counts, {"1"}, 0.5, &held_out);
    REQUIRE(!status.ok());
    CHECK(status.error().message.find("case 1") != std::string::npos);
  }
}

TEST_CASE("Counts are read after a heading, and a line that is none is named", "[calibration]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "counts.csv";
  const auto read = [&path](const std::string& text) {
    std::ofstream(path) << text;
    return ReadCaseCounts(path);
  };
  const auto counts = read("case_id,n0,n1\r\n12,3,4\r\n\n13,0,5\n");
  REQUIRE(counts.ok());
  CHECK(counts.value() == CaseCounts{{"12", {3, 4}}, {"13", {0, 5}}});
  for (const char* line : {"12", "12,3", ",3,4", "12,3,x", "12,-1,4", "12,3,4\n12,3,4"}) {
    const auto bad = read(std::string("heading\n") + line);
    REQUIRE(!bad.ok());
    CHECK(bad.error().message.find(", line ") != std::string::npos);
  }
}

TEST_CASE("A patch exactly at the threshold is positive", "[calibration]") {
  const std::vector<HeldOut> held_out = {{0, true}};
  CHECK(ScoresAt(held_out, {}, 0.5)[0].decision);
  CHECK(!ScoresAt(held_out, {}, 0.501)[0].decision);
}

TEST_CASE("A baked calibration scales the last layer and shifts the positive logit",
          "[calibration]") {
  NetworkWeights weights;
  weights.layers = {{{}, {7}, {7}}, {{}, {1, 2, 3, 4}, {1, 2}}};
  BakeCalibration({0.5, 0.25}, &weights);
  CHECK(weights.layers[0].weight == std::vector<float>{7});
  CHECK(weights.layers[1].weight == std::vector<float>{0.5, 1, 1.5, 2});
  CHECK(weights.layers[1].bias == std::vector<float>{0.5, 1.25});
}

}  // namespace
}  // namespace insitu
