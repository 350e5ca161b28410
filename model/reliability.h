// Whether a probability means what it says: the reliability diagram.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/bootstrap.h"
#include "model/metrics.h"

namespace insitu {

// The patches whose probability of the positive class lies in [low, high), the last bin with its
// upper edge. The expected calibration error (ECE, Naeini et al. 2015) is the mean over all patches
// of |mean_probability - observed| of their bin: of the positive class's probability over its whole
// range, not of the larger of both probabilities ("confidence", as Guo et al. 2017 for many
// classes), because that probability is what is shown and what the threshold is put to.
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  int64_t n = 0;
  std::optional<double> mean_probability;
  std::optional<double> observed;    // the share of positives
  std::optional<Interval> interval;  // 95 %, of observed
};

// The interval is the hull of two: the bootstrap over cases, since patches of a case go together;
// and Wilson's, which takes them as independent, since a bin whose patches are all alike looks
// certain to the bootstrap. It is absent where many samples have no patch in the bin.
// resampled: the sums of all samples.
std::vector<ReliabilityBin> Reliability(const Tally& pooled, const std::vector<Tally>& resampled,
                                        const Resamples& resamples);

// 95 % interval of a share, of which `part` of `whole` > 0 were seen (Wilson 1927).
Interval WilsonInterval(double part, double whole);

}  // namespace insitu
