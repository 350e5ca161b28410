#include "model/gate/gate_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "model/gate/logistic.h"

namespace insitu {
namespace {

// Added to the variances of the standardised features, so that what hardly varies among right
// images does not make every other one infinitely far.
constexpr double kRidge = 0.05;
constexpr double kPenalty = 1;

// The largest factor as a whole number: coarse, because each level more costs the download. What
// follows is fitted to the rounded ones.
constexpr double kWhiteningLevels = 63;

// Of the weight of all right images, that of the varied ones; and no wrong image weighs more than
// this share of its whole side, however small its family.
constexpr double kVariedShare = 0.5;
constexpr double kMostWeight = 1.0 / 400;

// bfloat16: parameters that differ no further pack better.
float Rounded(double value) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  return std::bit_cast<float>((bits + 0x8000U) & 0xffff0000U);
}

std::vector<float> MeasuredRow(std::span<const float> features) {
  return {features.begin(), features.end()};
}

struct Measured {
  std::vector<float> features;
  float weight = 1;  // within the image, all together 1
};

// What one part looks at of an image, a row a tile or one for the film.
std::vector<Measured> Rows(const GateImage& image, GatePart part) {
  std::vector<Measured> rows;
  if (part == GatePart::kFilm) {
    rows.push_back({MeasuredRow(std::span(image.film).subspan(kGreyFeature + 1))});
    return rows;
  }
  float weights = 0;
  for (const TileFeatures& tile : image.tiles) weights += TileWeight(tile);
  for (const TileFeatures& tile : image.tiles) {
    rows.push_back({MeasuredRow(tile), TileWeight(tile) / weights});
  }
  return rows;
}

bool IsUsed(const GateImage& image, GatePart part, const std::string& left_out) {
  if (!image.makes || image.family == left_out) return false;
  if (part == GatePart::kFilm) return image.is_film_size;
  return true;
}

struct Row {
  std::vector<float> standard;
  double weight = 0;
  bool right = false;
};

// Families weigh alike, and both sides alike.
std::vector<double> ImageWeights(const std::vector<const GateImage*>& images, GatePart part) {
  const auto family = [](const GateImage& image) {
    return IsVaried(image) ? image.family + " varied" : image.family;
  };
  std::map<std::string, double> counts;
  double wrong_families = 0;
  double has_varied = 0;
  for (const GateImage* image : images) {
    if (counts[family(*image)]++ > 0) continue;
    if (!IsRight(*image, part)) wrong_families += 1;
    if (IsRight(*image, part) && IsVaried(*image)) has_varied = 1;
  }
  std::vector<double> weights;
  for (const GateImage* image : images) {
    const double count = counts[family(*image)];
    double weight = std::min(1 / wrong_families / count, kMostWeight);
    if (IsRight(*image, part)) {
      weight = (IsVaried(*image) ? kVariedShare : 1 - has_varied * kVariedShare) / count;
    }
    weights.push_back(weight);
  }
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight *= static_cast<double>(images.size()) / sum;
  return weights;
}

// Mean and deviation of the right rows, in fitted->mean and ->scale.
void FitStandard(const std::vector<Row>& rows, FittedGate* fitted) {
  const size_t features = rows.front().standard.size();
  double count = 0;
  std::vector<double> sums(features);
  std::vector<double> squares(features);
  for (const Row& row : rows) {
    if (!row.right) continue;
    count += 1;
    for (size_t i = 0; i < features; ++i) sums[i] += row.standard[i];
  }
  for (const Row& row : rows) {
    if (!row.right) continue;
    for (size_t i = 0; i < features; ++i) {
      const double off = row.standard[i] - sums[i] / count;
      squares[i] += off * off;
    }
  }
  for (size_t i = 0; i < features; ++i) {
    fitted->mean.push_back(Rounded(sums[i] / count));
    fitted->scale.push_back(Rounded(1 / (std::sqrt(squares[i] / count) + 1e-6)));
  }
}

// The inverse of a symmetric positive definite matrix of n × n.
std::vector<double> Inverse(std::vector<double> a, size_t n) {
  std::vector<double> inverse(n * n);
  for (size_t i = 0; i < n; ++i) inverse[i * n + i] = 1;
  for (size_t k = 0; k < n; ++k) {  // Gauss and Jordan
    const double pivot = a[k * n + k];
    for (size_t j = 0; j < n; ++j) {
      a[k * n + j] /= pivot;
      inverse[k * n + j] /= pivot;
    }
    for (size_t i = 0; i < n; ++i) {
      const double factor = a[i * n + k];
      if (i == k) continue;
      for (size_t j = 0; j < n; ++j) {
        a[i * n + j] -= factor * a[k * n + j];
        inverse[i * n + j] -= factor * inverse[k * n + j];
      }
    }
  }
  return inverse;
}

// The upper factor U of a = Uᵀ U, its rows from the diagonal on.
std::vector<double> UpperFactor(const std::vector<double>& a, size_t n) {
  std::vector<double> u(n * n);
  std::vector<double> rows;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < i; ++k) sum -= u[k * n + i] * u[k * n + j];
      u[i * n + j] = i == j ? std::sqrt(sum) : sum / u[i * n + i];
      rows.push_back(u[i * n + j]);
    }
  }
  return rows;
}

