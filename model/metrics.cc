#include "model/metrics.h"

#include <algorithm>
#include <vector>

namespace insitu {
namespace {

std::optional<double> Ratio(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

Confusion Count(std::span<const Scored> scored) {
  Confusion confusion;
  for (const Scored& one : scored) {
    if (one.truth) {
      ++(one.decision ? confusion.tp : confusion.fn);
    } else {
      ++(one.decision ? confusion.fp : confusion.tn);
    }
  }
  return confusion;
}

}  // namespace

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
  return Ratio(half_wins, 2 * negatives * positives);
}

Metrics ComputeMetrics(std::span<const Scored> scored) {
  Metrics metrics;
  const Confusion c = Count(scored);
  metrics.n = static_cast<int64_t>(scored.size());
  metrics.confusion = c;
  metrics.accuracy = Ratio(c.tp + c.tn, metrics.n);
  metrics.sensitivity = Ratio(c.tp, c.tp + c.fn);
  metrics.specificity = Ratio(c.tn, c.tn + c.fp);
  metrics.precision = Ratio(c.tp, c.tp + c.fp);
  metrics.f1 = Ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn);
  if (metrics.sensitivity && metrics.specificity) {
    metrics.balanced_accuracy = (*metrics.sensitivity + *metrics.specificity) / 2;
  }
  metrics.auc = Auc(scored);
  return metrics;
}

}  // namespace insitu
