#include "model/film_bootstrap.h"

#include <algorithm>
#include <utility>

namespace insitu {

std::vector<std::optional<Interval>> BootstrapWomen(const Resamples& women,
                                                    const FiguresOf& figures) {
  std::vector<std::vector<double>> values;  // of each figure, in the samples that have it
  for (size_t sample = 0; sample < women.size(); ++sample) {
    const Figures found = figures(women.draws(sample));
    values.resize(found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i]) values[i].push_back(*found[i]);
    }
  }
  std::vector<std::optional<Interval>> intervals;
  for (std::vector<double>& of_figure : values) {
    intervals.push_back(PercentileInterval(std::move(of_figure), women));
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
