#include "model/uncertain.h"

namespace insitu {
namespace {

struct Answers {
  void Add(const Answers& other, double weight) {
    n += weight * other.n;
    uncertain += weight * other.uncertain;
    wrong += weight * other.wrong;
  }
  std::optional<double> share_abstained() const {
    if (n == 0) return std::nullopt;
    return uncertain / n;
  }
  std::optional<double> error_kept() const {
    if (n == uncertain) return std::nullopt;
    return wrong / (n - uncertain);
  }
  std::optional<double> covered() const {
    if (n == 0) return std::nullopt;
    return 1 - wrong / n;
  }

  double n = 0;
  double uncertain = 0;
  double wrong = 0;
};

Answers AnswersOf(const Case& one, const UncertainBand& band) {
  Answers answers;
  for (const Scored& scored : one.scored) {
    const bool positive = scored.score >= band.high;
    const bool kept = positive || scored.score < band.low;
    answers.n += 1;
    answers.uncertain += kept ? 0 : 1;
    answers.wrong += kept && positive != scored.truth ? 1 : 0;
  }
  return answers;
}

}  // namespace

Abstention Abstain(std::span<const Case> cases, const UncertainBand& band,
                   const Resamples& resamples) {
  std::vector<Answers> by_case;
  Answers all;
  for (const Case& one : cases) {
    by_case.push_back(AnswersOf(one, band));
    all.Add(by_case.back(), 1);
  }
  const std::vector<Answers> resampled = ResampledSums<Answers>(by_case, resamples);
  const auto interval = [&](auto measure) {
    return IntervalOf(resampled, resamples,
                      [measure](const Answers& answers) { return (answers.*measure)(); });
  };
  return {band,
          all.share_abstained(),
          all.error_kept(),
          all.covered(),
          interval(&Answers::share_abstained),
          interval(&Answers::error_kept),
          interval(&Answers::covered)};
}

}  // namespace insitu
