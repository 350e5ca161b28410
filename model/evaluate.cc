#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/dataset.h"
#include "model/files.h"
#include "model/json.h"
#include "model/metrics.h"
#include "model/progress.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

struct CaseReport {
  std::string id;
  Metrics metrics;
};

struct Report {
  Metrics pooled;
  std::vector<CaseReport> cases;
  std::optional<double> mean_case_auc;  // over the cases that have both classes
  size_t cases_with_auc = 0;
  std::vector<FileError> errors;
  std::vector<std::string> missing_cases;
  size_t duplicates = 0;
  size_t ignored = 0;
};

Result<PatchList> SelectPatches(const std::string& folder, const std::string& case_list,
                                Report* report) {
  ASSIGN_OR_RETURN(PatchList list, ListPatches(folder));
  report->duplicates = list.duplicates;
  report->ignored = list.ignored;
  if (!case_list.empty()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> cases, ReadCaseList(case_list));
    report->missing_cases = KeepCases(cases, &list);
    if (list.patches.empty()) {
      return Error{ErrorCode::kInvalidArgument, StrCat("None of the cases named in ", case_list,
                                                       " has a patch in ", folder, ".")};
    }
  }
  report->errors = list.errors;
  return list;
}

Result<Scored> Score(const PatchFile& patch, Classifier* classifier) {
  ASSIGN_OR_RETURN(const auto bytes,
                   ReadFile(patch.path, kMaxImageBytes, ErrorCode::kImageTooLarge));
  ASSIGN_OR_RETURN(const Prediction prediction, classifier->Classify(bytes));
  const auto positive = static_cast<size_t>(classifier->info().positive);
  return Scored{prediction.probabilities[positive], prediction.positive, patch.label == 1};
}

void Summarise(const std::map<std::string, std::vector<Scored>>& scored_by_case, Report* report) {
  std::vector<Scored> pooled;
  double sum = 0;
  for (const auto& [id, scored] : scored_by_case) {
    const Metrics metrics = ComputeMetrics(scored);
    pooled.insert(pooled.end(), scored.begin(), scored.end());
    if (metrics.auc) {
      sum += *metrics.auc;
      ++report->cases_with_auc;
    }
    report->cases.push_back({id, metrics});
  }
  report->pooled = ComputeMetrics(pooled);
  if (report->cases_with_auc > 0) {
    report->mean_case_auc = sum / static_cast<double>(report->cases_with_auc);
  }
}

Result<Report> Evaluate(const std::string& folder, const std::string& case_list,
                        Classifier* classifier) {
  Report report;
  ASSIGN_OR_RETURN(const PatchList list, SelectPatches(folder, case_list, &report));
  std::map<std::string, std::vector<Scored>> scored_by_case;
  Progress progress("Evaluating patches", list.patches.size());
  size_t done = 0;
  for (const PatchFile& patch : list.patches) {
    const Result<Scored> scored = Score(patch, classifier);
    if (scored.ok()) {
      scored_by_case[patch.case_id].push_back(scored.value());
    } else {
      report.errors.push_back({patch.path, patch.case_id, scored.error()});
    }
    progress.Update(++done);
  }
  Summarise(scored_by_case, &report);
  return report;
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
          {"confusion", {{"tn", c.tn}, {"fp", c.fp}, {"fn", c.fn}, {"tp", c.tp}}}};
}

Json ReportJson(const Classifier& classifier, const Report& report) {
  Json cases = Json::object();
  for (const CaseReport& one : report.cases) cases[one.id] = MetricsJson(one.metrics);
  Json errors = Json::array();
  for (const FileError& one : report.errors) {
    errors.push_back(
        {{"file", one.path}, {"code", ErrorName(one.error.code)}, {"message", one.error.message}});
  }
  const ModelInfo& info = classifier.info();
  return {{"model", {{"id", info.id}, {"sha256", classifier.sha256()}}},
          {"threshold", info.threshold},
          {"positive_class", info.labels[static_cast<size_t>(info.positive)]},
          {"pooled", MetricsJson(report.pooled)},
          {"mean_case_auc", OrNull(report.mean_case_auc)},
          {"cases_with_auc", report.cases_with_auc},
          {"cases", cases},
          {"missing_cases", report.missing_cases},
          {"duplicates", report.duplicates},
          {"ignored_files", report.ignored},
          {"errors", errors}};
}

