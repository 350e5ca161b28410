// Scored patches made from a seed, for the tests of what is measured of them.
#pragma once

#include <cstdint>
#include <vector>

#include "model/metrics.h"

namespace insitu {

struct MadeScoresOptions {
  uint64_t seed = 1;
  int patches = 100;
  int steps = 0;            // scores are multiples of 1 / steps, so that many are tied; 0: any
  double positives = 0.5;   // their share
  bool calibrated = false;  // instead: scores are uniform, and labels drawn by them
};

// Called positive from .6 on. Unless calibrated, positives score higher on average, some of them 1
// and some negatives 0.
std::vector<Scored> MadeScores(const MadeScoresOptions& options);

// So many cases of different sizes, difficulty and share of positives; patches in all.
std::vector<Case> MadeCases(uint64_t seed, int cases, int patches, int steps = 0);

}  // namespace insitu
