// Start here: labelled cases with their scores -> everything that is reported of them.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "model/bootstrap.h"
#include "model/curve.h"
#include "model/metrics.h"
#include "model/reliability.h"
#include "model/uncertain.h"

namespace insitu {

struct EvaluationOptions {
  std::vector<double> thresholds;  // points that the curve has in any case: the one in force first
  std::optional<double> prevalence;  // in (0, 1)
  std::optional<StatedBand> uncertain;
  BootstrapOptions bootstrap;
};

// The positives' share in a population, and what the figures mean there.
struct PrevalenceReport {
  double prevalence = 0;
  AtPrevalence metrics;
  std::array<std::optional<Interval>, kPrevalenceMeasures.size()> intervals;  // in their order
};

// Intervals are 95 %, by the bootstrap over cases.
struct Evaluation {
  Metrics pooled;  // of the patches of all cases, so that large cases weigh more
  std::array<std::optional<Interval>, kMeasures.size()> intervals;  // in the order of kMeasures
  std::vector<Metrics> cases;                                       // in the order given
  std::optional<double> mean_case_auc;  // over the cases that have both classes
  std::optional<Interval> mean_case_auc_interval;
  size_t cases_with_auc = 0;
  std::vector<CurvePoint> curve;
  std::vector<ReliabilityBin> reliability;
  std::optional<PrevalenceReport> at_prevalence;
  std::optional<Abstention> uncertain;
  BootstrapOptions bootstrap;
};

Evaluation EvaluateCases(std::span<const Case> cases, const EvaluationOptions& options);

}  // namespace insitu
