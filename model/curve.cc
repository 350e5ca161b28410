#include "model/curve.h"

#include <algorithm>
#include <cmath>

namespace insitu {
namespace {

struct Level {
  double score = 0;
  double share = 0;  // of both classes, that scores below: mean of the two
};

// The distinct scores in ascending order.
std::vector<Level> Levels(std::span<const Case> cases) {
  std::vector<Scored> all;
  for (const Case& one : cases) all.insert(all.end(), one.scored.begin(), one.scored.end());
  std::sort(all.begin(), all.end(),
            [](const Scored& a, const Scored& b) { return a.score < b.score; });
  std::array<double, 2> count{};
  for (const Scored& one : all) count[one.truth ? 1 : 0] += 1;
  const double classes = (count[0] > 0 ? 1 : 0) + (count[1] > 0 ? 1 : 0);
  std::vector<Level> levels;
  double below = 0;
  for (const Scored& one : all) {
    if (levels.empty() || levels.back().score != one.score) levels.push_back({one.score, below});
    below += 1 / (classes * count[one.truth ? 1 : 0]);
  }
  return levels;
}

// The decimal number of fewest digits in (low, high].
double Between(double low, double high) {
  const double middle = low + (high - low) / 2;
  double scale = 10;
  for (int digits = 2; digits <= 15; ++digits) {
    scale *= 10;
    const double rounded = std::round(middle * scale) / scale;
    if (low < rounded && rounded <= high) return rounded;
  }
  return high;
}

// How many patches each threshold calls positive.
struct Calls {
  void Add(const Calls& other, double weight) {
    fp.resize(other.fp.size());
    tp.resize(other.tp.size());
    for (size_t i = 0; i < fp.size(); ++i) fp[i] += weight * other.fp[i];
    for (size_t i = 0; i < tp.size(); ++i) tp[i] += weight * other.tp[i];
    negatives += weight * other.negatives;
    positives += weight * other.positives;
  }

  std::vector<double> fp, tp;  // (thresholds)
  double negatives = 0;
  double positives = 0;
};

Calls CallsOf(const Case& one, std::span<const double> thresholds) {
  Calls calls{std::vector<double>(thresholds.size()), std::vector<double>(thresholds.size())};
  for (const Scored& scored : one.scored) {
    (scored.truth ? calls.positives : calls.negatives) += 1;
    const auto above = std::upper_bound(thresholds.begin(), thresholds.end(), scored.score);
    if (above == thresholds.begin()) continue;
    (scored.truth ? calls.tp : calls.fp)[static_cast<size_t>(above - thresholds.begin()) - 1] += 1;
  }
  // Called positive at a threshold is called positive at all lower ones.
  for (size_t i = thresholds.size(); i-- > 1;) {
    calls.fp[i - 1] += calls.fp[i];
    calls.tp[i - 1] += calls.tp[i];
  }
  return calls;
}

Metrics At(const Calls& calls, size_t i) {
  Tally tally;
  tally.tp = calls.tp[i];
  tally.fp = calls.fp[i];
  tally.fn = calls.positives - calls.tp[i];
  tally.tn = calls.negatives - calls.fp[i];
  return MetricsOf(tally, std::nullopt);
}

}  // namespace

std::vector<double> CurveThresholds(std::span<const Case> cases, std::span<const double> always) {
  const std::vector<Level> levels = Levels(cases);
  std::vector<double> thresholds(always.begin(), always.end());
  thresholds.push_back(0);
  const double highest = levels.empty() ? 0 : levels.back().score;
  thresholds.push_back(highest < 1 ? 1 : std::nextafter(highest, 2));
  double steps = 0;
  for (size_t i = 1; i < levels.size(); ++i) {
    const double passed = std::ceil(levels[i].share * static_cast<double>(kCurvePoints));
    if (passed <= steps) continue;
    thresholds.push_back(Between(levels[i - 1].score, levels[i].score));
    steps = passed;
  }
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

std::vector<CurvePoint> ComputeCurve(std::span<const Case> cases,
                                     std::span<const double> thresholds,
                                     const Resamples& resamples) {
  std::vector<Calls> by_case;
  by_case.reserve(cases.size());
  Calls pooled{std::vector<double>(thresholds.size()), std::vector<double>(thresholds.size())};
  for (const Case& one : cases) {
    by_case.push_back(CallsOf(one, thresholds));
    pooled.Add(by_case.back(), 1);
  }
  const std::vector<Calls> resampled = ResampledSums<Calls>(by_case, resamples);
  std::vector<CurvePoint> curve;
  for (size_t i = 0; i < thresholds.size(); ++i) {
    const auto interval = [&](std::optional<double> Metrics::* measure) {
      return IntervalOf(resampled, resamples,
                        [i, measure](const Calls& calls) { return At(calls, i).*measure; });
    };
    const Metrics at = At(pooled, i);
    curve.push_back({thresholds[i], at.sensitivity, at.specificity, at.precision,
                     interval(&Metrics::sensitivity), interval(&Metrics::specificity),
                     interval(&Metrics::precision)});
  }
  return curve;
}

}  // namespace insitu
