// How sure a figure about films is: the bootstrap of bootstrap.h, whose cases are women, for
// figures that are no sums over cases.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/bootstrap.h"

namespace insitu {

// Figures of one sample; weights: how often each woman is in it.
using Figures = std::vector<std::optional<double>>;
using FiguresOf = std::function<Figures(std::span<const double> weights)>;

// The interval of every figure of `figures`, as PercentileInterval has it.
std::vector<std::optional<Interval>> BootstrapWomen(const Resamples& women,
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
