#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "model/metrics.h"
#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

// Called positive from .5 on.
std::vector<Scored> At(const std::vector<std::pair<double, bool>>& scores) {
  std::vector<Scored> scored;
  for (const auto& [score, truth] : scores) scored.push_back({score, score >= 0.5, truth});
  return scored;
}

// Negatives at .1 .2 .6, positives at .4 .7 .8 .9: tn 2, fp 1, fn 1, tp 3.
const std::vector<Scored> kSeven =
    At({{.1, false}, {.2, false}, {.6, false}, {.4, true}, {.7, true}, {.8, true}, {.9, true}});

TEST_CASE("Ratios of the confusion are those worked by hand", "[model_metrics]") {
  const Metrics m = ComputeMetrics(kSeven);
  CHECK(m.n == 7);
  CHECK(m.confusion.tn == 2);
  CHECK(m.confusion.fp == 1);
  CHECK(m.confusion.fn == 1);
  CHECK(m.confusion.tp == 3);
  CHECK(*m.accuracy == Approx(5.0 / 7));
  CHECK(*m.sensitivity == Approx(3.0 / 4));
  CHECK(*m.specificity == Approx(2.0 / 3));
  CHECK(*m.balanced_accuracy == Approx((3.0 / 4 + 2.0 / 3) / 2));
  CHECK(*m.precision == Approx(3.0 / 4));
  CHECK(*m.f1 == Approx(6.0 / 8));  // 2 * 3 / (2 * 3 + 1 + 1)
}

TEST_CASE("AUC counts the pairs that are in order, ties one half", "[model_metrics]") {
  // 3 x 4 pairs; only .6 before .4 is out of order.
  CHECK(*Auc(kSeven) == Approx(11.0 / 12));
  // Pairs of {.5, .3} with {.5, .9}: .5=.5 one half, .5<.9, .3<.5, .3<.9.
  CHECK(*Auc(At({{.5, false}, {.3, false}, {.5, true}, {.9, true}})) == Approx(3.5 / 4));
  CHECK(*Auc(At({{.5, false}, {.5, true}, {.5, true}})) == 0.5);
}

TEST_CASE("The Brier score is the mean squared error", "[model_metrics]") {
  // (.1-0)^2 + (.2)^2 + (.6)^2 + (.4-1)^2 + (.3)^2 + (.2)^2 + (.1)^2
  //   = .01 + .04 + .36 + .36 + .09 + .04 + .01 = .91
  CHECK(*ComputeMetrics(kSeven).brier == Approx(0.91 / 7));
}

TEST_CASE("NLL is the mean of minus the logarithm of what was given to the truth",
          "[model_metrics]") {
  // -ln of .9 .8 .4 .4 .7 .8 .9; their product is .9^2 * .8^2 * .4^2 * .7 = .05806080
  CHECK(*ComputeMetrics(kSeven).nll == Approx(-std::log(0.0580608) / 7));
  CHECK(*ComputeMetrics(At({{0.5, true}, {0.5, false}})).nll == Approx(std::log(2)));
}

TEST_CASE("NLL of a certainty is 0 where right and finite where wrong", "[model_metrics]") {
  CHECK(*ComputeMetrics(At({{1, true}, {0, false}})).nll == 0);
  CHECK(*ComputeMetrics(At({{0, true}})).nll == Approx(52 * std::log(2)));
  CHECK(*ComputeMetrics(At({{1, false}})).nll == Approx(52 * std::log(2)));
}

TEST_CASE("ECE is the mean difference of the bins' probability and share", "[model_metrics]") {
  // Bins of 1/15. .61 .62 .65 .66 lie in [9/15, 10/15): mean .635, 3 of 4 positive: |.635 - .75|.
  // .04 lies in the first: |.04 - 0|. ECE = (4 * .115 + 1 * .04) / 5 = .1
  const auto scored = At({{.61, true}, {.62, true}, {.65, true}, {.66, false}, {.04, false}});
  CHECK(*ComputeMetrics(scored).ece == Approx(0.1));
}

TEST_CASE("A probability on an edge belongs to the bin above and 1 to the last",
          "[model_metrics]") {
  const Tally tally = TallyOf(At({{0, false}, {0.2, false}, {1, true}, {0.2 - 1e-9, false}}));
  CHECK(tally.bins[0].n == 1);
  CHECK(tally.bins[2].n == 1);
  CHECK(tally.bins[3].n == 1);
  CHECK(tally.bins[14].n == 1);
}

