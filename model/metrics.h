// Measures of a binary classifier. A ratio whose denominator is zero is absent, never 0 or NaN.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace insitu {

struct Scored {
  double score = 0;       // probability of the positive class
  bool decision = false;  // called positive, at the model's threshold
  bool truth = false;     // is positive
};

struct Confusion {
  int64_t tn = 0, fp = 0, fn = 0, tp = 0;
};

struct Metrics {
  int64_t n = 0;
  Confusion confusion;
  std::optional<double> accuracy;           // (tp + tn) / n
  std::optional<double> balanced_accuracy;  // mean of sensitivity and specificity
  std::optional<double> sensitivity;        // recall of the positive class, tp / (tp + fn)
  std::optional<double> specificity;        // tn / (tn + fp)
  std::optional<double> precision;          // of the positive class, tp / (tp + fp)
  std::optional<double> f1;                 // of the positive class, 2 tp / (2 tp + fp + fn)
  std::optional<double> auc;                // absent unless both classes are there
};

// Area under the receiver operating characteristic: the probability that a positive scores above a
// negative, ties counting one half (Mann-Whitney).
std::optional<double> Auc(std::span<const Scored> scored);

Metrics ComputeMetrics(std::span<const Scored> scored);

}  // namespace insitu
