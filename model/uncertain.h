// What becomes of the patches when a band of probabilities is answered "uncertain: have it read".
#pragma once

#include <optional>
#include <span>

#include "model/bootstrap.h"
#include "model/metrics.h"

namespace insitu {

// A probability in [low, high) is uncertain, one at or above high positive, one below low negative.
struct UncertainBand {
  double low = 0;
  double high = 0;             // low <= high
  double coverage_stated = 0;  // what the band was made for: the share that it covers
};

// Shares of patches; absent where there are none, error_kept where all abstain.
struct Abstention {
  UncertainBand band;
  std::optional<double> share_abstained;  // answered uncertain
  std::optional<double> error_kept;       // of the others, the share answered wrongly
  std::optional<double> covered;          // answered rightly or uncertain: not answered wrongly
  std::optional<Interval> share_abstained_interval, error_kept_interval, covered_interval;
};

Abstention Abstain(std::span<const Case> cases, const UncertainBand& band,
                   const Resamples& resamples);

}  // namespace insitu
