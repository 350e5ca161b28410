#include "model/gate/logistic.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace insitu {
namespace {

constexpr int kMaxSteps = 40;
constexpr double kEnough = 1e-7;  // a step whose largest change is smaller is the last

// Solves a x = b for a symmetric positive definite a of n × n, in place, by Cholesky.
std::vector<double> Solve(std::vector<double> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

double LogLoss(double odds, bool positive) {
  const double toward = positive ? odds : -odds;
  return toward > 0 ? std::log1p(std::exp(-toward)) : -toward + std::log1p(std::exp(toward));
}

double Objective(std::span<const Example> examples, const std::vector<double>& weights,
                 double penalty) {
  double sum = 0;
  for (const Example& one : examples) {
    sum += one.weight * LogLoss(LogOdds(weights, one.features), one.positive);
  }
  for (size_t i = 0; i + 1 < weights.size(); ++i) sum += penalty / 2 * weights[i] * weights[i];
  return sum;
}

// What Newton's method subtracts from the weights.
std::vector<double> NewtonStep(std::span<const Example> examples,
                               const std::vector<double>& weights, double penalty) {
  const size_t n = weights.size();
  std::vector<double> gradient(n);
  std::vector<double> curvature(n * n);
  for (size_t i = 0; i + 1 < n; ++i) {
    gradient[i] = penalty * weights[i];
    curvature[i * n + i] = penalty;
  }
  std::vector<double> row(n, 1);
  for (const Example& one : examples) {
    std::copy(one.features.begin(), one.features.end(), row.begin());
    const double p = 1 / (1 + std::exp(-LogOdds(weights, one.features)));
    const double slope = one.weight * (p - (one.positive ? 1 : 0));
    const double bend = one.weight * p * (1 - p);
    for (size_t i = 0; i < n; ++i) {
      gradient[i] += slope * row[i];
      const double scaled = bend * row[i];
      for (size_t j = 0; j <= i; ++j) curvature[i * n + j] += scaled * row[j];
    }
  }
  for (size_t i = 0; i < n; ++i) curvature[i * n + i] += 1e-9;
  return Solve(std::move(curvature), std::move(gradient));
}

}  // namespace

double LogOdds(std::span<const double> weights, std::span<const double> features) {
  double sum = weights.back();
  for (size_t i = 0; i < features.size(); ++i) sum += weights[i] * features[i];
  return sum;
}

std::vector<double> FitLogistic(std::span<const Example> examples, double penalty) {
  std::vector<double> weights(examples.front().features.size() + 1);
  double loss = Objective(examples, weights, penalty);
  for (int step = 0; step < kMaxSteps; ++step) {
    const std::vector<double> change = NewtonStep(examples, weights, penalty);
    double length = 1;
    double largest = 0;
    for (const double one : change) largest = std::max(largest, std::fabs(one));
    for (;; length /= 2) {  // shorter until the loss falls
      std::vector<double> next = weights;
      for (size_t i = 0; i < next.size(); ++i) next[i] -= length * change[i];
      const double next_loss = Objective(examples, next, penalty);
      if (next_loss <= loss || length < 1e-6) {
        weights = std::move(next);
        loss = next_loss;
        break;
      }
    }
    if (largest * length < kEnough) break;
  }
  return weights;
}

}  // namespace insitu
