#include "model/operating_point.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "model/random.h"

namespace insitu {
namespace {

constexpr int kSteps = 1000;  // thresholds have three decimals
constexpr int kIntervalSteps = 20;

double Threshold(int step) { return static_cast<double>(step) / kSteps; }

// Rates at every threshold from 0 to 1.
std::vector<Rates> AllRates(std::span<const HeldOut> held_out, const Calibration& calibration) {
  std::vector<Rates> rates;
  rates.reserve(kSteps + 1);
  for (int i = 0; i <= kSteps; ++i) rates.push_back(RatesAt(held_out, calibration, Threshold(i)));
  return rates;
}

int BestStep(const std::vector<Rates>& rates, double prevalence) {
  constexpr double kTolerance = 0.001;
  std::vector<double> quality;
  quality.reserve(rates.size());
  for (const Rates& r : rates) quality.push_back(r.balanced_accuracy() + F1At(prevalence, r));
  const double best = *std::max_element(quality.begin(), quality.end());
  std::vector<int> good;
  for (size_t i = 0; i < quality.size(); ++i) {
    if (quality[i] >= best - kTolerance) good.push_back(static_cast<int>(i));
  }
  return good[good.size() / 2];
}

// One draw, with replacement, of as many cases as there are; absent when it lacks a class.
std::vector<HeldOut> DrawCases(const std::map<size_t, std::vector<HeldOut>>& by_case,
                               Random* random) {
  std::vector<const std::vector<HeldOut>*> cases;
  for (const auto& [id, members] : by_case) cases.push_back(&members);
  std::vector<HeldOut> drawn;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::vector<HeldOut>& members = *cases[random->Below(cases.size())];
    drawn.insert(drawn.end(), members.begin(), members.end());
  }
  const auto positives =
      std::count_if(drawn.begin(), drawn.end(), [](const HeldOut& one) { return one.truth; });
  if (positives == 0 || positives == std::ssize(drawn)) drawn.clear();
  return drawn;
}

// The least score s such that the patches of one class with a score of at most s weigh at least
// coverage, each case counting alike and one more, unknown case having the greatest score there is.
// scores: (case, score).
double ConformalQuantile(std::vector<std::pair<size_t, double>> scores, double coverage) {
  std::map<size_t, double> patches;
  for (const auto& [id, score] : scores) patches[id] += 1;
  const double share = 1 / (static_cast<double>(patches.size()) + 1);
  std::sort(scores.begin(), scores.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  double weight = 0;
  for (const auto& [id, score] : scores) {
    weight += share / patches[id];
    if (weight >= coverage) return score;
  }
  return 1;
}

}  // namespace

Rates RatesAt(std::span<const HeldOut> held_out, const Calibration& calibration, double threshold) {
  std::array<double, 2> all = {}, right = {};
  for (const HeldOut& one : held_out) {
    const size_t label = one.truth ? 1 : 0;
    const bool positive = calibration.Probability(one.logit) >= threshold;
    all[label] += one.weight;
    if (positive == one.truth) right[label] += one.weight;
  }
  return {right[1] / all[1], right[0] / all[0]};
}

double F1At(double prevalence, const Rates& rates) {
  const double true_positives = prevalence * rates.sensitivity;
  const double false_positives = (1 - prevalence) * (1 - rates.specificity);
  return 2 * true_positives / (prevalence + true_positives + false_positives);
}

List<OperatingPoint> ChooseOperatingPoints(std::span<const HeldOut> held_out,
                                           const Calibration& calibration, double prevalence) {
  const std::vector<Rates> rates = AllRates(held_out, calibration);
  int screen = 0, confirm = kSteps;
  for (int i = 0; i <= kSteps; ++i) {
    if (rates[static_cast<size_t>(i)].sensitivity >= kScreenSensitivity) screen = i;
    const int back = kSteps - i;
    if (rates[static_cast<size_t>(back)].specificity >= kConfirmSpecificity) confirm = back;
  }
  const auto point = [&rates](std::string_view name, int step) {
    const Rates& at = rates[static_cast<size_t>(step)];
    OperatingPoint made = {{}, Threshold(step), at.sensitivity, at.specificity};
    name.copy(made.name, kMaxPointNameBytes);
    return made;
  };
  return {point("screen", screen), point("balanced", BestStep(rates, prevalence)),
          point("confirm", confirm)};
}

List<CalibrationPoint> CalibrationInterval(std::span<const HeldOut> held_out,
                                           const Calibration& calibration, uint64_t seed) {
  std::map<size_t, std::vector<HeldOut>> by_case;
  for (const HeldOut& one : held_out) by_case[one.case_index].push_back(one);
  Random random(seed);
  std::vector<Calibration> fits;
  while (fits.size() < kBootstraps) {
    const std::vector<HeldOut> drawn = DrawCases(by_case, &random);
    if (!drawn.empty()) fits.push_back(FitCalibration(drawn));
  }
  List<CalibrationPoint> points = {{0, 0, 0}};
  for (int i = 1; i < kIntervalSteps; ++i) {
    const double p = static_cast<double>(i) / kIntervalSteps;
    const double logit = (std::log(p / (1 - p)) - calibration.shift) / calibration.scale;
    std::vector<double> others;
    others.reserve(fits.size());
    for (const Calibration& fit : fits) others.push_back(fit.Probability(logit));
    std::sort(others.begin(), others.end());
    const auto cut = static_cast<size_t>(0.025 * kBootstraps);
    points.push_back({p, std::min(p, others[cut]), std::max(p, others[kBootstraps - 1 - cut])});
  }
  points.push_back({1, 1, 1});
  return points;
}

UncertainBand ChooseUncertainBand(std::span<const HeldOut> held_out, const Calibration& calibration,
                                  double coverage, double threshold) {
  // The score of a patch is the probability of the class that it is not of.
  std::array<std::vector<std::pair<size_t, double>>, 2> scores;
  for (const HeldOut& one : held_out) {
    const double p = calibration.Probability(one.logit);
    scores[one.truth ? 1 : 0].emplace_back(one.case_index, one.truth ? 1 - p : p);
  }
  const double high = ConformalQuantile(scores[0], coverage);     // negatives lie below it
  const double low = 1 - ConformalQuantile(scores[1], coverage);  // positives lie above it
  if (low >= high) return {threshold, threshold, coverage};
  return {low, high, coverage};
}

}  // namespace insitu
