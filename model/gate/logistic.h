// Logistic regression by Newton's method: deterministic, for some dozens of features.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace insitu {

// One row of features with what it is and how much it counts.
struct Example {
  std::vector<double> features;
  bool positive = false;
  double weight = 1;
};

// The weights of the features and, last, the constant. Minimises the weighted log loss plus
// penalty / 2 times the squared weights (the constant excepted).
std::vector<double> FitLogistic(std::span<const Example> examples, double penalty);

// The log odds of the features being positive.
double LogOdds(std::span<const double> weights, std::span<const double> features);

}  // namespace insitu
