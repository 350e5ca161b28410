#include "model/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace insitu {
namespace {

// log(1 + exp(x)) without overflow.
double SoftPlus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// Weight of a patch of each class, such that each class weighs one half.
std::array<double, 2> ClassWeights(std::span<const HeldOut> held_out) {
  std::array<double, 2> counts = {};
  for (const HeldOut& one : held_out) counts[one.truth ? 1 : 0] += 1;
  return {0.5 / counts[0], 0.5 / counts[1]};
}

// Keeps the fit finite where the logits separate the classes entirely.
constexpr double kRidge = 1e-6;

double PenalisedNll(std::span<const HeldOut> held_out, const Calibration& c) {
  return BalancedNll(held_out, c) + kRidge / 2 * (c.scale * c.scale + c.shift * c.shift);
}

// The change of both parameters that would reach the minimum if the loss were a parabola.
Calibration NewtonStep(std::span<const HeldOut> held_out, const Calibration& c) {
  const std::array<double, 2> weights = ClassWeights(held_out);
  double gradient_scale = kRidge * c.scale;
  double gradient_shift = kRidge * c.shift;
  double scale_scale = kRidge, scale_shift = 0, shift_shift = kRidge;
  for (const HeldOut& one : held_out) {
    const double p = c.Probability(one.logit);
    const double weight = weights[one.truth ? 1 : 0];
    const double error = weight * (p - (one.truth ? 1 : 0));
    const double curvature = weight * p * (1 - p);
    gradient_scale += error * one.logit;
    gradient_shift += error;
    scale_scale += curvature * one.logit * one.logit;
    scale_shift += curvature * one.logit;
    shift_shift += curvature;
  }
  const double determinant = scale_scale * shift_shift - scale_shift * scale_shift;
  return {-(shift_shift * gradient_scale - scale_shift * gradient_shift) / determinant,
          -(scale_scale * gradient_shift - scale_shift * gradient_scale) / determinant};
}

// Balanced accuracy and F1 at the prevalence, added.
double Quality(std::span<const Scored> scored, double prevalence) {
  std::array<double, 2> counts = {}, right = {};
  for (const Scored& one : scored) {
    const size_t label = one.truth ? 1 : 0;
    counts[label] += 1;
    if (one.decision == one.truth) right[label] += 1;
  }
  const double specificity = right[0] / counts[0];
  const double sensitivity = right[1] / counts[1];
  return (sensitivity + specificity) / 2 + F1At(prevalence, sensitivity, specificity);
}

}  // namespace

double Calibration::Probability(double logit) const {
  return 1 / (1 + std::exp(-(scale * logit + shift)));
}

double BalancedNll(std::span<const HeldOut> held_out, const Calibration& calibration) {
  const std::array<double, 2> weights = ClassWeights(held_out);
  double nll = 0;
  for (const HeldOut& one : held_out) {
    const double z = calibration.scale * one.logit + calibration.shift;
    nll += weights[one.truth ? 1 : 0] * SoftPlus(one.truth ? -z : z);
  }
  return nll;
}

Calibration FitCalibration(std::span<const HeldOut> held_out) {
  constexpr int kMaxSteps = 100;
  constexpr int kMaxHalvings = 40;
  constexpr double kEnough = 1e-12;
  Calibration best;
  double best_loss = PenalisedNll(held_out, best);
  for (int step = 0; step < kMaxSteps; ++step) {
    // A full Newton step overshoots where the logits are far off their scale.
    Calibration move = NewtonStep(held_out, best);
    double gain = 0;
    for (int halving = 0; halving < kMaxHalvings && gain <= 0; ++halving) {
      const Calibration next = {best.scale + move.scale, best.shift + move.shift};
      const double loss = PenalisedNll(held_out, next);
      gain = best_loss - loss;
      if (gain > 0) {
        best = next;
        best_loss = loss;
      }
      move = {move.scale / 2, move.shift / 2};
    }
    if (gain <= kEnough) break;
  }
  return best;
}

double F1At(double prevalence, double sensitivity, double specificity) {
  const double true_positives = prevalence * sensitivity;
  const double false_positives = (1 - prevalence) * (1 - specificity);
  return 2 * true_positives / (prevalence + true_positives + false_positives);
}

double BestThreshold(std::span<const HeldOut> held_out, const Calibration& calibration,
                     double prevalence) {
  constexpr int kSteps = 1000;
  constexpr double kTolerance = 0.001;
  std::vector<double> quality;
  quality.reserve(kSteps + 1);
  for (int i = 0; i <= kSteps; ++i) {
    const auto scored = ScoresAt(held_out, calibration, static_cast<double>(i) / kSteps);
    quality.push_back(Quality(scored, prevalence));
  }
  const double best = *std::max_element(quality.begin(), quality.end());
  std::vector<int> good;
  for (int i = 0; i <= kSteps; ++i) {
    if (quality[static_cast<size_t>(i)] >= best - kTolerance) good.push_back(i);
  }
  return static_cast<double>(good[good.size() / 2]) / kSteps;
}

std::vector<Scored> ScoresAt(std::span<const HeldOut> held_out, const Calibration& calibration,
                             double threshold) {
  std::vector<Scored> scored;
  scored.reserve(held_out.size());
  for (const HeldOut& one : held_out) {
    const double probability = calibration.Probability(one.logit);
    scored.push_back({probability, probability >= threshold, one.truth});
  }
  return scored;
}

void BakeCalibration(const Calibration& calibration, SeedWeights* weights) {
  for (float& weight : weights->dense2) weight = static_cast<float>(weight * calibration.scale);
  for (float& bias : weights->dense2_bias) bias = static_cast<float>(bias * calibration.scale);
  weights->dense2_bias[1] += static_cast<float>(calibration.shift);
}

}  // namespace insitu
