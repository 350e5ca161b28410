// How sure a figure about films is: percentiles of what it would be had other women, as many, been
// drawn with replacement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace insitu {

struct Interval {
  double low = 0;
  double high = 0;
};

// Figures of one sample; weights: how often each woman is in it.
using Figures = std::vector<std::optional<double>>;
using FiguresOf = std::function<Figures(std::span<const double> weights)>;

// The percentiles 2.5 and 97.5 of every figure; a sample in which a figure is absent does not count
// for it. Absent for a figure that is absent in all of them. women > 0.
std::vector<std::optional<Interval>> BootstrapWomen(size_t women, int samples, uint64_t seed,
                                                    const FiguresOf& figures);

// The area under the receiver operating characteristic (Auc of metrics.h) where every scored thing
// counts as often as its woman.
class WomanAuc {
 public:
  struct Scored {
    double score = 0;
    bool truth = false;
    size_t woman = 0;
  };
  explicit WomanAuc(std::vector<Scored> scored);

  // Absent unless both classes are left.
  std::optional<double> At(std::span<const double> weights) const;

 private:
  std::vector<Scored> scored_;  // by rising score
};

}  // namespace insitu
