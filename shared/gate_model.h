// How the input gate weighs what it measured. The numbers are in gate_parameters.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace insitu {

// A logistic regression over standardised features and how far they are, together, from those of
// right images: log(1 + squared Mahalanobis distance).
struct GateModel {
  std::span<const float> mean;        // of the right images' features
  std::span<const float> scale;       // 1 / their standard deviation
  std::span<const int8_t> whitening;  // upper triangle, row by row, of the inverse covariance's
  float whitening_scale = 0;          // Cholesky factor; what 1 stands for
  std::span<const float> weights;     // of the features
  float distance_weight = 0;
  float constant = 0;  // so that what is below 0 is refused
  float wary = 0;      // accepted, but with a warning, below this
};

// A standardised feature is cut off here: beyond it only says once more that something is wrong.
inline constexpr float kMostDeviation = 6;

// One tile says no more than this for or against its image.
inline constexpr float kMostOdds = 8;

// In the weights that tell reasons apart the constants stand for so much each.
inline constexpr float kReasonConstantScale = 8;

// One a feature, in place of the features.
void Standardise(const GateModel& model, std::span<float> features);

// log(1 + squared distance) of standardised features.
float LogDistance(const GateModel& model, std::span<const float> standard);

// The log odds of standardised features being right.
float Odds(const GateModel& model, std::span<const float> standard);

}  // namespace insitu
