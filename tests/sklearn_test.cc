// The same random patches measured by scikit-learn, Debian's python3-sklearn, which
// `cmake/setup.sh run test` installs.
#include <catch_amalgamated.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "model/curve.h"
#include "model/decimal_text.h"
#include "model/metrics.h"
#include "shared/str_cat.h"
#include "tests/made_scores.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Approx;
using Values = std::map<std::string, double>;

constexpr int kExact = 17;  // digits that give every double back
constexpr double kTolerance = 1e-12;

Values MeasuredByScikitLearn(const std::vector<Scored>& scored,
                             const std::vector<double>& thresholds) {
  const TemporaryFolder folder;
  const std::string in = folder.path() / "patches.txt";
  const std::string out = folder.path() / "measures.txt";
  std::ofstream file(in);
  for (const double threshold : thresholds) file << DecimalText(threshold, kExact) << ' ';
  for (const Scored& one : scored) {
    file << '\n' << DecimalText(one.score, kExact) << ' ' << one.decision << ' ' << one.truth;
  }
  file.close();
  const auto script = std::filesystem::path(__FILE__).parent_path() / "sklearn_metrics.py";
  const std::string command =
      StrCat("/usr/bin/python3 '", script.string(), "' <'", in, "' >'", out, "'");
  INFO("Needs Debian's python3-sklearn: cmake/setup.sh run test");
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT: words of our own
  Values values;
  std::ifstream measures(out);
  std::string name;
  double value = 0;
  while (measures >> name >> value) values[name] = value;
  return values;
}

void Agree(const Values& expected, const std::string& name, const std::optional<double>& value) {
  CAPTURE(name);
  const auto found = expected.find(name);
  REQUIRE(value.has_value() == (found != expected.end()));
  if (value) CHECK(*value == Approx(found->second).epsilon(kTolerance).margin(kTolerance));
}

void AgreeWithScikitLearn(const std::vector<Scored>& scored) {
  const std::vector<Case> cases = {{"all", scored}};
  auto thresholds = CurveThresholds(cases, std::vector<double>{0.6});
  const auto curve = ComputeCurve(cases, thresholds, Resamples(1, {.samples = 1}));
  const Values expected = MeasuredByScikitLearn(scored, thresholds);
  const Metrics metrics = ComputeMetrics(scored);
  for (const Measure& measure : kMeasures) {
    Agree(expected, std::string(measure.name), metrics.*measure.value);
  }
  for (size_t i = 0; i < curve.size(); ++i) {
    Agree(expected, StrCat("sensitivity@", i), curve[i].sensitivity);
    Agree(expected, StrCat("specificity@", i), curve[i].specificity);
    Agree(expected, StrCat("precision@", i), curve[i].precision);
  }
}

TEST_CASE("scikit-learn measures the same of random patches", "[sklearn]") {
  AgreeWithScikitLearn(MadeScores({.seed = 1, .patches = 5000}));
  AgreeWithScikitLearn(MadeScores({.seed = 2, .patches = 700, .positives = 0.05}));
  AgreeWithScikitLearn(MadeScores({.seed = 3, .patches = 3000, .calibrated = true}));
}

// Steps that fall on no edge between bins but 0 and 1: scikit-learn puts those below the edge.
TEST_CASE("scikit-learn measures the same where scores are tied", "[sklearn]") {
  AgreeWithScikitLearn(MadeScores({.seed = 4, .patches = 2000, .steps = 64}));
  AgreeWithScikitLearn(MadeScores({.seed = 5, .patches = 300, .steps = 4}));
}

TEST_CASE("scikit-learn leaves out the same measures of one class", "[sklearn]") {
  AgreeWithScikitLearn(MadeScores({.seed = 6, .patches = 40, .positives = 0}));
  AgreeWithScikitLearn(MadeScores({.seed = 7, .patches = 40, .positives = 1}));
}

}  // namespace
}  // namespace insitu