TEST_CASE("ECE of labels drawn by their probabilities is small", "[model_metrics]") {
  // Expected: each bin's difference has a deviation of sqrt(p(1-p)/n_bin) < .5 / sqrt(13,333).
  const auto scored = MadeScores({.seed = 5, .patches = 200'000, .calibrated = true});
  CHECK(*ComputeMetrics(scored).ece < 0.004);
  // Probabilities drawn towards the middle say less than is known.
  auto timid = scored;
  for (Scored& one : timid) one.score = 0.5 + (one.score - 0.5) / 2;
  CHECK(*ComputeMetrics(timid).ece == Approx(0.125).margin(0.01));  // E|p - 1/2| / 2
}

TEST_CASE("AUC does not change when scores are mapped in order", "[model_metrics]") {
  const auto scored = MadeScores({.seed = 2, .patches = 3000, .steps = 64});
  auto mapped = scored;
  for (Scored& one : mapped) one.score = one.score * one.score * one.score / 2 + 0.1;
  CHECK(*Auc(mapped) == *Auc(scored));
}

TEST_CASE("AUC of the reversed scores is one minus the AUC", "[model_metrics]") {
  const auto scored = MadeScores({.seed = 3, .patches = 2000, .steps = 64});
  auto reversed = scored;
  for (Scored& one : reversed) one.score = 1 - one.score;
  CHECK(*Auc(reversed) == Approx(1 - *Auc(scored)).epsilon(1e-12));
}

TEST_CASE("A measure whose denominator is zero is absent", "[model_metrics]") {
  const Metrics none = ComputeMetrics({});
  for (const Measure& measure : kMeasures) {
    CAPTURE(measure.name);
    CHECK(!(none.*measure.value).has_value());
  }
  const Metrics negatives = ComputeMetrics(At({{.1, false}, {.2, false}}));
  CHECK(negatives.specificity == 1);
  CHECK(!negatives.sensitivity);
  CHECK(!negatives.balanced_accuracy);
  CHECK(!negatives.precision);
  CHECK(!negatives.f1);
  CHECK(!negatives.auc);
  CHECK(negatives.brier.has_value());
  CHECK(negatives.ece.has_value());
}

TEST_CASE("Tallies of parts add up to the tally of the whole", "[model_metrics]") {
  const auto scored = MadeScores({.seed = 4, .patches = 500});
  Tally sum;
  sum.Add(TallyOf(std::span(scored).first(123)), 1);
  sum.Add(TallyOf(std::span(scored).subspan(123)), 1);
  const Metrics whole = ComputeMetrics(scored);
  const Metrics added = MetricsOf(sum, whole.auc);
  for (const Measure& measure : kMeasures) {
    CAPTURE(measure.name);
    CHECK(*(added.*measure.value) == Approx(*(whole.*measure.value)).epsilon(1e-12));
  }
}

TEST_CASE("Predictive values follow from the prevalence", "[model_metrics]") {
  // Sensitivity 3/4, specificity 2/3, 10 of 100 positive: tp 7.5, fn 2.5, fp 30, tn 60.
  const AtPrevalence at = MetricsAtPrevalence(TallyOf(kSeven), 0.1);
  CHECK(*at.ppv == Approx(7.5 / 37.5));
  CHECK(*at.npv == Approx(60 / 62.5));
  CHECK(*at.f1 == Approx(15 / (15 + 30 + 2.5)));
}

TEST_CASE("Losses at a prevalence weigh the classes as it has them", "[model_metrics]") {
  // Squared errors .01 .04 .36 of the negatives, mean .41/3; .36 .09 .04 .01 of the positives,
  // .125.
  const AtPrevalence at = MetricsAtPrevalence(TallyOf(kSeven), 0.1);
  CHECK(*at.brier == Approx(0.9 * 0.41 / 3 + 0.1 * 0.125));
  // -ln of .9 .8 .4 and of .4 .7 .8 .9.
  CHECK(*at.nll == Approx(-0.9 * std::log(0.288) / 3 - 0.1 * std::log(0.2016) / 4));
  // One bin of .61, one negative and three positives: at .2 the share is .2, and ECE .41.
  const auto bin = At({{.61, true}, {.61, true}, {.61, true}, {.61, false}});
  CHECK(*MetricsAtPrevalence(TallyOf(bin), 0.2).ece == Approx(0.41));
}

TEST_CASE("Measures at the sample's prevalence are those of the sample", "[model_metrics]") {
  const auto scored = MadeScores({.seed = 8, .patches = 900, .positives = 0.3});
  const Metrics m = ComputeMetrics(scored);
  const double share =
      static_cast<double>(m.confusion.tp + m.confusion.fn) / static_cast<double>(m.n);
  const AtPrevalence at = MetricsAtPrevalence(TallyOf(scored), share);
  CHECK(*at.ppv == Approx(*m.precision));
  CHECK(*at.f1 == Approx(*m.f1));
  CHECK(*at.brier == Approx(*m.brier));
  CHECK(*at.nll == Approx(*m.nll));
  CHECK(*at.ece == Approx(*m.ece));
}

TEST_CASE("Without both classes nothing is said of a prevalence", "[model_metrics]") {
  const AtPrevalence at = MetricsAtPrevalence(TallyOf(At({{.9, true}})), 0.3);
  for (const PrevalenceMeasure& measure : kPrevalenceMeasures) CHECK(!(at.*measure.value));
}

TEST_CASE("The mean AUC is of the cases that have one", "[model_metrics]") {
  MeanAuc mean;
  CHECK(!mean.value());
  mean.Add({0.8, 1}, 2);
  mean.Add({0.5, 1}, 1);
  mean.Add({}, 3);
  CHECK(*mean.value() == Approx(0.7));
}

}  // namespace
}  // namespace insitu
