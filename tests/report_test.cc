#include "model/report.h"

#include <catch_amalgamated.hpp>
#include <sstream>

#include "tests/made_scores.h"

namespace insitu {
namespace {

Report MadeReport(const std::vector<Case>& cases) {
  Report report;
  report.model_id = "made";
  report.threshold = 0.6;
  report.data_name = "cases";
  report.cases = cases;
  report.evaluation = EvaluateCases(cases, {.thresholds = {0.6},
                                            .prevalence = 0.3,
                                            .uncertain = StatedBand{0.4, 0.7, 0.9},
                                            .bootstrap = {.samples = 100, .seed = 2}});
  return report;
}

TEST_CASE("A report tells the model's kind and points where they are known", "[report]") {
  Report report = MadeReport(MadeCases(1, 4, 50));
  CHECK(ReportJson(report)["model"] == Json{{"id", "made"}, {"sha256", ""}});
  report.model_kind = "histology";
  report.operating_points = {{"screen", 0.125, 0.95, 0.5}};
  const Json model = ReportJson(report)["model"];
  CHECK(model["kind"] == "histology");
  REQUIRE(model["operating_points"].size() == 1);
  CHECK(
      model["operating_points"][0] ==
      Json{{"name", "screen"}, {"threshold", 0.125}, {"sensitivity", 0.95}, {"specificity", 0.5}});
}

TEST_CASE("A report has every measure with its interval", "[report]") {
  const Json json = ReportJson(MadeReport(MadeCases(1, 10, 500)));
  for (const Measure& measure : kMeasures) {
    const std::string name(measure.name);
    CAPTURE(name);
    CHECK(json["pooled"][name].is_number());
    CHECK(json["cases"]["1000"][name].is_number());
    REQUIRE(json["intervals"][name].size() == 2);
    CHECK(json["intervals"][name][0] < json["intervals"][name][1]);
  }
  CHECK(json["intervals"]["mean_case_auc"].size() == 2);
  CHECK(json["bootstrap"] == Json{{"samples", 100}, {"seed", 2}});
  CHECK(json["data"]["name"] == "cases");
  CHECK(json["data"]["cases"] == 10);
  CHECK(json["data"]["patches"] == json["pooled"]["n"]);
  CHECK(json["at_prevalence"]["intervals"]["ppv"].size() == 2);
  CHECK(json["uncertain"]["coverage_stated"] == 0.9);
  CHECK(json["uncertain"]["intervals"]["covered_positive"].size() == 2);
  CHECK(json["reliability"].size() == kReliabilityBins);
  CHECK(json["curve"].front()["sensitivity"] == 1);
  CHECK(json["curve"].back()["specificity"] == 1);
}

TEST_CASE("A report says null of what has no value and leaves out what was not asked", "[report]") {
  Report report;
  report.cases = {{"a", {{0.2, false, false}}}};
  report.evaluation = EvaluateCases(report.cases, {});
  const Json json = ReportJson(report);
  CHECK(json["pooled"]["auc"].is_null());
  CHECK(json["pooled"]["specificity"] == 1);
  CHECK(json["intervals"]["auc"].is_null());
  CHECK(json["intervals"]["specificity"].is_null());
  CHECK(json["mean_case_auc"].is_null());
  CHECK(json["curve"][0]["sensitivity"].is_null());
  CHECK(!json.contains("at_prevalence"));
  CHECK(!json.contains("uncertain"));
}

TEST_CASE("A report names files from the data's folder on", "[report]") {
  for (const char* folder : {"/home/a/patches", "/home/a/patches/"}) {
    Report report = MadeReport(MadeCases(1, 2, 20));
    report.folder = folder;
    report.errors = {
        {"/home/a/patches/8/0/8_x.png",
         "8",
         {ErrorCode::kInvalidArgument,
          "It has the name of /home/a/patches/7/8/0/8_x.png but different contents."}}};
    const Json error = ReportJson(report)["errors"][0];
    CHECK(error["file"] == "8/0/8_x.png");
    CHECK(error["message"] == "It has the name of 7/8/0/8_x.png but different contents.");
  }
}

TEST_CASE("A report's text is its JSON, a case in a line", "[report]") {
  const Json json = ReportJson(MadeReport(MadeCases(1, 10, 500)));
  const std::string text = ReportText(json);
  CHECK(Json::parse(text) == json);
  CHECK(text.find("\n    \"1003\": {\"n\":") != std::string::npos);
  CHECK(text.ends_with("]\n}\n"));
  CHECK(ReportText(Json::object()) == "{}\n");
}

TEST_CASE("A report for people names intervals, bins and other operating points", "[report]") {
  std::ostringstream out;
  PrintReport(out, MadeReport(MadeCases(1, 10, 500)));
  for (const char* expected :
       {"BAC", "bootstrap over cases (100 samples, seed 2)", "Where 30.0 % are positive",
        "made to cover 0.9", "Reliability", "Other operating points, 21 of the"}) {
    CAPTURE(expected);
    CHECK(out.str().find(expected) != std::string::npos);
  }
}

}  // namespace
}  // namespace insitu
