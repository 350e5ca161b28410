#include "model/reliability.h"

#include <algorithm>
#include <cmath>

namespace insitu {

Interval WilsonInterval(double part, double whole) {
  constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution
  const double share = part / whole;
  const double spread = kZ * kZ / whole;
  const double centre = (share + spread / 2) / (1 + spread);
  const double half = kZ / (1 + spread) * std::sqrt((share * (1 - share) + spread / 4) / whole);
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

std::vector<ReliabilityBin> Reliability(const Tally& pooled, const std::vector<Tally>& resampled,
                                        const Resamples& resamples) {
  std::vector<ReliabilityBin> bins(kReliabilityBins);
  for (size_t i = 0; i < bins.size(); ++i) {
    bins[i].low = static_cast<double>(i) / static_cast<double>(kReliabilityBins);
    bins[i].high = static_cast<double>(i + 1) / static_cast<double>(kReliabilityBins);
    const Tally::Bin& sums = pooled.bins[i];
    bins[i].n = static_cast<int64_t>(sums.n);
    if (sums.n == 0) continue;
    bins[i].mean_probability = sums.probability / sums.n;
    bins[i].observed = sums.positives / sums.n;
    const auto drawn =
        IntervalOf(resampled, resamples, [i](const Tally& tally) -> std::optional<double> {
          if (tally.bins[i].n == 0) return std::nullopt;
          return tally.bins[i].positives / tally.bins[i].n;
        });
    if (!drawn) continue;
    const Interval wilson = WilsonInterval(sums.positives, sums.n);
    bins[i].interval =
        Interval{std::min(drawn->low, wilson.low), std::max(drawn->high, wilson.high)};
  }
  return bins;
}

}  // namespace insitu
