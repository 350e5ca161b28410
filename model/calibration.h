// From the logits of patches that a network was not trained on to a calibrated probability.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/metrics.h"
#include "model/network_spec.h"
#include "shared/result.h"

namespace insitu {

// A patch that the network had not seen.
struct HeldOut {
  double logit = 0;    // of the positive label, minus that of the negative one
  bool truth = false;  // is positive
  size_t case_index = 0;
  double weight = 1;  // how much it counts, > 0
};

// How many patches of each label a case has in the source that the set at hand was drawn from.
using CaseCounts = std::map<std::string, std::array<double, 2>>;

// Lines of case,count of label 0,count of label 1, after a heading. Errors: kInvalidArgument.
Result<CaseCounts> ReadCaseCounts(const std::string& path);

// The same of the file's text. path: for messages.
Result<CaseCounts> ParseCaseCounts(const std::string& text, const std::string& path);

// Gives every patch the weight with which the held-out ones stand for those the network will meet:
// every case alike, the labels within a case as frequent as counts say, and the positive ones
// together of the share prevalence, in (0, 1). Without counts every patch of a label weighs alike.
// The weights sum up to 1. case_ids: by case_index. Both labels must be there. Errors:
// kInvalidArgument when counts lack a case, or one of its labels that is there.
Status Weigh(const CaseCounts& counts, const std::vector<std::string>& case_ids, double prevalence,
             std::vector<HeldOut>* held_out);

// Platt scaling: probability = sigmoid(scale * logit + shift). 1 / scale is the temperature.
struct Calibration {
  double scale = 1;
  double shift = 0;
  double Probability(double logit) const;
};

// Minimises the negative log-likelihood. Both classes must be there.
Calibration FitCalibration(std::span<const HeldOut> held_out);

// Weighted mean of the negative log-likelihood.
double Nll(std::span<const HeldOut> held_out, const Calibration& calibration);

// Weighted expected calibration error over `bins` bins of equal width.
double CalibrationError(std::span<const HeldOut> held_out, const Calibration& calibration,
                        int bins = 10);

std::vector<Scored> ScoresAt(std::span<const HeldOut> held_out, const Calibration& calibration,
                             double threshold);

// Puts the calibration into the last layer, so that the network's own softmax is calibrated in
// whatever program runs it.
void BakeCalibration(const Calibration& calibration, NetworkWeights* weights);

}  // namespace insitu
