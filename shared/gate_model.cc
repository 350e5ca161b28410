#include "shared/gate_model.h"

#include <algorithm>
#include <cmath>

#include "shared/logarithm.h"

namespace insitu {

void Standardise(const GateModel& model, std::span<float> features) {
  for (size_t i = 0; i < features.size(); ++i) {
    features[i] =
        std::clamp((features[i] - model.mean[i]) * model.scale[i], -kMostDeviation, kMostDeviation);
  }
}

float LogDistance(const GateModel& model, std::span<const float> standard) {
  const int8_t* factor = model.whitening.data();
  float squares = 0;
  for (size_t row = 0; row < standard.size(); ++row) {
    float sum = 0;
    for (size_t i = row; i < standard.size(); ++i) {
      sum += static_cast<float>(*factor++) * standard[i];
    }
    squares += sum * sum;
  }
  const double distance = 1 + squares * model.whitening_scale * model.whitening_scale;
  return static_cast<float>(Log(distance));
}

float Odds(const GateModel& model, std::span<const float> standard) {
  float odds = model.constant + model.distance_weight * LogDistance(model, standard);
  for (size_t i = 0; i < standard.size(); ++i) odds += model.weights[i] * standard[i];
  return odds;
}

}  // namespace insitu
