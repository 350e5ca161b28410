#include "model/froc.h"

#include <algorithm>
#include <utility>

namespace insitu {

JudgedFilm JudgeMarks(const Film& film, std::span<const Mark> marks) {
  JudgedFilm judged{film.abnormal(), film.located(), 0, {}, {}};
  std::vector<Circle> circles;
  for (const Finding& finding : film.findings) {
    if (finding.place) circles.push_back(*finding.place);
  }
  judged.hits.assign(circles.size(), JudgedFilm::kMissed);
  for (const Mark& mark : marks) {
    judged.score = std::max(judged.score, mark.score);
    bool is_hit = false;
    for (size_t i = 0; i < circles.size(); ++i) {
      const double reach = std::max(kLeastHit, circles[i].radius);
      if (Distance(circles[i], mark.centre.x, mark.centre.y) > reach) continue;
      judged.hits[i] = std::max(judged.hits[i], mark.score);
      is_hit = true;
    }
    if (!is_hit && judged.located) judged.false_marks.push_back(mark.score);
  }
  return judged;
}

Froc::Froc(std::span<const JudgedFilm> films, FalseMarksOn where) {
  for (size_t i = 0; i < films.size(); ++i) {
    const JudgedFilm& film = films[i];
    for (const double score : film.hits) findings_.push_back({score, i});
    counted_.push_back(where == FalseMarksOn::kAllFilms ? film.located : !film.abnormal);
    if (!counted_.back()) continue;
    for (const double score : film.false_marks) false_marks_.push_back({score, i});
  }
  const auto stronger = [](const Scored& a, const Scored& b) {
    return std::pair(-a.score, a.film) < std::pair(-b.score, b.film);
  };
  std::sort(findings_.begin(), findings_.end(), stronger);
  std::sort(false_marks_.begin(), false_marks_.end(), stronger);
}

std::optional<double> Froc::LimitAt(double rate, std::span<const double> weights) const {
  double films = 0;
  for (size_t i = 0; i < counted_.size(); ++i) films += counted_[i] ? weights[i] : 0;
  if (films == 0) return std::nullopt;
  double count = 0;
  for (const Scored& mark : false_marks_) {
    count += weights[mark.film];
    if (count > rate * films) return mark.score;  // the first that is one too many
  }
  return JudgedFilm::kMissed;
}

std::optional<double> Froc::SensitivityAt(double rate, std::span<const double> weights) const {
  const std::optional<double> limit = LimitAt(rate, weights);
  double all = 0, found = 0;
  for (const Scored& finding : findings_) {
    all += weights[finding.film];
    if (limit && finding.score > *limit) found += weights[finding.film];
  }
  return limit && all > 0 ? std::optional(found / all) : std::nullopt;
}

}  // namespace insitu
