// What a model answers on one film: all that an evaluation of films asks it for.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/film_patches.h"
#include "model/json.h"
#include "shared/classifier.h"
#include "shared/film_map.h"
#include "shared/result.h"

namespace insitu {

struct FilmAnswer {
  std::vector<Mark> marks;            // of the film's map, strongest first
  std::vector<double> probabilities;  // that a patch is suspicious, one a patch asked about
};

// Errors: those of the engine.
Result<FilmAnswer> AskAbout(const OpenFilm& film, const std::vector<FilmPatch>& patches,
                            Classifier* classifier);

// As a checkpoint keeps it: marks ([x, y, score] each), probabilities.
Json FilmAnswerJson(const FilmAnswer& answer);

// Nothing of what is no answer about so many patches.
std::optional<FilmAnswer> ParseFilmAnswer(const Json& json, size_t patches);

}  // namespace insitu
