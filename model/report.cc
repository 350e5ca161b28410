#include "model/report.h"

#include <cmath>

namespace insitu {
namespace {

// Objects and arrays this deep are written in one line: a case, a bin, a point of the curve.
constexpr size_t kDepthOfLines = 2;

Json Rounded(double value) { return std::round(value * 1e6) / 1e6; }
Json Rounded(const std::optional<double>& value) { return value ? Rounded(*value) : Json(); }
Json Rounded(const std::optional<Interval>& interval) {
  if (!interval) return {};
  return Json::array({Rounded(interval->low), Rounded(interval->high)});
}

// The text with its paths from the folder on.
std::string Below(std::string folder, std::string text) {
  if (!folder.ends_with('/')) folder += '/';
  for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
    text.erase(at, folder.size());
  }
  return text;
}

Json ModelJson(const Report& report) {
  Json model = {{"id", report.model_id}, {"sha256", report.model_sha256}};
  if (report.model_kind.empty()) return model;
  model["kind"] = report.model_kind;
  model["operating_points"] = Json::array();
  for (const OperatingPoint& point : report.operating_points) {
    model["operating_points"].push_back({{"name", point.name},
                                         {"threshold", point.threshold},
                                         {"sensitivity", point.sensitivity},
                                         {"specificity", point.specificity}});
  }
  return model;
}

Json MetricsJson(const Metrics& m) {
  const Confusion& c = m.confusion;
  return {{"n", m.n},
          {"accuracy", OrNull(m.accuracy)},
          {"balanced_accuracy", OrNull(m.balanced_accuracy)},
          {"sensitivity", OrNull(m.sensitivity)},
          {"specificity", OrNull(m.specificity)},
          {"precision", OrNull(m.precision)},
          {"f1", OrNull(m.f1)},
          {"auc", OrNull(m.auc)},
          {"confusion", {{"tn", c.tn}, {"fp", c.fp}, {"fn", c.fn}, {"tp", c.tp}}},
          {"brier", OrNull(m.brier)},
          {"nll", OrNull(m.nll)},
          {"ece", OrNull(m.ece)}};
}

Json IntervalsJson(const Evaluation& evaluation) {
  Json intervals = Json::object();
  for (size_t i = 0; i < kMeasures.size(); ++i) {
    intervals[std::string(kMeasures[i].name)] = Rounded(evaluation.intervals[i]);
  }
  intervals["mean_case_auc"] = Rounded(evaluation.mean_case_auc_interval);
  return intervals;
}

Json CurveJson(const std::vector<CurvePoint>& curve) {
  Json points = Json::array();
  for (const CurvePoint& point : curve) {
    points.push_back({{"threshold", point.threshold},
                      {"sensitivity", Rounded(point.sensitivity)},
                      {"specificity", Rounded(point.specificity)},
                      {"precision", Rounded(point.precision)},
                      {"sensitivity_interval", Rounded(point.sensitivity_interval)},
                      {"specificity_interval", Rounded(point.specificity_interval)},
                      {"precision_interval", Rounded(point.precision_interval)}});
  }
  return points;
}

Json ReliabilityJson(const std::vector<ReliabilityBin>& bins) {
  Json json = Json::array();
  for (const ReliabilityBin& bin : bins) {
    json.push_back({{"low", Rounded(bin.low)},
                    {"high", Rounded(bin.high)},
                    {"n", bin.n},
                    {"mean_probability", Rounded(bin.mean_probability)},
                    {"observed", Rounded(bin.observed)},
                    {"interval", Rounded(bin.interval)}});
  }
  return json;
}

Json PrevalenceJson(const PrevalenceReport& at) {
  Json json = {{"prevalence", at.prevalence}};
  Json intervals = Json::object();
  for (size_t i = 0; i < kPrevalenceMeasures.size(); ++i) {
    const std::string name(kPrevalenceMeasures[i].name);
    json[name] = Rounded(at.metrics.*kPrevalenceMeasures[i].value);
    intervals[name] = Rounded(at.intervals[i]);
  }
  json["intervals"] = intervals;
  return json;
}

Json UncertainJson(const Abstention& abstention) {
  Json json = {{"low", abstention.band.low},
               {"high", abstention.band.high},
               {"coverage_stated", abstention.band.coverage_stated}};
  Json intervals = Json::object();
  for (size_t i = 0; i < kAbstentionMeasures.size(); ++i) {
    const std::string name(kAbstentionMeasures[i].name);
    json[name] = Rounded(abstention.shares.*kAbstentionMeasures[i].value);
    intervals[name] = Rounded(abstention.intervals[i]);
  }
  json["intervals"] = intervals;
  return json;
}

void AppendText(const Json& json, size_t depth, std::string* text) {
  if (!json.is_structured() || json.empty() || depth >= kDepthOfLines) {
    *text += ToText(json, false);
    return;
  }
  const std::string indent(2 * (depth + 1), ' ');
  const char* separator = "";
  *text += json.is_object() ? "{" : "[";
  for (const auto& [key, value] : json.items()) {
    *text += separator + ("\n" + indent);
    if (json.is_object()) *text += ToText(key, false) + ": ";
    AppendText(value, depth + 1, text);
    separator = ",";
  }
  *text += "\n" + std::string(2 * depth, ' ') + (json.is_object() ? "}" : "]");
}

}  // namespace

