#include "shared/scan_summary.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace insitu {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// A map of patches side by side, 50 pixels of 4 µm: a cell is 0.04 mm².
ScanPlan PlanOf(int columns, int rows, int stride = 50) {
  ScanPlan plan;
  plan.um_per_pixel = 4;
  plan.patch_width = plan.patch_height = 50;
  plan.stride = stride;
  plan.columns = columns;
  plan.rows = rows;
  plan.scaled_width = (columns - 1) * stride + 50 + 25;
  plan.scaled_height = (rows - 1) * stride + 50;
  return plan;
}

ModelInfo Uncertain() {
  ModelInfo info;
  info.calibration_interval.push_back({0, 0, 0.1});
  info.calibration_interval.push_back({1, 0.8, 1});
  return info;
}

// No answer in [0.25, 0.75), of numbers that a float holds.
ModelInfo Banded() {
  ModelInfo info;
  info.uncertain = UncertainBand{0.25, 0.75, 0.9};
  return info;
}

ScanSummary Summed(const ScanPlan& plan, const std::vector<float>& values,
                   const std::vector<uint8_t>& verdicts, const ModelInfo& info = {},
                   double threshold = 0.5) {
  auto summary = Summarise(plan, info, values, verdicts, threshold);
  REQUIRE(summary.ok());
  return summary.value();
}

TEST_CASE("Areas are of the cells by what they are, and the rim is what no cell covers",
          "[scan_summary]") {
  const ScanSummary summary = Summed(PlanOf(3, 2), {0.9F, kNaN, 0.1F, kNaN, kNaN, 0.5F},
                                     {0, 1, 0, kRefusedCell + 2, kOutsideRegionCell, 0});
  CHECK(summary.cell_mm2 == Catch::Approx(0.04));
  CHECK(summary.judged == 3);
  CHECK(summary.no_tissue == 1);
  CHECK(summary.refused[static_cast<size_t>(GateReason::kPen)] == 1);
  CHECK(summary.outside_region == 1);
  CHECK(summary.positive == 2);  // at the threshold is positive
  CHECK(summary.image_mm2 == Catch::Approx(175 * 100 * 16e-6));
  CHECK(summary.rim_mm2 == Catch::Approx(25 * 100 * 16e-6));
}

TEST_CASE("The positive part's bounds are of the cells whose interval lies above or reaches it",
          "[scan_summary]") {
  // Intervals: 0.64..0.82 of 0.8, 0.48..0.64 of 0.6, 0.32..0.46 of 0.4 and 0.4..0.55 of 0.5.
  const ScanSummary summary =
      Summed(PlanOf(2, 2), {0.8F, 0.6F, 0.4F, 0.5F}, {0, 0, 0, 0}, Uncertain());
  CHECK(summary.positive == 3);
  REQUIRE(summary.positive_bounds);
  CHECK((*summary.positive_bounds)[0] == 1);
  CHECK((*summary.positive_bounds)[1] == 3);
  CHECK_FALSE(Summed(PlanOf(1, 1), {0.8F}, {0}).positive_bounds);
}

TEST_CASE("A cell is uncertain from the lower edge of the model's band on and below its upper edge",
          "[scan_summary]") {
  const std::vector<float> values = {
      std::nextafter(0.25F, 0.0F), 0.25F, 0.5F, std::nextafter(0.75F, 0.0F), 0.75F, kNaN, 0.5F};
  const std::vector<uint8_t> verdicts = {0, 0, 0, 0, 0, kNoTissueCell, kOutsideRegionCell};
  const ScanSummary summary = Summed(PlanOf(7, 1), values, verdicts, Banded());
  CHECK(summary.judged == 5);
  CHECK(summary.positive == 3);  // two of them uncertain
  REQUIRE(summary.uncertain);
  CHECK(summary.uncertain->cells == 3);
  CHECK(summary.uncertain->band.low == 0.25);
  CHECK(summary.uncertain->band.high == 0.75);
  CHECK(summary.uncertain->band.coverage == 0.9);
  CHECK_FALSE(Summed(PlanOf(7, 1), values, verdicts).uncertain);
}

