// The shipped engine over whole films.
#pragma once

#include <cstdint>

#include "model/film_patches.h"
#include "shared/classifier.h"
#include "shared/film_map.h"
#include "shared/model_info.h"
#include "shared/result.h"

namespace insitu {

// Whether the model reads what patches of a film are. Errors: kModelMetadata, saying what it is
// made for instead.
Status CheckReadsFilms(const ModelInfo& info);

// The map, as FindMarks wants it: read at kMapStride, smoothed. Errors: those of the engine.
Result<FilmMap> ReadMap(const OpenFilm& film, Classifier* classifier);

// The probability that a patch there is suspicious. Errors: those of the engine.
Result<double> ReadPatch(const OpenFilm& film, PatchCentre centre, Classifier* classifier);

// A map of noise in place of a model: what marks find by chance.
FilmMap ChanceMap(const OpenFilm& film, uint64_t seed);

}  // namespace insitu