void FitWhitening(const std::vector<Row>& rows, FittedGate* fitted) {
  const size_t n = fitted->mean.size();
  std::vector<double> covariance(n * n);
  double count = 0;
  for (const Row& row : rows) {
    if (!row.right) continue;
    count += 1;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        covariance[i * n + j] += double{row.standard[i]} * row.standard[j];
      }
    }
  }
  for (double& value : covariance) value /= count;
  for (size_t i = 0; i < n; ++i) covariance[i * n + i] += kRidge;
  const std::vector<double> factor = UpperFactor(Inverse(covariance, n), n);
  double largest = 0;
  for (const double value : factor) largest = std::max(largest, std::fabs(value));
  fitted->whitening_scale = Rounded(largest / kWhiteningLevels);
  for (const double value : factor) {
    const double whole = std::round(value / fitted->whitening_scale);
    fitted->whitening.push_back(static_cast<int8_t>(std::clamp(whole, -127.0, 127.0)));
  }
}

void FitOdds(const std::vector<Row>& rows, FittedGate* fitted) {
  std::vector<Example> examples;
  for (const Row& row : rows) {
    Example example{{row.standard.begin(), row.standard.end()}, row.right, row.weight};
    example.features.push_back(LogDistance(fitted->model(), row.standard));
    examples.push_back(std::move(example));
  }
  const std::vector<double> weights = FitLogistic(examples, kPenalty);
  const size_t n = fitted->mean.size();
  for (size_t i = 0; i < n; ++i) fitted->weights.push_back(Rounded(weights[i]));
  fitted->distance_weight = Rounded(weights[n]);
  fitted->constant = Rounded(weights[n + 1]);
}

// Takes the threshold off the constant.
void FitThreshold(const std::vector<const GateImage*>& images, GatePart part, FittedGate* fitted) {
  std::vector<float> odds;
  for (const GateImage* image : images) {
    if (!IsRight(*image, part) || IsVaried(*image)) continue;
    odds.push_back(ImageOdds(*image, fitted->model(), part));
  }
  std::sort(odds.begin(), odds.end());
  const auto at = [&](double share) {
    return odds[static_cast<size_t>(share * static_cast<double>(odds.size()))];
  };
  const double refused = part == GatePart::kFilm ? kFilmsRefused : kRefused;
  const float threshold = at(refused) - (part == GatePart::kFilm ? kFilmMargin : 0);
  fitted->wary = Rounded(at(2 * refused) - threshold);
  fitted->constant -= threshold;
}

}  // namespace

bool IsVaried(const GateImage& image) {
  return image.family == "right_varied" || image.variant == "film_varied";
}

bool IsRight(const GateImage& image, GatePart part) {
  if (part == GatePart::kFilm) return image.family == "film";
  return image.family.starts_with("right");
}

float ImageOdds(const GateImage& image, const GateModel& model, GatePart part) {
  float sum = 0;
  for (Measured& row : Rows(image, part)) {
    Standardise(model, row.features);
    sum += row.weight * std::clamp(Odds(model, row.features), -kMostOdds, kMostOdds);
  }
  return sum;
}

FittedGate FitGate(const std::vector<GateImage>& images, GatePart part,
                   const std::string& left_out) {
  std::vector<const GateImage*> used;
  for (const GateImage& image : images) {
    if (IsUsed(image, part, left_out)) used.push_back(&image);
  }
  const std::vector<double> weights = ImageWeights(used, part);
  std::vector<Row> rows;
  for (size_t i = 0; i < used.size(); ++i) {
    for (Measured& row : Rows(*used[i], part)) {
      rows.push_back({std::move(row.features), weights[i] * row.weight, IsRight(*used[i], part)});
    }
  }
  FittedGate fitted;
  FitStandard(rows, &fitted);
  for (Row& row : rows) Standardise(fitted.model(), row.standard);
  FitWhitening(rows, &fitted);
  FitOdds(rows, &fitted);
  FitThreshold(used, part, &fitted);
  return fitted;
}

}  // namespace insitu
