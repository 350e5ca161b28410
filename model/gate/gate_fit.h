// Fits the input gate's parameters (shared/gate_parameters.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/gate/gate_images.h"
#include "shared/gate_model.h"

namespace insitu {

// A GateModel with its numbers.
struct FittedGate {
  std::vector<float> mean;
  std::vector<float> scale;
  std::vector<int8_t> whitening;
  float whitening_scale = 0;
  std::vector<float> weights;
  float distance_weight = 0;
  float constant = 0;
  float wary = 0;

  GateModel model() const {
    return {mean, scale, whitening, whitening_scale, weights, distance_weight, constant, wary};
  }
};

// Which model is fitted: its right images and what it looks at.
enum class GatePart { kTissue, kFilm };

// What a fit takes part in or leaves out.
bool IsRight(const GateImage& image, GatePart part);
// Right, but made so by us: such images take part in the fit and not in the threshold.
bool IsVaried(const GateImage& image);

// The image's log odds by a model, the mean over its tiles.
float ImageOdds(const GateImage& image, const GateModel& model, GatePart part);

// Fitted to the images that make, without the family left_out ("": none). Refused is kRefused of
// the right ones it was fitted to; as many again are accepted with a warning. Films are few and far
// from all else: their threshold is kFilmMargin below what it would be.
FittedGate FitGate(const std::vector<GateImage>& images, GatePart part,
                   const std::string& left_out);
inline constexpr double kRefused = 0.04;
inline constexpr double kFilmsRefused = 0.02;
inline constexpr float kFilmMargin = 2;

// What tells reasons apart, for images that are refused: one row of weights a reason, the constant
// last, one against the rest, as whole numbers of one scale.
struct FittedReasons {
  std::vector<GateReason> reasons;
  std::vector<int8_t> weights;
};
FittedReasons FitReasons(const std::vector<GateImage>& images, const GateModel& tissue);

// The header that the engine is compiled with.
std::string ParametersHeader(const FittedGate& tissue, const FittedGate& film,
                             const FittedReasons& reasons);

}  // namespace insitu
