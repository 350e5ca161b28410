// What a model does at every operating point: the points of its ROC and precision-recall curves.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "model/bootstrap.h"
#include "model/metrics.h"

namespace insitu {

struct CurvePoint {
  double threshold = 0;  // positive: a probability at or above it
  std::optional<double> sensitivity, specificity, precision;
  std::optional<Interval> sensitivity_interval, specificity_interval, precision_interval;
};

inline constexpr size_t kCurvePoints = 200;

// Thresholds in ascending order: 0, where all is called positive; one above every score, where
// nothing is (1, or the next number after it where a score is 1); those of `always`; and between
// them about kCurvePoints so that sensitivity and specificity together change about as much from
// each to the next. One that separates two scores is the shortest decimal number between them, so
// that the last bit of a score does not matter.
std::vector<double> CurveThresholds(std::span<const Case> cases, std::span<const double> always);

// The intervals are those of each point by itself.
std::vector<CurvePoint> ComputeCurve(std::span<const Case> cases,
                                     std::span<const double> thresholds,
                                     const Resamples& resamples);

}  // namespace insitu
