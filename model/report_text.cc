#include <algorithm>
#include <iomanip>
#include <ostream>

#include "model/decimal_text.h"
#include "model/report.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kDigits = 4;
constexpr size_t kCurveRows = 21;  // of the points of the curve; all are in the JSON

std::string Fixed(const std::optional<double>& value) {
  return value ? FixedText(*value, kDigits) : "-";
}

std::string Fixed(const std::optional<Interval>& interval) {
  if (!interval) return "-";
  return StrCat(FixedText(interval->low, kDigits), "-", FixedText(interval->high, kDigits));
}

// A name, then columns as wide as their widest heading.
void PrintCells(std::ostream& out, const std::string& name, const std::vector<std::string>& cells) {
  constexpr int kNameWidth = 12;
  constexpr int kCellWidth = 12;
  out << std::left << std::setw(kNameWidth) << name << std::right;
  for (const std::string& cell : cells) out << ' ' << std::setw(kCellWidth) << cell;
  out << '\n';
}

// Accuracy to AUC: the measures that a table of cases has room for.
constexpr size_t kCaseMeasures = 7;

void PrintCase(std::ostream& out, const std::string& name, const Metrics& m) {
  const Confusion& c = m.confusion;
  std::vector<std::string> cells = {std::to_string(m.n)};
  for (size_t i = 0; i < kCaseMeasures; ++i) cells.push_back(Fixed(m.*kMeasures[i].value));
  for (const int64_t count : {c.tn, c.fp, c.fn, c.tp}) cells.push_back(std::to_string(count));
  PrintCells(out, name, cells);
}

void PrintCases(std::ostream& out, const Report& report) {
  PrintCells(out, "case",
             {"patches", "accuracy", "BAC", "recall", "specificity", "precision", "F1", "AUC", "tn",
              "fp", "fn", "tp"});
  for (size_t i = 0; i < report.cases.size(); ++i) {
    PrintCase(out, report.cases[i].id, report.evaluation.cases[i]);
  }
  PrintCase(out, "all", report.evaluation.pooled);
  out << "\nMean AUC of the " << report.evaluation.cases_with_auc
      << " cases with both classes: " << Fixed(report.evaluation.mean_case_auc) << '\n';
}

void PrintIntervals(std::ostream& out, const Evaluation& evaluation) {
  out << "\n95 % intervals by the bootstrap over cases (" << evaluation.bootstrap.samples
      << " samples, seed " << evaluation.bootstrap.seed << "):\n";
  PrintCells(out, "measure", {"value", "95 %"});
  for (size_t i = 0; i < kMeasures.size(); ++i) {
    PrintCells(out, std::string(kMeasures[i].heading),
               {Fixed(evaluation.pooled.*kMeasures[i].value), Fixed(evaluation.intervals[i])});
  }
  PrintCells(out, "mean AUC",
             {Fixed(evaluation.mean_case_auc), Fixed(evaluation.mean_case_auc_interval)});
}

void PrintPrevalence(std::ostream& out, const PrevalenceReport& at) {
  out << "\nWhere " << FixedText(100 * at.prevalence, 1) << " % are positive:\n";
  for (size_t i = 0; i < kPrevalenceMeasures.size(); ++i) {
    PrintCells(out, std::string(kPrevalenceMeasures[i].heading),
               {Fixed(at.metrics.*kPrevalenceMeasures[i].value), Fixed(at.intervals[i])});
  }
}

void PrintUncertain(std::ostream& out, const Abstention& abstention) {
  out << "\nUncertain, from " << abstention.band.low << " up to " << abstention.band.high
      << ", made to cover " << abstention.band.coverage_stated
      << " of either class in the mean case:\n";
  for (size_t i = 0; i < kAbstentionMeasures.size(); ++i) {
    PrintCells(
        out, std::string(kAbstentionMeasures[i].heading),
        {Fixed(abstention.shares.*kAbstentionMeasures[i].value), Fixed(abstention.intervals[i])});
  }
}

void PrintReliability(std::ostream& out, const std::vector<ReliabilityBin>& bins) {
  out << "\nReliability, in bins of the probability:\n";
  PrintCells(out, "from", {"to", "patches", "probability", "observed", "95 %"});
  for (const ReliabilityBin& bin : bins) {
    PrintCells(out, FixedText(bin.low, kDigits),
               {FixedText(bin.high, kDigits), std::to_string(bin.n), Fixed(bin.mean_probability),
                Fixed(bin.observed), Fixed(bin.interval)});
  }
}

void PrintCurve(std::ostream& out, const std::vector<CurvePoint>& curve) {
  const size_t rows = std::min(kCurveRows, curve.size());
  out << "\nOther operating points, " << rows << " of the " << curve.size()
      << " that --json prints:\n";
  PrintCells(out, "threshold", {"recall", "95 %", "specificity", "95 %", "precision"});
  for (size_t row = 0; row < rows; ++row) {
    const CurvePoint& point = curve[row * (curve.size() - 1) / std::max<size_t>(rows - 1, 1)];
    PrintCells(
        out, FixedText(point.threshold, kDigits),
        {Fixed(point.sensitivity), Fixed(point.sensitivity_interval), Fixed(point.specificity),
         Fixed(point.specificity_interval), Fixed(point.precision)});
  }
}

}  // namespace

void PrintReport(std::ostream& out, const Report& report) {
  const Evaluation& evaluation = report.evaluation;
  out << "Model " << report.model_id << " " << report.model_version << ", SHA-256 "
      << report.model_sha256 << "\nPositive: " << report.positive_class << ", at a probability of "
      << report.threshold
      << " or above. Recall (= sensitivity), precision and F1 are of this class; BAC is the"
         " balanced accuracy.\n\n";
  PrintCases(out, report);
  PrintIntervals(out, evaluation);
  if (evaluation.at_prevalence) PrintPrevalence(out, *evaluation.at_prevalence);
  if (evaluation.uncertain) PrintUncertain(out, *evaluation.uncertain);
  PrintReliability(out, evaluation.reliability);
  PrintCurve(out, evaluation.curve);
}

}  // namespace insitu