Report ReportOn(const ModelInfo& model, const std::string& sha256) {
  Report report;
  report.model_id = model.id;
  report.model_version = model.version;
  report.model_sha256 = sha256;
  report.model_kind = model.kind;
  report.operating_points.assign(model.operating_points.begin(), model.operating_points.end());
  report.positive_class = model.labels[static_cast<size_t>(model.positive)];
  report.threshold = model.threshold;
  return report;
}

Json ReportJson(const Report& report) {
  const Evaluation& evaluation = report.evaluation;
  Json cases = Json::object();
  for (size_t i = 0; i < report.cases.size(); ++i) {
    cases[report.cases[i].id] = MetricsJson(evaluation.cases[i]);
  }
  Json errors = Json::array();
  for (const FileError& one : report.errors) {
    errors.push_back({{"file", Below(report.folder, one.path)},
                      {"code", ErrorName(one.error.code)},
                      {"message", Below(report.folder, one.error.message)}});
  }
  const Confusion& confusion = evaluation.pooled.confusion;
  Json json = {{"model", ModelJson(report)},
               {"data",
                {{"name", report.data_name},
                 {"cases", report.cases.size()},
                 {"patches", evaluation.pooled.n},
                 {"positives", confusion.fn + confusion.tp}}},
               {"threshold", report.threshold},
               {"positive_class", report.positive_class},
               {"pooled", MetricsJson(evaluation.pooled)},
               {"mean_case_auc", OrNull(evaluation.mean_case_auc)},
               {"cases_with_auc", evaluation.cases_with_auc},
               {"intervals", IntervalsJson(evaluation)},
               {"bootstrap",
                {{"samples", evaluation.bootstrap.samples}, {"seed", evaluation.bootstrap.seed}}}};
  if (evaluation.at_prevalence) json["at_prevalence"] = PrevalenceJson(*evaluation.at_prevalence);
  if (evaluation.uncertain) json["uncertain"] = UncertainJson(*evaluation.uncertain);
  json["reliability"] = ReliabilityJson(evaluation.reliability);
  json["cases"] = cases;
  json["curve"] = CurveJson(evaluation.curve);
  json["missing_cases"] = report.missing_cases;
  json["duplicates"] = report.duplicates;
  json["ignored_files"] = report.ignored;
  json["errors"] = errors;
  return json;
}

std::string ReportText(const Json& report) {
  std::string text;
  AppendText(report, 0, &text);
  return text + "\n";
}

}  // namespace insitu
