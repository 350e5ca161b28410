// Measures of a binary classifier. A ratio whose denominator is zero is absent, never 0 or NaN.
// Pure functions, like those of reliability.h, bootstrap.h, curve.h, uncertain.h and evaluation.h:
// no files, no clock, the same numbers wherever they are compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace insitu {

struct Scored {
  double score = 0;       // probability of the positive class, in [0, 1]
  bool decision = false;  // called positive, at the operating point
  bool truth = false;     // is positive
};

// What is drawn as a whole by the bootstrap and never divided: patches of one case look alike.
struct Case {
  std::string id;
  std::vector<Scored> scored;
};

struct Confusion {
  int64_t tn = 0, fp = 0, fn = 0, tp = 0;
};

struct Metrics {
  int64_t n = 0;
  Confusion confusion;
  std::optional<double> accuracy;           // (tp + tn) / n
  std::optional<double> balanced_accuracy;  // mean of sensitivity and specificity
  std::optional<double> sensitivity;        // recall of the positive class, tp / (tp + fn)
  std::optional<double> specificity;        // tn / (tn + fp)
  std::optional<double> precision;          // of the positive class, tp / (tp + fp)
  std::optional<double> f1;                 // of the positive class, 2 tp / (2 tp + fp + fn)
  std::optional<double> auc;                // absent unless both classes are there
  std::optional<double> brier;  // mean of (probability - truth)^2 (Brier 1950, for one class)
  std::optional<double> nll;    // mean of -ln(probability of what is true): log loss, in nats
  std::optional<double> ece;    // expected calibration error: see ReliabilityBin
};

// The measures by the name they have in a report, in its order.
struct Measure {
  std::string_view name;
  std::string_view heading;  // for people
  std::optional<double> Metrics::* value;
};
inline constexpr std::array<Measure, 10> kMeasures = {{
    {"accuracy", "accuracy", &Metrics::accuracy},
    {"balanced_accuracy", "BAC", &Metrics::balanced_accuracy},
    {"sensitivity", "recall", &Metrics::sensitivity},
    {"specificity", "specificity", &Metrics::specificity},
    {"precision", "precision", &Metrics::precision},
    {"f1", "F1", &Metrics::f1},
    {"auc", "AUC", &Metrics::auc},
    {"brier", "Brier", &Metrics::brier},
    {"nll", "NLL", &Metrics::nll},
    {"ece", "ECE", &Metrics::ece},
}};

// The least probability that nll gives to what is true, so that one patch judged with certainty
// and wrongly does not make it infinite: the one that scikit-learn's log_loss takes.
inline constexpr double kLeastProbability = 0x1p-52;

// Probabilities are put into this many bins of equal width, each with its lower edge and without
// its upper one, the last with both. 15 as in Guo et al. 2017, "On Calibration of Modern Neural
// Networks".
inline constexpr size_t kReliabilityBins = 15;

// What patches add up to; all measures but AUC follow from it. Tallies of cases add up as well,
// each as often as the case was drawn, which is what makes the bootstrap fast.
struct Tally {
  struct Bin {
    double n = 0;                     // patches whose probability lies in the bin
    double probability = 0;           // sum of their probabilities
    double positives = 0;             // how many of them are positive
    double positive_probability = 0;  // sum of the probabilities of these
  };
  struct Losses {
    double squared_error = 0;
    double log_loss = 0;
    void Add(const Losses& other, double weight) {
      squared_error += weight * other.squared_error;
      log_loss += weight * other.log_loss;
    }
  };

  void Add(const Scored& one);
  void Add(const Tally& other, double weight);

  double tn = 0, fp = 0, fn = 0, tp = 0;
  Losses negatives, positives;  // sums over the patches of either class
  std::array<Bin, kReliabilityBins> bins;
};

Tally TallyOf(std::span<const Scored> scored);

// Area under the receiver operating characteristic: the probability that a positive scores above a
// negative, ties counting one half (Mann-Whitney).
std::optional<double> Auc(std::span<const Scored> scored);

Metrics MetricsOf(const Tally& tally, std::optional<double> auc);
Metrics ComputeMetrics(std::span<const Scored> scored);

// Mean of the cases' own AUCs, over those that have both classes.
struct MeanAuc {
  void Add(const MeanAuc& other, double weight);
  std::optional<double> value() const;

  double sum = 0;
  double cases = 0;
};

// What the same behaviour in either class means where the positives have another share than in the
// sample: each class weighs as much as it would have there.
struct AtPrevalence {
  std::optional<double> ppv;  // of what is called positive, the share that is
  std::optional<double> npv;  // of what is called negative, the share that is
  std::optional<double> f1;   // of the positive class
  std::optional<double> brier, nll, ece;
};
struct PrevalenceMeasure {
  std::string_view name;
  std::string_view heading;
  std::optional<double> AtPrevalence::* value;
};
inline constexpr std::array<PrevalenceMeasure, 6> kPrevalenceMeasures = {{
    {"ppv", "PPV", &AtPrevalence::ppv},
    {"npv", "NPV", &AtPrevalence::npv},
    {"f1", "F1", &AtPrevalence::f1},
    {"brier", "Brier", &AtPrevalence::brier},
    {"nll", "NLL", &AtPrevalence::nll},
    {"ece", "ECE", &AtPrevalence::ece},
}};
// prevalence: in (0, 1). All is absent unless both classes are there.
AtPrevalence MetricsAtPrevalence(const Tally& tally, double prevalence);

}  // namespace insitu
