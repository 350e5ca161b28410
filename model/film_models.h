// Which model judges which woman's films: in cross-validation, one that has not seen them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/film_set.h"
#include "shared/result.h"

namespace insitu {

// The model's file for each woman, one map a repeat of the cross-validation.
using FilmModels = std::vector<std::map<std::string, std::string>>;

// Lines "repeat,woman,model" after that heading; repeats count from 1, a model's path starts from
// `folder`. Errors: kInvalidArgument, naming the line.
Result<FilmModels> ParseFilmModels(std::string_view csv, const std::string& folder);

// The same from a file, in whose folder the models' paths start. Errors: also those of ReadFile,
// and kInvalidArgument when a woman of the films has no model in some repeat.
Result<FilmModels> ReadFilmModels(const std::string& path, const std::vector<Film>& films);

// What ParseFilmModels reads.
std::string FilmModelsText(const FilmModels& models);

}  // namespace insitu
