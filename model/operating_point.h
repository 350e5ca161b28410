// Thresholds, what they do to patches that the network had not seen, and how sure that is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/calibration.h"
#include "shared/model_info.h"

namespace insitu {

// Weighted shares of the positives and negatives that are called rightly.
struct Rates {
  double sensitivity = 0;
  double specificity = 0;
  double balanced_accuracy() const { return (sensitivity + specificity) / 2; }
};

// Both classes must be there, here and below.
Rates RatesAt(std::span<const HeldOut> held_out, const Calibration& calibration, double threshold);

// F1 of the positive class that this sensitivity and specificity give where the positives have the
// share prevalence, in (0, 1). 0 when nothing is called positive.
double F1At(double prevalence, const Rates& rates);

// The thresholds of a model, all to three decimals:
//   screen    the greatest with a sensitivity of at least .95
//   balanced  that of the greatest sum of balanced accuracy and F1 of the positive class at the
//             prevalence: in the middle of those that come within 0.001 of it, because the very
//             best is an accident of the sample
//   confirm   the least with a specificity of at least .95
List<OperatingPoint> ChooseOperatingPoints(std::span<const HeldOut> held_out,
                                           const Calibration& calibration, double prevalence);

inline constexpr double kScreenSensitivity = 0.95;
inline constexpr double kConfirmSpecificity = 0.95;

// The interval of the calibrated probability at 0, 0.05, … 1: percentiles 2.5 and 97.5 of what it
// would be had the calibration been fitted to another draw, with replacement, of as many cases.
List<CalibrationPoint> CalibrationInterval(std::span<const HeldOut> held_out,
                                           const Calibration& calibration, uint64_t seed);

inline constexpr int kBootstraps = 400;

// Split-conformal prediction by case and class (Lee, Barber & Willett 2023, hierarchical conformal
// prediction; Vovk's Mondrian taxonomy): the next case's patches of either class get an answer that
// holds, or none, with a probability of at least coverage, each case counting alike. Where few
// cases leave no such band, or where the classes are so far apart that both bounds would cross, it
// is everything, or nothing at the balanced threshold.
UncertainBand ChooseUncertainBand(std::span<const HeldOut> held_out, const Calibration& calibration,
                                  double coverage, double threshold);

inline constexpr double kCoverage = 0.90;

}  // namespace insitu
