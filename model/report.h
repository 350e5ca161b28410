// What `insitu evaluate` reports: as JSON, which the page and the model card read, and as text.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "model/dataset.h"
#include "model/evaluation.h"
#include "model/json.h"
#include "shared/model_info.h"

namespace insitu {

struct Report {
  std::string model_id;
  std::string model_version;
  std::string model_sha256;
  // As the model states them; "" and none where whoever asks knows the model.
  std::string model_kind;
  std::vector<OperatingPoint> operating_points;
  std::string positive_class;
  double threshold = 0;
  std::string data_name;  // of the case list or the folder, without where it lies
  std::string folder;     // where the data lie: in no report
  std::vector<Case> cases;
  Evaluation evaluation;
  std::vector<FileError> errors;
  std::vector<std::string> missing_cases;
  size_t duplicates = 0;
  size_t ignored = 0;
};

// A report on this model, of no data yet.
Report ReportOn(const ModelInfo& model, const std::string& sha256);

// The report as JSON. Every key is always there but those marked "if"; a measure whose denominator
// is zero is null, and so is an interval that cannot be given. An interval is [low, high], 95 %.
// Numbers have six decimals at most, but for those of "pooled", "cases" and "mean_case_auc".
//   model          id, sha256; if the kind is known: kind, operating_points (name, threshold,
//                  sensitivity, specificity)
//   data           name, cases, patches, positives
//   threshold, positive_class
//   pooled         n, the measures of kMeasures, confusion (tn, fp, fn, tp)
//   mean_case_auc, cases_with_auc
//   intervals      one a measure, and mean_case_auc
//   bootstrap      samples, seed
//   at_prevalence  if asked for: prevalence, those of kPrevalenceMeasures, intervals (of these)
//   uncertain      if the model has a band: low, high, coverage_stated, those of
//                  kAbstentionMeasures, intervals (of these)
//   reliability    bins: low, high, n, mean_probability, observed, interval
//   cases          by id, each as pooled
//   curve          by rising threshold: threshold, sensitivity, specificity, precision, and
//                  each of these three with _interval
//   missing_cases, duplicates, ignored_files
//   errors         file (from the data's folder on), code, message
Json ReportJson(const Report& report);

// The JSON as text: two levels are indented, what is deeper stays in its line.
std::string ReportText(const Json& report);

void PrintReport(std::ostream& out, const Report& report);

}  // namespace insitu