TEST_CASE("A threshold beyond the uncertain band widens it, one within leaves it as it is",
          "[scan_summary]") {
  const std::vector<float> values = {0.0625F, 0.125F, 0.25F, 0.5F, 0.75F, 0.875F, 1.0F};
  const auto uncertain_at = [&values](double threshold) {
    const auto summary =
        Summed(PlanOf(7, 1), values, std::vector<uint8_t>(7), Banded(), threshold).uncertain;
    REQUIRE(summary);
    return std::vector<double>{summary->band.low, summary->band.high, summary->band.coverage,
                               static_cast<double>(summary->cells)};
  };
  CHECK(uncertain_at(0.25) == std::vector<double>{0.25, 0.75, 0.9, 2});
  CHECK(uncertain_at(0.75) == std::vector<double>{0.25, 0.75, 0.9, 2});
  CHECK(uncertain_at(0.125) == std::vector<double>{0.125, 0.75, 0.9, 3});
  CHECK(uncertain_at(0.875) == std::vector<double>{0.25, 0.875, 0.9, 3});
  CHECK(uncertain_at(1) == std::vector<double>{0.25, 1, 0.9, 4});  // at 1 it is positive
}

TEST_CASE("What was refused and judged anyway can be uncertain too", "[scan_summary]") {
  const ScanSummary summary =
      Summed(PlanOf(2, 1), {0.5F, 0.5F}, {kJudgedAnywayCell + 3, kRefusedCell + 3}, Banded());
  REQUIRE(summary.uncertain);
  CHECK(summary.uncertain->cells == 1);
}

TEST_CASE("The largest focus is of cells that touch by their sides", "[scan_summary]") {
  const ScanSummary summary = Summed(PlanOf(4, 3),
                                     {0.9F, 0.1F, 0.9F, 0.9F,  //
                                      0.1F, 0.9F, 0.9F, 0.1F,  //
                                      0.9F, 0.1F, 0.1F, 0.1F},
                                     std::vector<uint8_t>(12));
  REQUIRE(summary.focus);
  CHECK(summary.focus->cells == 4);
  CHECK(summary.focus->left == 50);
  CHECK(summary.focus->top == 0);
  CHECK(summary.focus->width == 150);
  CHECK(summary.focus->height == 100);
  CHECK(summary.focus->x == Catch::Approx((125 + 175 + 75 + 125) / 4.0));
  CHECK(summary.focus->y == Catch::Approx(50));
  CHECK_FALSE(Summed(PlanOf(2, 1), {0.1F, 0.2F}, {0, 0}).focus);
}

TEST_CASE("Suspicious places are the highest whose patches do not overlap", "[scan_summary]") {
  const ScanPlan plan = PlanOf(12, 1, 10);
  std::vector<float> values;
  for (int i = 0; i < 12; ++i) values.push_back(0.9F - 0.05F * static_cast<float>(i));
  values[3] = 0.99F;
  const ScanSummary summary = Summed(plan, values, std::vector<uint8_t>(12));
  REQUIRE(summary.suspicious.size() == 2);
  CHECK(summary.suspicious[0].column == 3);
  CHECK(summary.suspicious[0].x == 55);
  CHECK(summary.suspicious[1].column == 8);
  // Cells that are not judged are none.
  const ScanSummary none = Summed(PlanOf(2, 1), {kNaN, kNaN}, {1, 2});
  CHECK(none.suspicious.empty());
}

TEST_CASE("A film's summary has the marks and the score of its map", "[scan_summary]") {
  ScanPlan plan = PlanOf(9, 1, 20);
  plan.film = true;
  const ScanSummary summary = Summed(plan, {0.1F, 0.2F, 0.1F, 0.1F, 0.1F, 0.7F, 0.1F, kNaN, kNaN},
                                     {0, 0, 0, 0, 0, 0, 0, 1, 1});
  REQUIRE(summary.marks.size() == 2);
  CHECK(summary.marks[0].column == 5);
  CHECK(summary.marks[0].probability == Catch::Approx(0.7));
  CHECK(summary.marks[1].column == 1);
  CHECK(SummaryJson(plan, summary).find("\"film\":{\"score\":0.7,\"marks\":[{") !=
        std::string::npos);
}

