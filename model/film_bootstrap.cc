#include "model/film_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/random.h"

namespace insitu {
namespace {

// Linear between the two nearest of the sorted values.
double Quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

}  // namespace

std::vector<std::optional<Interval>> BootstrapWomen(size_t women, int samples, uint64_t seed,
                                                    const FiguresOf& figures) {
  Random random(seed);
  std::vector<std::vector<double>> drawn;
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<double> weights(women);
    for (size_t i = 0; i < women; ++i) weights[random.Below(women)] += 1;
    const Figures found = figures(weights);
    drawn.resize(found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i]) drawn[i].push_back(*found[i]);
    }
  }
  std::vector<std::optional<Interval>> intervals;
  for (std::vector<double>& values : drawn) {
    std::sort(values.begin(), values.end());
    intervals.push_back(values.empty() ? std::nullopt
                                       : std::optional<Interval>(
                                             {Quantile(values, 0.025), Quantile(values, 0.975)}));
  }
  return intervals;
}

WomanAuc::WomanAuc(std::vector<Scored> scored) : scored_(std::move(scored)) {
  std::sort(scored_.begin(), scored_.end(),
            [](const Scored& a, const Scored& b) { return a.score < b.score; });
}

std::optional<double> WomanAuc::At(std::span<const double> weights) const {
  double negatives = 0, positives = 0, wins = 0;
  for (size_t from = 0; from < scored_.size();) {
    double tied_negatives = 0, tied_positives = 0;
    size_t to = from;
    for (; to < scored_.size() && scored_[to].score == scored_[from].score; ++to) {
      (scored_[to].truth ? tied_positives : tied_negatives) += weights[scored_[to].woman];
    }
    wins += tied_positives * (negatives + tied_negatives / 2);
    negatives += tied_negatives;
    positives += tied_positives;
    from = to;
  }
  if (negatives == 0 || positives == 0) return std::nullopt;
  return wins / (negatives * positives);
}

}  // namespace insitu
