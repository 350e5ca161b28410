#include "model/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace insitu {
namespace {

// Ranks less their mean.
std::vector<double> Ranks(std::span<const float> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return values[i] < values[j]; });
  const double mean = static_cast<double>(values.size() - 1) / 2;
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = static_cast<double>(first + end - 1) / 2 - mean;
    for (; first < end; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

}  // namespace

double RankCorrelation(std::span<const float> a, std::span<const float> b) {
  const std::vector<double> ranks_a = Ranks(a);
  const std::vector<double> ranks_b = Ranks(b);
  double product = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (size_t i = 0; i < ranks_a.size(); ++i) {
    product += ranks_a[i] * ranks_b[i];
    squares_a += ranks_a[i] * ranks_a[i];
    squares_b += ranks_b[i] * ranks_b[i];
  }
  const double spread = std::sqrt(squares_a * squares_b);
  return spread == 0 ? 0 : product / spread;
}

}  // namespace insitu
