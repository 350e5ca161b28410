#include "model/evaluation.h"

namespace insitu {
namespace {

// The measures of each sample.
std::vector<Metrics> ResampledMetrics(std::span<const Case> cases,
                                      const std::vector<Tally>& tallies,
                                      const Resamples& resamples) {
  const auto aucs = ResampledAuc(cases, resamples);
  std::vector<Metrics> metrics;
  metrics.reserve(tallies.size());
  for (size_t i = 0; i < tallies.size(); ++i) metrics.push_back(MetricsOf(tallies[i], aucs[i]));
  return metrics;
}

PrevalenceReport ReportAtPrevalence(double prevalence, const Tally& pooled,
                                    const std::vector<Tally>& resampled,
                                    const Resamples& resamples) {
  PrevalenceReport report{prevalence, MetricsAtPrevalence(pooled, prevalence), {}};
  for (size_t i = 0; i < kPrevalenceMeasures.size(); ++i) {
    report.intervals[i] = IntervalOf(resampled, resamples, [&](const Tally& tally) {
      return MetricsAtPrevalence(tally, prevalence).*kPrevalenceMeasures[i].value;
    });
  }
  return report;
}

}  // namespace

Evaluation EvaluateCases(std::span<const Case> cases, const EvaluationOptions& options) {
  Evaluation evaluation;
  evaluation.bootstrap = options.bootstrap;
  std::vector<Scored> all;
  std::vector<Tally> tallies;
  std::vector<MeanAuc> aucs;
  Tally pooled;
  MeanAuc mean_auc;
  for (const Case& one : cases) {
    all.insert(all.end(), one.scored.begin(), one.scored.end());
    tallies.push_back(TallyOf(one.scored));
    pooled.Add(tallies.back(), 1);
    const std::optional<double> auc = Auc(one.scored);
    aucs.push_back(auc ? MeanAuc{*auc, 1} : MeanAuc{});
    mean_auc.Add(aucs.back(), 1);
    evaluation.cases.push_back(MetricsOf(tallies.back(), auc));
  }
  evaluation.pooled = MetricsOf(pooled, Auc(all));
  evaluation.mean_case_auc = mean_auc.value();
  evaluation.cases_with_auc = static_cast<size_t>(mean_auc.cases);

  const Resamples resamples(cases.size(), options.bootstrap);
  const std::vector<Tally> sums = ResampledSums<Tally>(tallies, resamples);
  const std::vector<Metrics> metrics = ResampledMetrics(cases, sums, resamples);
  for (size_t i = 0; i < kMeasures.size(); ++i) {
    evaluation.intervals[i] = IntervalOf(
        metrics, resamples, [i](const Metrics& sample) { return sample.*kMeasures[i].value; });
  }
  evaluation.mean_case_auc_interval =
      IntervalOf(ResampledSums<MeanAuc>(aucs, resamples), resamples,
                 [](const MeanAuc& sample) { return sample.value(); });
  evaluation.curve = ComputeCurve(cases, CurveThresholds(cases, options.thresholds), resamples);
  evaluation.reliability = Reliability(pooled, sums, resamples);
  if (options.prevalence) {
    evaluation.at_prevalence = ReportAtPrevalence(*options.prevalence, pooled, sums, resamples);
  }
  if (options.uncertain) evaluation.uncertain = Abstain(cases, *options.uncertain, resamples);
  return evaluation;
}

}  // namespace insitu