TEST_CASE("The summary's JSON says what there is, and null of what there is not",
          "[scan_summary]") {
  const ScanPlan plan = PlanOf(2, 1);
  const std::string json =
      SummaryJson(plan, Summed(plan, {0.75F, kNaN}, {0, kRefusedCell + 3}, Uncertain()));
  CHECK(
      json ==
      R"({"threshold":0.5,"gate":{"says_film":false,"judge_anyway":false},)"
      R"("cell":{"columns":2,"rows":1,"stride":50,"um_per_pixel":4},)"
      R"("area_mm2":{"image":0.1,"rim":0.02,"judged":0.04,"judged_anyway":{},"no_tissue":0,)"
      R"("outside_region":0,"refused":{"blur":0.04}},"positive":{"cells":1,"area_mm2":0.04,"fraction":1,)"
      R"("interval":[1,1]},"uncertain":null,"largest_focus":{"cells":1,"area_mm2":0.04,"x":25,"y":25,"left":0,)"
      R"("top":0,"width":50,"height":50},"suspicious":[{"column":0,"row":0,"x":25,"y":25,)"
      R"("probability":0.75,"interval":[0.6,0.775]}],"film":null})");
  const std::string nothing = SummaryJson(plan, Summed(plan, {kNaN, kNaN}, {1, 1}));
  CHECK(nothing.find(R"("fraction":null,"interval":null},"uncertain":null,"largest_focus":null,)"
                     R"("suspicious":[])") != std::string::npos);
}

TEST_CASE("The summary's JSON says how much is uncertain, between which edges, at which coverage",
          "[scan_summary]") {
  const ScanPlan plan = PlanOf(3, 1);
  const auto said = [&plan](const std::vector<float>& values,
                            const std::vector<uint8_t>& verdicts) {
    const std::string json = SummaryJson(plan, Summed(plan, values, verdicts, Banded()));
    const size_t from = json.find("\"uncertain\":");
    return json.substr(from, json.find(",\"largest_focus\"") - from);
  };
  CHECK(said({0.5F, 0.25F, 0.875F}, {0, 0, 0}) ==
        R"("uncertain":{"cells":2,"area_mm2":0.08,"fraction":0.666667,)"
        R"("low":0.25,"high":0.75,"coverage":0.9})");
  CHECK(said({kNaN, kNaN, kNaN}, {1, 1, 1}) ==
        R"("uncertain":{"cells":0,"area_mm2":0,"fraction":null,)"
        R"("low":0.25,"high":0.75,"coverage":0.9})");
}

TEST_CASE("What was refused and judged anyway counts as judged, and is told apart by its reason",
          "[scan_summary]") {
  ScanPlan plan = PlanOf(3, 1);
  plan.image.gate.judge_anyway = true;
  const ScanSummary summary =
      Summed(plan, {0.75F, 0.25F, kNaN}, {kJudgedAnywayCell + 3, kJudgedCell, kNoTissueCell});
  CHECK(summary.judged == 2);
  CHECK(summary.positive == 1);
  CHECK(summary.judged_anyway[static_cast<size_t>(GateReason::kBlur)] == 1);
  const std::string json = SummaryJson(plan, summary);
  CHECK(json.find(R"("judged":0.08,"judged_anyway":{"blur":0.04})") != std::string::npos);
  CHECK(json.find(R"("gate":{"says_film":false,"judge_anyway":true})") != std::string::npos);
}

TEST_CASE("A map of another size is not summed up", "[scan_summary]") {
  const std::vector<float> values(3);
  const std::vector<uint8_t> verdicts(4);
  const auto summary = Summarise(PlanOf(2, 2), {}, values, verdicts, 0.5);
  REQUIRE_FALSE(summary.ok());
  CHECK(summary.error().code == ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace insitu
