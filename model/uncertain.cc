#include "model/uncertain.h"

namespace insitu {
namespace {

std::optional<double> Share(double part, double whole) {
  if (whole == 0) return std::nullopt;
  return part / whole;
}

// Sums over cases.
struct Answers {
  // The cases that have the class, and their shares of it that are covered.
  struct Coverage {
    void Add(const Coverage& other, double weight) {
      cases += weight * other.cases;
      covered += weight * other.covered;
    }
    double cases = 0;
    double covered = 0;
  };

  void Add(const Answers& other, double weight) {
    n += weight * other.n;
    uncertain += weight * other.uncertain;
    wrong += weight * other.wrong;
    negative.Add(other.negative, weight);
    positive.Add(other.positive, weight);
  }

  AbstentionShares shares() const {
    return {Share(uncertain, n), Share(wrong, n - uncertain), Share(n - wrong, n),
            Share(negative.covered, negative.cases), Share(positive.covered, positive.cases)};
  }

  double n = 0;
  double uncertain = 0;
  double wrong = 0;
  Coverage negative, positive;
};

// band_of: of a patch, by its place in the case.
template <typename BandOf>
Answers AnswersOf(const Case& one, const BandOf& band_of) {
  Answers answers;
  std::array<double, 2> patches{};  // by class
  std::array<double, 2> wrong{};
  for (size_t i = 0; i < one.scored.size(); ++i) {
    const Scored& scored = one.scored[i];
    const StatedBand band = band_of(i);
    const bool positive = scored.score >= band.high;
    const bool kept = positive || scored.score < band.low;
    const size_t of_class = scored.truth ? 1 : 0;
    patches[of_class] += 1;
    answers.uncertain += kept ? 0 : 1;
    wrong[of_class] += kept && positive != scored.truth ? 1 : 0;
  }
  answers.n = patches[0] + patches[1];
  answers.wrong = wrong[0] + wrong[1];
  if (patches[0] > 0) answers.negative = {1, 1 - wrong[0] / patches[0]};
  if (patches[1] > 0) answers.positive = {1, 1 - wrong[1] / patches[1]};
  return answers;
}

Abstention Sum(const std::vector<Answers>& by_case, const StatedBand& band,
               const Resamples& resamples) {
  Answers all;
  for (const Answers& one : by_case) all.Add(one, 1);
  const std::vector<Answers> resampled = ResampledSums<Answers>(by_case, resamples);
  Abstention abstention{band, all.shares(), {}};
  for (size_t i = 0; i < kAbstentionMeasures.size(); ++i) {
    abstention.intervals[i] = IntervalOf(resampled, resamples, [i](const Answers& answers) {
      return answers.shares().*kAbstentionMeasures[i].value;
    });
  }
  return abstention;
}

}  // namespace

Abstention Abstain(std::span<const Case> cases, const StatedBand& band,
                   const Resamples& resamples) {
  std::vector<Answers> by_case;
  for (const Case& one : cases) {
    by_case.push_back(AnswersOf(one, [&](size_t) { return band; }));
  }
  return Sum(by_case, band, resamples);
}

Abstention Abstain(std::span<const Case> cases, std::span<const std::vector<StatedBand>> bands,
                   const StatedBand& stated, const Resamples& resamples) {
  std::vector<Answers> by_case;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto band_of = [&](size_t patch) { return bands[i][patch]; };
    by_case.push_back(AnswersOf(cases[i], band_of));
  }
  return Sum(by_case, stated, resamples);
}

}  // namespace insitu
