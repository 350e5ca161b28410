// How far chance in the choice of cases moves a measure: the bootstrap over cases (Efron 1979; by
// cluster, Field & Welsh 2007). A sample draws as many cases as there are, with replacement, and
// takes every patch of a case as often as the case was drawn; the interval lies between the 2.5 and
// the 97.5 percentile of the measure over the samples. Patches of a case are never drawn singly:
// they look alike, and intervals that take them as independent are too narrow.
//
// A percentile interval of ECE lies too high: each sample has noise of its own, and noise adds to
// a mean of absolute differences. The other measures have no such bias to speak of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/metrics.h"

namespace insitu {

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  size_t samples = 2000;
  uint64_t seed = 1;
};
inline constexpr size_t kMaxBootstrapSamples = 100'000;

// Of a single case nothing can be drawn but that case.
inline constexpr size_t kLeastCases = 2;

// An interval is absent where less than this share of the samples has the measure at all: it would
// be one of those samples only.
inline constexpr double kLeastShare = 0.95;

// How often each sample drew each case. All measures use the same samples.
class Resamples {
 public:
  Resamples(size_t cases, const BootstrapOptions& options);

  size_t size() const { return cases_ == 0 ? 0 : draws_.size() / cases_; }
  size_t cases() const { return cases_; }
  std::span<const double> draws(size_t sample) const {  // (cases)
    return std::span(draws_).subspan(sample * cases_, cases_);
  }

 private:
  size_t cases_;
  std::vector<double> draws_;  // (samples, cases)
};

// The q-quantile of values, which it sorts in part: linear between the two nearest, as numpy's.
// There is at least one value; q in [0, 1].
double Quantile(double q, std::span<double> values);

// values: of the samples that have the measure, out of `samples`.
std::optional<Interval> PercentileInterval(std::vector<double> values, const Resamples& samples);

// What each sample adds up to. Sum: has Add(const Sum& of_a_case, double weight), and Sum() is
// zero.
template <typename Sum>
std::vector<Sum> ResampledSums(std::span<const Sum> cases, const Resamples& resamples) {
  std::vector<Sum> sums(resamples.size());
  for (size_t sample = 0; sample < sums.size(); ++sample) {
    const auto draws = resamples.draws(sample);
    for (size_t i = 0; i < cases.size(); ++i) {
      if (draws[i] > 0) sums[sample].Add(cases[i], draws[i]);
    }
  }
  return sums;
}

// measure(one of resampled): an optional number.
template <typename Sum, typename Function>
std::optional<Interval> IntervalOf(const std::vector<Sum>& resampled, const Resamples& resamples,
                                   const Function& measure) {
  std::vector<double> values;
  values.reserve(resampled.size());
  for (const Sum& sum : resampled) {
    const std::optional<double> value = measure(sum);
    if (value) values.push_back(*value);
  }
  return PercentileInterval(std::move(values), resamples);
}

// The AUC of all patches of each sample.
std::vector<std::optional<double>> ResampledAuc(std::span<const Case> cases,
                                                const Resamples& resamples);

}  // namespace insitu
