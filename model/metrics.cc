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
  Losses& losses = one.truth ? positives : negatives;
  losses.squared_error += error * error;
  losses.log_loss -=
      std::log(std::clamp(one.truth ? one.score : 1 - one.score, kLeastProbability, 1.0));
  const auto at = static_cast<size_t>(one.score * static_cast<double>(kReliabilityBins));
  Bin& bin = bins[std::min(at, kReliabilityBins - 1)];
  bin.n += 1;
  bin.probability += one.score;
  bin.positives += one.truth ? 1 : 0;
  bin.positive_probability += one.truth ? one.score : 0;
}

void Tally::Add(const Tally& other, double weight) {
  tn += weight * other.tn;
  fp += weight * other.fp;
  fn += weight * other.fn;
  tp += weight * other.tp;
  negatives.Add(other.negatives, weight);
  positives.Add(other.positives, weight);
  for (size_t i = 0; i < bins.size(); ++i) {
    bins[i].n += weight * other.bins[i].n;
    bins[i].probability += weight * other.bins[i].probability;
    bins[i].positives += weight * other.bins[i].positives;
    bins[i].positive_probability += weight * other.bins[i].positive_probability;
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
  metrics.brier = Ratio(t.negatives.squared_error + t.positives.squared_error, n);
  metrics.nll = Ratio(t.negatives.log_loss + t.positives.log_loss, n);
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

AtPrevalence MetricsAtPrevalence(const Tally& t, double prevalence) {
  const double negatives = t.tn + t.fp;
  const double positives = t.tp + t.fn;
  if (negatives == 0 || positives == 0) return {};
  // Of a patch of either class; the weights of all patches sum up to 1.
  const double negative = (1 - prevalence) / negatives;
  const double positive = prevalence / positives;
  const double tp = positive * t.tp;
  const double fp = negative * t.fp;
  const double fn = positive * t.fn;
  const double tn = negative * t.tn;
  AtPrevalence at;
  at.ppv = Ratio(tp, tp + fp);
  at.npv = Ratio(tn, tn + fn);
  at.f1 = Ratio(2 * tp, 2 * tp + fp + fn);
  at.brier = negative * t.negatives.squared_error + positive * t.positives.squared_error;
  at.nll = negative * t.negatives.log_loss + positive * t.positives.log_loss;
  double error = 0;
  for (const Tally::Bin& bin : t.bins) {
    const double negative_probability = bin.probability - bin.positive_probability;
    error += std::abs(negative * negative_probability + positive * bin.positive_probability -
                      positive * bin.positives);
  }
  at.ece = error;
  return at;
}

}  // namespace insitu
