#include "model/gate/gate_fit.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "model/gate/gate_table.h"
#include "model/gate/logistic.h"
#include "model/random.h"
#include "tests/make_image.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

GateImage Measured(const Image& image, const std::string& family, GateReason reason, int group) {
  GateImage measured;
  measured.family = measured.variant = family;
  measured.group = std::to_string(group);
  measured.reason = reason;
  measured.makes = measured.tests = true;
  const DensityTable table;
  for (int i = 0; i < TileCount(image); ++i) measured.tiles.push_back(MeasureTile(image, table, i));
  measured.film = MeasureFilm(image);
  measured.as_histology = JudgeImage(image, ImageKind::kHistology);
  return measured;
}

// Right tissue, blurred tissue and smooth pictures.
std::vector<GateImage> MadeImages() {
  std::vector<GateImage> images;
  for (int i = 0; i < 100; ++i) {
    const Image tissue = TissueImage(50, 50, static_cast<uint32_t>(i));
    images.push_back(Measured(tissue, "right", GateReason::kNone, i));
    if (i < 30) images.push_back(Measured(Blurred(tissue, 2), "blur", GateReason::kBlur, i));
    if (i < 30) {
      const Image picture = SmoothImage(50 + i, 60, 3);
      images.push_back(Measured(picture, "picture", GateReason::kPhotograph, i));
    }
  }
  return images;
}

double RefusedShare(const std::vector<GateImage>& images, const std::string& family,
                    const FittedGate& gate) {
  double refused = 0;
  double count = 0;
  for (const GateImage& image : images) {
    if (image.family != family) continue;
    count += 1;
    if (ImageOdds(image, gate.model(), GatePart::kTissue) < 0) refused += 1;
  }
  return refused / count;
}

TEST_CASE("A logistic regression finds the odds that made its examples", "[gate_fit]") {
  Random random(1);
  std::vector<Example> examples;
  for (int i = 0; i < 20000; ++i) {
    const std::vector<double> x = {random.Uniform(-2, 2), random.Uniform(-2, 2)};
    const double p = 1 / (1 + std::exp(-(1.5 * x[0] - 0.5 * x[1] + 0.25)));
    examples.push_back({x, random.Uniform() < p, 1});
  }
  const std::vector<double> weights = FitLogistic(examples, 1e-3);
  REQUIRE(weights.size() == 3);
  CHECK(weights[0] == Catch::Approx(1.5).margin(0.08));
  CHECK(weights[1] == Catch::Approx(-0.5).margin(0.06));
  CHECK(weights[2] == Catch::Approx(0.25).margin(0.06));
  CHECK(LogOdds(weights, std::vector<double>{1, 1}) ==
        Catch::Approx(weights[0] + weights[1] + weights[2]));
}

TEST_CASE("Examples that can be told apart do not send the weights to infinity", "[gate_fit]") {
  std::vector<Example> examples;
  for (int i = 0; i < 20; ++i) examples.push_back({{i < 10 ? -1.0 : 1.0}, i >= 10, 1});
  const std::vector<double> weights = FitLogistic(examples, 1);
  CHECK(std::isfinite(weights[0]));
  CHECK(weights[0] > 1);
  CHECK(weights[0] < 10);
}

TEST_CASE("A fitted gate refuses its share of right images, and a family it never saw",
          "[gate_fit]") {
  const std::vector<GateImage> images = MadeImages();
  const FittedGate gate = FitGate(images, GatePart::kTissue, "");
  CHECK(RefusedShare(images, "right", gate) == Catch::Approx(kRefused).margin(0.011));
  CHECK(RefusedShare(images, "blur", gate) == 1);
  const FittedGate without = FitGate(images, GatePart::kTissue, "blur");
  CHECK(RefusedShare(images, "blur", without) > 0.9);
}

TEST_CASE("The same images give the same parameters", "[gate_fit]") {
  const std::vector<GateImage> images = MadeImages();
  const auto header = [&images] {
    const FittedGate gate = FitGate(images, GatePart::kTissue, "");
    return ParametersHeader(gate, gate, FitReasons(images, gate.model()));
  };
  const std::string text = header();
  CHECK(text == header());
  CHECK(text.find("kTissueGate") != std::string::npos);
  CHECK(text.find("kReasonWeights") != std::string::npos);
}

TEST_CASE("A share's interval is wider for few groups and never leaves 0 to 1", "[gate_fit]") {
  const auto of = [](size_t groups, double counted) {
    return ShareOf(std::vector<GroupCount>(groups, {counted, 10}));
  };
  const Share none = of(5, 0);
  CHECK(none.value == 0);
  CHECK(none.low == Catch::Approx(0).margin(1e-12));
  CHECK(none.high == Catch::Approx(0.4345).margin(1e-3));  // Wilson's for 0 of 5
  CHECK(of(50, 10).low > of(5, 10).low);
  std::vector<GroupCount> mixed;
  for (int i = 0; i < 40; ++i) mixed.push_back({i % 4 == 0 ? 10.0 : 0.0, 10});
  const Share quarter = ShareOf(mixed);
  CHECK(quarter.value == 0.25);
  CHECK(quarter.low == Catch::Approx(0.125).margin(0.03));  // of 40 drawn groups, not of 400 images
  CHECK(quarter.high == Catch::Approx(0.4).margin(0.03));
}

TEST_CASE("The table tells right rows from wrong ones and how the family fares without it",
          "[gate_fit]") {
  const std::vector<GateRow> rows =
      GateTable(MadeImages(), GatePart::kTissue, Refit::kWithoutEachFamily);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].variant == "right");
  CHECK(rows[0].right);
  CHECK_FALSE(rows[0].held_out);
  CHECK(rows[1].variant == "blur");
  CHECK_FALSE(rows[1].right);
  REQUIRE(rows[1].held_out);
  CHECK(rows[1].images == 30);
  CHECK(TableText(rows).find("| blur | 30 | 30 |") != std::string::npos);
  CHECK(TableJson(rows).size() == 3);
}

TEST_CASE("Without a refit the table has the same rows but for what a fit would say, of any images",
          "[gate_fit]") {
  const std::vector<GateImage> images = MadeImages();
  Json refitted = TableJson(GateTable(images, GatePart::kTissue, Refit::kWithoutEachFamily));
  for (Json& row : refitted) row.erase("refused_held_out");
  CHECK(TableJson(GateTable(images, GatePart::kTissue, Refit::kNever)) == refitted);

  const std::vector<GateImage> blurred = {images[1]};
  REQUIRE(blurred[0].family == "blur");
  const std::vector<GateRow> rows = GateTable(blurred, GatePart::kTissue, Refit::kNever);
  REQUIRE(rows.size() == 1);
  CHECK_FALSE(rows[0].right);
  CHECK_FALSE(rows[0].held_out);
}

}  // namespace
}  // namespace insitu
