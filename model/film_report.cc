#include "model/film_report.h"

#include <map>
#include <span>
#include <string>

#include "model/film_bootstrap.h"

namespace insitu {
namespace {

std::vector<size_t> WomanOf(const std::vector<Film>& films, size_t* women) {
  std::map<std::string, size_t> number;
  std::vector<size_t> woman_of;
  for (const Film& film : films) {
    woman_of.push_back(number.try_emplace(film.woman, number.size()).first->second);
  }
  *women = number.size();
  return woman_of;
}

// What is sorted once, so that a bootstrap sample only adds weights up.
struct Repeat {
  Repeat(const FilmRepeat& repeat, const std::vector<size_t>& woman_of)
      : patches(PatchScores(repeat, woman_of)),
        films(FilmScores(repeat, woman_of)),
        on_normal(repeat.films, FalseMarksOn::kNormalFilms),
        on_all(repeat.films, FalseMarksOn::kAllFilms) {}

  static std::vector<WomanAuc::Scored> PatchScores(const FilmRepeat& repeat,
                                                   const std::vector<size_t>& woman_of) {
    std::vector<WomanAuc::Scored> scored;
    for (const JudgedPatch& patch : repeat.patches) {
      scored.push_back({patch.scored.score, patch.scored.truth, woman_of[patch.film]});
    }
    return scored;
  }

  static std::vector<WomanAuc::Scored> FilmScores(const FilmRepeat& repeat,
                                                  const std::vector<size_t>& woman_of) {
    std::vector<WomanAuc::Scored> scored;
    for (size_t i = 0; i < repeat.films.size(); ++i) {
      scored.push_back({repeat.films[i].score, repeat.films[i].abnormal, woman_of[i]});
    }
    return scored;
  }

  WomanAuc patches, films;
  Froc on_normal, on_all;
};

// The areas and sensitivities, in the order of FilmFigures.
Figures OfOne(const Repeat& repeat, std::span<const double> of_women,
              std::span<const double> of_films) {
  Figures figures = {repeat.patches.At(of_women), repeat.films.At(of_women)};
  for (const Froc* froc : {&repeat.on_normal, &repeat.on_all}) {
    for (const double rate : kFalseMarkRates) {
      figures.push_back(froc->SensitivityAt(rate, of_films));
    }
  }
  return figures;
}

Figures MeanOverRepeats(const std::vector<Repeat>& repeats, const std::vector<size_t>& woman_of,
                        std::span<const double> weights) {
  std::vector<double> of_films;
  for (const size_t woman : woman_of) of_films.push_back(weights[woman]);
  Figures sum;
  for (const Repeat& repeat : repeats) {
    const Figures one = OfOne(repeat, weights, of_films);
    if (sum.empty()) sum.resize(one.size(), 0.0);
    for (size_t i = 0; i < one.size(); ++i) {
      sum[i] = sum[i] && one[i] ? std::optional(*sum[i] + *one[i]) : std::nullopt;
    }
  }
  for (std::optional<double>& figure : sum) {
    if (figure) *figure /= static_cast<double>(repeats.size());
  }
  return sum;
}

}  // namespace

std::vector<KindFigures> ComputeKindFigures(const std::vector<Film>& films,
                                            const std::vector<FilmRepeat>& repeats) {
  std::map<std::string, KindFigures> kinds;
  const std::vector<double> once(films.size(), 1);
  for (const FilmRepeat& repeat : repeats) {
    const auto limit = Froc(repeat.films, FalseMarksOn::kNormalFilms).LimitAt(kKindRate, once);
    for (size_t i = 0; i < films.size(); ++i) {
      size_t placed = 0;
      for (const Finding& finding : films[i].findings) {
        if (!finding.place) continue;
        const double score = repeat.films[i].hits[placed++];
        for (const char* kind :
             {finding.abnormality.c_str(), finding.malignant ? "malignant" : "benign"}) {
          KindFigures& figures = kinds[kind];
          ++figures.findings;
          if (limit && score > *limit) figures.found += 1;
        }
      }
    }
  }
  std::vector<KindFigures> all;
  for (auto& [kind, figures] : kinds) {
    all.push_back({kind, figures.findings / repeats.size(),
                   figures.found / static_cast<double>(repeats.size())});
  }
  return all;
}

std::vector<JudgedPatch> JudgePatches(const std::vector<FilmPatch>& patches,
                                      const std::vector<double>& probabilities, const CalledBy& by,
                                      size_t film) {
  std::vector<JudgedPatch> judged;
  for (size_t i = 0; i < patches.size(); ++i) {
    const double probability = probabilities[i];
    const Scored scored = {probability, probability >= by.threshold, patches[i].label == 1};
    judged.push_back({scored, film, by.band});
  }
  return judged;
}

WomenPatches PatchesByWoman(const std::vector<Film>& films,
                            const std::vector<FilmRepeat>& repeats) {
  size_t women = 0;
  const std::vector<size_t> woman_of = WomanOf(films, &women);
  WomenPatches all = {std::vector<Case>(women), std::vector<std::vector<StatedBand>>(women)};
  for (size_t i = 0; i < films.size(); ++i) all.cases[woman_of[i]].id = films[i].woman;
  bool banded = true;
  for (const FilmRepeat& repeat : repeats) {
    for (const JudgedPatch& patch : repeat.patches) {
      const size_t woman = woman_of[patch.film];
      all.cases[woman].scored.push_back(patch.scored);
      all.bands[woman].push_back(patch.band.value_or(StatedBand()));
      banded = banded && patch.band;
    }
  }
  std::erase_if(all.cases, [](const Case& one) { return one.scored.empty(); });
  std::erase_if(all.bands, [](const auto& bands) { return bands.empty(); });
  if (!banded) all.bands.clear();
  return all;
}

FilmFigures ComputeFilmFigures(const std::vector<Film>& films,
                               const std::vector<FilmRepeat>& repeats,
                               const BootstrapOptions& bootstrap) {
  size_t women = 0;
  const std::vector<size_t> woman_of = WomanOf(films, &women);
  std::vector<Repeat> sorted;
  for (const FilmRepeat& repeat : repeats) sorted.emplace_back(repeat, woman_of);
  const auto figures_of = [&](std::span<const double> weights) {
    return MeanOverRepeats(sorted, woman_of, weights);
  };
  const Figures values = figures_of(std::vector<double>(women, 1));
  const auto intervals = BootstrapWomen(Resamples(women, bootstrap), figures_of);

  FilmFigures figures;
  size_t next = 0;
  const auto take = [&](Figure* figure) {
    *figure = {values[next], intervals[next]};
    ++next;
  };
  take(&figures.patch_auc);
  take(&figures.film_auc);
  for (Figure& figure : figures.on_normal_films) take(&figure);
  for (Figure& figure : figures.on_all_films) take(&figure);
  return figures;
}

}  // namespace insitu
