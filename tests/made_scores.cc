#include "tests/made_scores.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "model/random.h"

namespace insitu {
namespace {

double Stepped(double score, int steps) {
  score = std::clamp(score, 0.0, 1.0);
  return steps == 0 ? score : std::round(score * steps) / steps;
}

}  // namespace

std::vector<Scored> MadeScores(const MadeScoresOptions& options) {
  Random random(options.seed);
  std::vector<Scored> scored;
  for (int i = 0; i < options.patches; ++i) {
    double score = random.Uniform();
    bool truth = random.Uniform() < score;
    if (!options.calibrated) {
      truth = random.Uniform() < options.positives;
      score = truth ? score * 0.9 + 0.15 : score * 0.9 - 0.05;
    }
    score = Stepped(score, options.steps);
    scored.push_back({score, score >= 0.6, truth});
  }
  return scored;
}

std::vector<Case> MadeCases(uint64_t seed, int cases, int patches, int steps) {
  Random random(seed);
  std::vector<double> shares;
  double sum = 0;
  for (int i = 0; i < cases; ++i) sum += shares.emplace_back(random.Uniform(0.2, 2));
  std::vector<Case> made;
  for (int i = 0; i < cases; ++i) {
    const double share = shares[static_cast<size_t>(i)] / sum;
    Case one{std::to_string(1000 + i), {}};
    one.scored = MadeScores({.seed = random.Next(),
                             .patches = static_cast<int>(std::lround(share * patches)),
                             .steps = 0,
                             .positives = random.Uniform(0.1, 0.7)});
    const double shift = random.Uniform(-0.1, 0.1);
    for (Scored& scored : one.scored) {
      scored.score = Stepped(scored.score + shift, steps);
      scored.decision = scored.score >= 0.6;
    }
    made.push_back(one);
  }
  return made;
}

}  // namespace insitu
