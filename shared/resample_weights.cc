// The weights of resample.h, whose loops over pixels are in resample.cc.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "shared/resample.h"

namespace insitu {
namespace {

constexpr double kLobes = 3;  // half of the filter's width, in samples of the coarser grid

// sinc(x) sinc(x / 3) for |x| <= 3. With a = pi x / 3 and q = (sin a / a)^2 that is
// q (1 - 4/3 q a^2), and the series of sin a / a does without the library's sine, which the engine
// has not.
double Lanczos(double x) {
  const double angle = std::numbers::pi / kLobes * x;
  const double square = angle * angle;
  double sinc = 1;
  double term = 1;
  for (int k = 2; k <= 24; k += 2) {
    term *= -square / (k * (k + 1));
    sinc += term;
  }
  const double q = sinc * sinc;
  return q - q * q * square * 4 / 3;
}

}  // namespace

ResampleWeights::ResampleWeights(int from, int64_t to, int64_t first, int count) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double wide = std::max(scale, 1.0);
  const double support = from == to ? 0.5 : kLobes * wide;  // as many samples stay as they are
  List<double> exact;
  offset_.push_back(0);
  for (int64_t i = first; i < first + count; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int begin = std::max(0, static_cast<int>(std::floor(centre - support)));
    const int end = std::min(from, static_cast<int>(std::ceil(centre + support)));
    exact.resize(static_cast<size_t>(end - begin));
    double sum = 0;
    int sample = begin;
    for (double& weight : exact) {
      const double x = (sample++ + 0.5 - centre) / wide;
      weight = std::fabs(x) < kLobes ? Lanczos(x) : 0;
      sum += weight;
    }
    weights_.resize(weights_.size() + exact.size());
    float* normalised = weights_.end() - exact.size();
    for (const double weight : exact) *normalised++ = static_cast<float>(weight / sum);
    begin_.push_back(begin);
    offset_.push_back(weights_.size());
  }
}

}  // namespace insitu
