#include "shared/gate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "shared/gate_features.h"
#include "shared/gate_parameters.h"
#include "shared/logarithm.h"

namespace insitu {
namespace {

// Reasons that still say: this is stained tissue.
bool IsHistology(GateReason reason) {
  return reason >= GateReason::kPen && reason <= GateReason::kOtherStain;
}

// What the tiles of an image say together.
struct TissueVerdict {
  float odds = 0;                         // log odds of being right, the threshold taken off
  GateReason reason = GateReason::kNone;  // what speaks against it most
};

TissueVerdict JudgeTissue(const Image& image) {
  static const DensityTable kTable;  // its logarithms take as long as a small image does
  const int tiles = TileCount(image);
  TissueVerdict verdict;
  std::array<float, kGateReasons.size()> against = {};
  float weights = 0;
  for (int i = 0; i < tiles; ++i) {
    TileFeatures tile = MeasureTile(image, kTable, i);
    const float weight = TileWeight(tile);
    Standardise(kTissueGate, tile);
    verdict.odds += weight * std::clamp(Odds(kTissueGate, tile), -kMostOdds, kMostOdds);
    weights += weight;
    const int8_t* factor = kReasonWeights.data();
    for (float& sum : against) {
      for (const float feature : tile) sum += weight * static_cast<float>(*factor++) * feature;
      sum += weight * kReasonConstantScale * static_cast<float>(*factor++);
    }
  }
  verdict.odds /= weights;
  size_t most = 0;
  for (size_t i = 1; i < against.size(); ++i) most = against[i] > against[most] ? i : most;
  verdict.reason = kGateReasons[most];
  if (weights < kEmptyWeight * static_cast<float>(tiles)) {
    verdict = {-kMostOdds, GateReason::kGlass};
  }
  return verdict;
}

// Whether an image is a mammogram's film; what is below 0 is not.
float FilmOdds(const Image& image) {
  if (std::min(image.width, image.height) < kMinFilmSide) return -kMostOdds;
  FilmFeatures film = MeasureFilm(image);
  const std::span<float> measured(film.data() + 1, film.size() - 1);
  if (film[kGreyFeature] < kGreyFilm) return -kMostOdds;
  Standardise(kFilmGate, measured);
  return std::clamp(Odds(kFilmGate, measured), -kMostOdds, kMostOdds);
}

}  // namespace

const char* ReasonName(GateReason reason) {
  static constexpr const char* kNames[] = {"",
                                           "glass",
                                           "pen",
                                           "blur",
                                           "compression",
                                           "scale",
                                           "other_stain",
                                           "photograph",
                                           "drawing",
                                           "grey_not_film",
                                           "colour_not_histology",
                                           "histology_not_film",
                                           "film_not_histology",
                                           "too_small"};
  return kNames[static_cast<size_t>(reason)];
}

const char* KindName(ImageKind kind) {
  static constexpr const char* kNames[] = {"histology", "mammogram", "other"};
  return kNames[static_cast<size_t>(kind)];
}

GateVerdict JudgeImage(const Image& image, ImageKind wanted) {
  GateVerdict verdict;
  if (std::min(image.width, image.height) < kMinGateSide) {
    verdict.reason = GateReason::kTooSmall;
    return verdict;
  }
  const float film = FilmOdds(image);
  const TissueVerdict tissue = JudgeTissue(image);
  const bool looks_stained = tissue.odds >= 0 || IsHistology(tissue.reason);
  if (film >= 0 || looks_stained) {
    verdict.kind = film >= 0 ? ImageKind::kMammogram : ImageKind::kHistology;
  }
  const bool wants_film = wanted == ImageKind::kMammogram;
  const float odds = wants_film ? film : tissue.odds;
  verdict.accepted = odds >= 0;
  verdict.score = static_cast<float>(1 / (1 + Exp(-double{odds})));
  if (!verdict.accepted || odds < (wants_film ? kFilmGate : kTissueGate).wary) {
    verdict.reason = tissue.reason;
  }
  if (wants_film && verdict.reason != GateReason::kNone) {
    verdict.reason = looks_stained ? GateReason::kHistologyNotFilm : GateReason::kGreyNotFilm;
  } else if (!verdict.accepted && film >= 0) {
    verdict.reason = GateReason::kFilmNotHistology;
  }
  return verdict;
}

GateVerdict JudgeStatedFilm(const Image& image) {
  GateVerdict verdict;
  verdict.kind = ImageKind::kMammogram;
  if (std::min(image.width, image.height) < kMinFilmSide) {
    verdict.reason = GateReason::kTooSmall;
    return verdict;
  }
  if (MeasureFilm(image)[kGreyFeature] < kGreyFilm) return JudgeImage(image, verdict.kind);
  verdict.accepted = true;
  verdict.score = 1;
  return verdict;
}

}  // namespace insitu
