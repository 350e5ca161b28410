#include "model/metrics.h"

#include <algorithm>
#include <cmath>

namespace insitu {
namespace {

std::optional<double> Ratio(double part, double whole) {
  if (whole == 0) return std::nullopt;
  return part / whole;
}

std::optional<double> CalibrationError(const Tally& tally, double n) {
  double sum = 0;
  for (const Tally::Bin& bin : tally.bins) sum += std::abs(bin.probability - bin.positives);
  return Ratio(sum, n);
}

}  // namespace

void Tally::Add(const Scored& one) {
  ++(one.truth ? one.decision ? tp : fn : one.decision ? fp : tn);
  const double error = one.score - (one.truth ? 1 : 0);
  squared_error += error * error;
  log_loss -= std::log(std::clamp(one.truth ? one.score : 1 - one.score, kLeastProbability, 1.0));
  const auto at = static_cast<size_t>(one.score * static_cast<double>(kReliabilityBins));
  Bin& bin = bins[std::min(at, kReliabilityBins - 1)];
  bin.n += 1;
  bin.probability += one.score;
  bin.positives += one.truth ? 1 : 0;
}

void Tally::Add(const Tally& other, double weight) {
  tn += weight * other.tn;
  fp += weight * other.fp;
  fn += weight * other.fn;
  tp += weight * other.tp;
  squared_error += weight * other.squared_error;
  log_loss += weight * other.log_loss;
  for (size_t i = 0; i < bins.size(); ++i) {
    bins[i].n += weight * other.bins[i].n;
    bins[i].probability += weight * other.bins[i].probability;
    bins[i].positives += weight * other.bins[i].positives;
  }
}

Tally TallyOf(std::span<const Scored> scored) {
  Tally tally;
  for (const Scored& one : scored) tally.Add(one);
  return tally;
}

std::optional<double> Auc(std::span<const Scored> scored) {
  std::vector<Scored> sorted(scored.begin(), scored.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Scored& a, const Scored& b) { return a.score < b.score; });
  // Pairs of a positive with a lower negative count 2, tied pairs 1: whole numbers stay exact.
  int64_t negatives = 0;
  int64_t positives = 0;
  int64_t half_wins = 0;
  for (size_t from = 0; from < sorted.size();) {
    int64_t tied_negatives = 0;
    int64_t tied_positives = 0;
    size_t to = from;
    for (; to < sorted.size() && sorted[to].score == sorted[from].score; ++to) {
      ++(sorted[to].truth ? tied_positives : tied_negatives);
    }
    half_wins += tied_positives * (2 * negatives + tied_negatives);
    negatives += tied_negatives;
    positives += tied_positives;
    from = to;
  }
  return Ratio(static_cast<double>(half_wins), 2.0 * static_cast<double>(negatives * positives));
}

Metrics MetricsOf(const Tally& t, std::optional<double> auc) {
  Metrics metrics;
  const double n = t.tn + t.fp + t.fn + t.tp;
  metrics.n = static_cast<int64_t>(n);
  metrics.confusion = {static_cast<int64_t>(t.tn), static_cast<int64_t>(t.fp),
                       static_cast<int64_t>(t.fn), static_cast<int64_t>(t.tp)};
  metrics.accuracy = Ratio(t.tp + t.tn, n);
  metrics.sensitivity = Ratio(t.tp, t.tp + t.fn);
  metrics.specificity = Ratio(t.tn, t.tn + t.fp);
  metrics.precision = Ratio(t.tp, t.tp + t.fp);
  metrics.f1 = Ratio(2 * t.tp, 2 * t.tp + t.fp + t.fn);
  if (metrics.sensitivity && metrics.specificity) {
    metrics.balanced_accuracy = (*metrics.sensitivity + *metrics.specificity) / 2;
  }
  metrics.auc = auc;
  metrics.brier = Ratio(t.squared_error, n);
  metrics.nll = Ratio(t.log_loss, n);
  metrics.ece = CalibrationError(t, n);
  return metrics;
}

Metrics ComputeMetrics(std::span<const Scored> scored) {
  return MetricsOf(TallyOf(scored), Auc(scored));
}

void MeanAuc::Add(const MeanAuc& other, double weight) {
  sum += weight * other.sum;
  cases += weight * other.cases;
}

std::optional<double> MeanAuc::value() const { return Ratio(sum, cases); }

AtPrevalence MetricsAtPrevalence(const Metrics& metrics, double prevalence) {
  if (!metrics.sensitivity || !metrics.specificity) return {};
  const double tp = prevalence * *metrics.sensitivity;
  const double fn = prevalence - tp;
  const double tn = (1 - prevalence) * *metrics.specificity;
  const double fp = 1 - prevalence - tn;
  return {Ratio(tp, tp + fp), Ratio(tn, tn + fn), Ratio(2 * tp, 2 * tp + fp + fn)};
}

}  // namespace insitu
