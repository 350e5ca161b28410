// What `insitu evaluate` reports: as JSON, which the page and the model card read, and as text.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "model/dataset.h"
#include "model/evaluation.h"
#include "model/json.h"

namespace insitu {

struct Report {
  std::string model_id;
  std::string model_version;
  std::string model_sha256;
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

// Files are named from the data's folder on. A measure whose denominator is zero is null. Numbers
// other than those of "pooled", "cases" and "mean_case_auc" have six decimals.
Json ReportJson(const Report& report);

// The JSON as text: two levels are indented, what is deeper stays in its line.
std::string ReportText(const Json& report);

void PrintReport(std::ostream& out, const Report& report);

}  // namespace insitu
