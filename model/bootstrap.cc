#include "model/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "model/random.h"

namespace insitu {
namespace {

// Samples that are computed side by side, so that the processor's vectors are used.
constexpr size_t kLanes = 8;
using Lanes = std::array<double, kLanes>;

// A patch in the order of the scores.
struct Ranked {
  uint32_t of_case = 0;
  bool truth = false;
  bool ends_tie = false;  // the next one scores higher
};

std::vector<Ranked> Rank(std::span<const Case> cases) {
  struct Entry {
    double score;
    uint32_t of_case;
    bool truth;
  };
  std::vector<Entry> entries;
  for (size_t i = 0; i < cases.size(); ++i) {
    for (const Scored& one : cases[i].scored) {
      entries.push_back({one.score, static_cast<uint32_t>(i), one.truth});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.score < b.score; });
  std::vector<Ranked> ranked(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool last = i + 1 == entries.size();
    ranked[i] = {entries[i].of_case, entries[i].truth,
                 last || entries[i + 1].score != entries[i].score};
  }
  return ranked;
}

// Counts pairs as Auc() does, every patch as often as its case was drawn. Whole numbers below 2^53,
// so exact in doubles. draws: (cases) of the lanes.
std::array<std::optional<double>, kLanes> WeightedAuc(std::span<const Ranked> ranked,
                                                      std::span<const Lanes> draws) {
  Lanes negatives{};
  Lanes positives{};
  Lanes tied_negatives{};
  Lanes tied_positives{};
  Lanes half_wins{};
  for (const Ranked& one : ranked) {
    const Lanes& weights = draws[one.of_case];
    Lanes& tied = one.truth ? tied_positives : tied_negatives;
    for (size_t lane = 0; lane < kLanes; ++lane) tied[lane] += weights[lane];
    if (!one.ends_tie) continue;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      half_wins[lane] += tied_positives[lane] * (2 * negatives[lane] + tied_negatives[lane]);
      negatives[lane] += tied_negatives[lane];
      positives[lane] += tied_positives[lane];
    }
    tied_negatives = {};
    tied_positives = {};
  }
  std::array<std::optional<double>, kLanes> aucs;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double pairs = negatives[lane] * positives[lane];
    if (pairs > 0) aucs[lane] = half_wins[lane] / (2 * pairs);
  }
  return aucs;
}

}  // namespace

Resamples::Resamples(size_t cases, const BootstrapOptions& options)
    : cases_(cases), draws_(cases * options.samples) {
  Random random(options.seed);
  for (size_t sample = 0; sample < size(); ++sample) {
    for (size_t i = 0; i < cases; ++i) draws_[sample * cases + random.Below(cases)] += 1;
  }
}

double Quantile(double q, std::span<double> values) {
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (below + 1 == values.size()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (place - static_cast<double>(below)) * (above - *at);
}

std::optional<Interval> PercentileInterval(std::vector<double> values, const Resamples& resamples) {
  const double least = kLeastShare * static_cast<double>(resamples.size());
  if (resamples.cases() < kLeastCases || values.empty()) return std::nullopt;
  if (static_cast<double>(values.size()) < least) return std::nullopt;
  return Interval{Quantile(0.025, values), Quantile(0.975, values)};
}

std::vector<std::optional<double>> ResampledAuc(std::span<const Case> cases,
                                                const Resamples& resamples) {
  const std::vector<Ranked> ranked = Rank(cases);
  std::vector<std::optional<double>> aucs(resamples.size());
  std::vector<Lanes> draws(cases.size());
  for (size_t from = 0; from < aucs.size(); from += kLanes) {
    const size_t lanes = std::min(kLanes, aucs.size() - from);
    for (size_t lane = 0; lane < lanes; ++lane) {
      const auto drawn = resamples.draws(from + lane);
      for (size_t i = 0; i < drawn.size(); ++i) draws[i][lane] = drawn[i];
    }
    const auto found = WeightedAuc(ranked, draws);
    std::copy_n(found.begin(), lanes, aucs.begin() + static_cast<std::ptrdiff_t>(from));
  }
  return aucs;
}

}  // namespace insitu
