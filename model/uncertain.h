// What becomes of the patches when a band of probabilities is answered "uncertain: have it read".
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/bootstrap.h"
#include "model/metrics.h"

namespace insitu {

// A probability in [low, high) is uncertain, one at or above high positive, one below low negative.
struct StatedBand {
  double low = 0;
  double high = 0;             // low <= high
  double coverage_stated = 0;  // what the band was made for: see covered_negative
};

// A patch is covered when it is answered rightly or uncertain. Shares are absent where there is
// nothing to have a share of.
struct AbstentionShares {
  std::optional<double> share_abstained;  // of all patches, those answered uncertain
  std::optional<double> error_kept;       // of the others, those answered wrongly
  std::optional<double> covered;          // of all patches
  // What a conformal band by case and class promises: the mean over the cases of the share of their
  // negative, or positive, patches that is covered.
  std::optional<double> covered_negative, covered_positive;
};
struct AbstentionMeasure {
  std::string_view name;
  std::string_view heading;
  std::optional<double> AbstentionShares::* value;
};
inline constexpr std::array<AbstentionMeasure, 5> kAbstentionMeasures = {{
    {"share_abstained", "abstained", &AbstentionShares::share_abstained},
    {"error_kept", "error kept", &AbstentionShares::error_kept},
    {"covered", "covered", &AbstentionShares::covered},
    {"covered_negative", "cov. neg.", &AbstentionShares::covered_negative},
    {"covered_positive", "cov. pos.", &AbstentionShares::covered_positive},
}};

struct Abstention {
  StatedBand band;
  AbstentionShares shares;
  std::array<std::optional<Interval>, kAbstentionMeasures.size()> intervals;  // in their order
};

Abstention Abstain(std::span<const Case> cases, const StatedBand& band, const Resamples& resamples);

// The same of patches that several models read, each with a band of its own. bands: one a patch of
// each case; stated: what the answer gives as its band.
Abstention Abstain(std::span<const Case> cases, std::span<const std::vector<StatedBand>> bands,
                   const StatedBand& stated, const Resamples& resamples);

}  // namespace insitu
