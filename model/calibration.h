// From the logits of patches that a network was not trained on to a calibrated probability and an
// operating point.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/metrics.h"
#include "model/seed_network.h"

namespace insitu {

struct HeldOut {
  double logit = 0;    // of the positive label, minus that of the negative one
  bool truth = false;  // is positive
};

// Platt scaling: probability = sigmoid(scale * logit + shift). 1 / scale is the temperature.
struct Calibration {
  double scale = 1;
  double shift = 0;
  double Probability(double logit) const;
};

// Minimises the negative log-likelihood with both classes weighted alike, so that the probability
// is the one for a patch that is as likely to be positive as not. Both classes must be there.
Calibration FitCalibration(std::span<const HeldOut> held_out);

// Mean over both classes of their mean negative log-likelihood.
double BalancedNll(std::span<const HeldOut> held_out, const Calibration& calibration);

// The share of IDC among the patches of the whole public release: 78,786 of 277,524.
inline constexpr double kReleasePrevalence = 0.284;

// F1 of the positive class that this sensitivity and specificity give where the positives have the
// share prevalence, in (0, 1). 0 when nothing is called positive.
double F1At(double prevalence, double sensitivity, double specificity);

// The threshold, to three decimals, of the greatest sum of balanced accuracy and F1 of the positive
// class at the prevalence: in the middle of those that come within 0.001 of it, because the very
// best is an accident of the sample. Both classes must be there.
double BestThreshold(std::span<const HeldOut> held_out, const Calibration& calibration,
                     double prevalence);

std::vector<Scored> ScoresAt(std::span<const HeldOut> held_out, const Calibration& calibration,
                             double threshold);

// Puts the calibration into the last layer, so that the network's own softmax is calibrated in
// whatever program runs it.
void BakeCalibration(const Calibration& calibration, SeedWeights* weights);

}  // namespace insitu
