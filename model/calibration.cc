#include "model/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "model/files.h"
#include "shared/decimal.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// log(1 + exp(x)) without overflow.
double SoftPlus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

constexpr size_t kMaxCountsBytes = size_t{16} << 20;

double TotalWeight(std::span<const HeldOut> held_out) {
  double total = 0;
  for (const HeldOut& one : held_out) total += one.weight;
  return total;
}

// Keeps the fit finite where the logits separate the classes entirely.
constexpr double kRidge = 1e-6;

double PenalisedNll(std::span<const HeldOut> held_out, const Calibration& c) {
  return Nll(held_out, c) + kRidge / 2 * (c.scale * c.scale + c.shift * c.shift);
}

// The change of both parameters that would reach the minimum if the loss were a parabola.
Calibration NewtonStep(std::span<const HeldOut> held_out, const Calibration& c) {
  const double total = TotalWeight(held_out);
  double gradient_scale = kRidge * c.scale;
  double gradient_shift = kRidge * c.shift;
  double scale_scale = kRidge, scale_shift = 0, shift_shift = kRidge;
  for (const HeldOut& one : held_out) {
    const double p = c.Probability(one.logit);
    const double weight = one.weight / total;
    const double error = weight * (p - (one.truth ? 1 : 0));
    const double curvature = weight * p * (1 - p);
    gradient_scale += error * one.logit;
    gradient_shift += error;
    scale_scale += curvature * one.logit * one.logit;
    scale_shift += curvature * one.logit;
    shift_shift += curvature;
  }
  const double determinant = scale_scale * shift_shift - scale_shift * scale_shift;
  return {-(shift_shift * gradient_scale - scale_shift * gradient_shift) / determinant,
          -(scale_scale * gradient_shift - scale_shift * gradient_scale) / determinant};
}

// "case,count,count": absent when it is anything else.
std::optional<std::pair<std::string, std::array<double, 2>>> ParseCounts(std::string_view line) {
  const size_t first = line.find(',');
  const size_t second = line.find(',', first == line.npos ? first : first + 1);
  if (first == 0 || second == line.npos) return std::nullopt;
  const auto negative = ParseDecimal(line.substr(first + 1, second - first - 1));
  const auto positive = ParseDecimal(line.substr(second + 1));
  if (!negative || !positive || *negative < 0 || *positive < 0) return std::nullopt;
  return std::pair(std::string(line.substr(0, first)), std::array{*negative, *positive});
}

}  // namespace

double Calibration::Probability(double logit) const {
  return 1 / (1 + std::exp(-(scale * logit + shift)));
}

double Nll(std::span<const HeldOut> held_out, const Calibration& calibration) {
  double nll = 0;
  for (const HeldOut& one : held_out) {
    const double z = calibration.scale * one.logit + calibration.shift;
    nll += one.weight * SoftPlus(one.truth ? -z : z);
  }
  return nll / TotalWeight(held_out);
}

double CalibrationError(std::span<const HeldOut> held_out, const Calibration& calibration,
                        int bins) {
  std::vector<double> excess(static_cast<size_t>(bins), 0);  // weight * (probability - truth)
  for (const HeldOut& one : held_out) {
    const double p = calibration.Probability(one.logit);
    const auto bin = static_cast<size_t>(std::min(p * bins, bins - 1.0));
    excess[bin] += one.weight * (p - (one.truth ? 1 : 0));
  }
  double sum = 0;
  for (const double one : excess) sum += std::abs(one);
  return sum / TotalWeight(held_out);
}

Result<CaseCounts> ReadCaseCounts(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxCountsBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  return ParseCaseCounts({bytes.value().begin(), bytes.value().end()}, path);
}

Result<CaseCounts> ParseCaseCounts(const std::string& text, const std::string& path) {
  std::istringstream lines(text);
  CaseCounts counts;
  std::string line;
  std::getline(lines, line);
  for (int number = 2; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const auto parsed = ParseCounts(line);
    if (!parsed || !counts.insert(*parsed).second) {
      return Error{
          ErrorCode::kInvalidArgument,
          StrCat(path, ", line ", number, ": it should be a case that no line before has, ",
                 "and its counts of both labels, like 10253,479,70.")};
    }
  }
  return counts;
}

Status Weigh(const CaseCounts& counts, const std::vector<std::string>& case_ids, double prevalence,
             std::vector<HeldOut>* held_out) {
  std::map<size_t, std::array<double, 2>> here;
  for (const HeldOut& one : *held_out) here[one.case_index][one.truth ? 1 : 0] += 1;
  std::array<double, 2> totals = {};
  for (HeldOut& one : *held_out) {
    const size_t label = one.truth ? 1 : 0;
    one.weight = 1;
    if (!counts.empty()) {
      const std::string& id = case_ids[one.case_index];
      const auto found = counts.find(id);
      if (found == counts.end() || found->second[label] < 1) {
        return Error{ErrorCode::kInvalidArgument,
                     StrCat("The counts do not know the patches of label ", label, " of case ", id,
                            "; give counts of the whole source.")};
      }
      const auto& [negative, positive] = found->second;
      one.weight = found->second[label] / (negative + positive) / here[one.case_index][label];
    }
    totals[label] += one.weight;
  }
  for (HeldOut& one : *held_out) {
    one.weight *= one.truth ? prevalence / totals[1] : (1 - prevalence) / totals[0];
  }
  return {};
}

Calibration FitCalibration(std::span<const HeldOut> held_out) {
  constexpr int kMaxSteps = 100;
  constexpr int kMaxHalvings = 40;
  constexpr double kEnough = 1e-12;
  Calibration best;
  double best_loss = PenalisedNll(held_out, best);
  for (int step = 0; step < kMaxSteps; ++step) {
    // A full Newton step overshoots where the logits are far off their scale.
    Calibration move = NewtonStep(held_out, best);
    double gain = 0;
    for (int halving = 0; halving < kMaxHalvings && gain <= 0; ++halving) {
      const Calibration next = {best.scale + move.scale, best.shift + move.shift};
      const double loss = PenalisedNll(held_out, next);
      gain = best_loss - loss;
      if (gain > 0) {
        best = next;
        best_loss = loss;
      }
      move = {move.scale / 2, move.shift / 2};
    }
    if (gain <= kEnough) break;
  }
  return best;
}

std::vector<Scored> ScoresAt(std::span<const HeldOut> held_out, const Calibration& calibration,
                             double threshold) {
  std::vector<Scored> scored;
  scored.reserve(held_out.size());
  for (const HeldOut& one : held_out) {
    const double probability = calibration.Probability(one.logit);
    scored.push_back({probability, probability >= threshold, one.truth});
  }
  return scored;
}

void BakeCalibration(const Calibration& calibration, NetworkWeights* weights) {
  LayerWeights& last = weights->layers.back();
  for (float& weight : last.weight) weight = static_cast<float>(weight * calibration.scale);
  for (float& bias : last.bias) bias = static_cast<float>(bias * calibration.scale);
  last.bias[1] += static_cast<float>(calibration.shift);
}

}  // namespace insitu