std::string Fixed(const std::optional<double>& value) {
  if (!value) return "-";
  std::ostringstream text;
  text << std::fixed << std::setprecision(4) << *value;
  return text.str();
}

// A case's name, then columns as wide as their widest heading.
void PrintCells(std::ostream& out, const std::string& name, const std::vector<std::string>& cells) {
  constexpr int kNameWidth = 12;
  constexpr int kCellWidth = 12;
  out << std::left << std::setw(kNameWidth) << name << std::right;
  for (const std::string& cell : cells) out << ' ' << std::setw(kCellWidth) << cell;
  out << '\n';
}

void PrintRow(std::ostream& out, const std::string& name, const Metrics& m) {
  const Confusion& c = m.confusion;
  std::vector<std::string> cells = {std::to_string(m.n)};
  for (const auto& value :
       {m.accuracy, m.balanced_accuracy, m.sensitivity, m.specificity, m.precision, m.f1, m.auc}) {
    cells.push_back(Fixed(value));
  }
  for (const int64_t count : {c.tn, c.fp, c.fn, c.tp}) cells.push_back(std::to_string(count));
  PrintCells(out, name, cells);
}

void PrintReport(std::ostream& out, const Classifier& classifier, const Report& report) {
  const ModelInfo& info = classifier.info();
  const std::string& positive = info.labels[static_cast<size_t>(info.positive)];
  out << "Model " << info.id << " " << info.version << ", SHA-256 " << classifier.sha256()
      << "\nPositive: " << positive << ", at a probability of " << info.threshold
      << " or above. Recall (= sensitivity), precision and F1 are of this class; BAC is the"
         " balanced accuracy.\n\n";
  PrintCells(out, "case",
             {"patches", "accuracy", "BAC", "recall", "specificity", "precision", "F1", "AUC", "tn",
              "fp", "fn", "tp"});
  for (const CaseReport& one : report.cases) PrintRow(out, one.id, one.metrics);
  PrintRow(out, "all", report.pooled);
  out << "\nMean AUC of the " << report.cases_with_auc
      << " cases with both classes: " << Fixed(report.mean_case_auc) << '\n';
}

void PrintRemarks(std::ostream& err, const Report& report) {
  for (const std::string& id : report.missing_cases) err << "Case " << id << " has no patches.\n";
  if (report.duplicates > 0) {
    err << report.duplicates << " patches are stored twice and count once.\n";
  }
  if (report.ignored > 0) {
    err << report.ignored << " files are no images in a folder 0 or 1 and do not count.\n";
  }
  for (const FileError& one : report.errors) err << one.path << ": " << one.error.message << '\n';
  if (!report.errors.empty()) {
    err << "insitu: " << report.errors.size() << " images could not be evaluated.\n";
  }
}

}  // namespace

int RunEvaluate(const Words& words, std::ostream& out, std::ostream& err) {
  const auto parsed = Arguments::Parse(words, {{"model", true}, {"cases", true}, {"json"}});
  if (!parsed.ok()) return UsageError(parsed.error().message, err);
  const Arguments& arguments = parsed.value();
  if (!arguments.Has("model")) return UsageError("evaluate needs --model MODEL.", err);
  if (arguments.positional().size() != 1) return UsageError("evaluate needs one folder.", err);
  const std::string cases = arguments.Text("cases");
  if (arguments.Has("cases") && cases.empty()) {
    return UsageError("The flag --cases needs a value.", err);
  }
  Result<Classifier> classifier = LoadClassifier(arguments.Text("model"));
  if (!classifier.ok()) return Failure(classifier.error(), err);
  const Result<Report> report = Evaluate(arguments.positional()[0], cases, &classifier.value());
  if (!report.ok()) return Failure(report.error(), err);
  if (arguments.Has("json")) {
    out << ToText(ReportJson(classifier.value(), report.value()), true) << '\n';
  } else {
    PrintReport(out, classifier.value(), report.value());
  }
  PrintRemarks(err, report.value());
  return report.value().errors.empty() ? kExitOk : kExitFailure;
}

}  // namespace insitu
