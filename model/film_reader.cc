#include "model/film_reader.h"

#include "model/random.h"
#include "shared/str_cat.h"

namespace insitu {

Status CheckReadsFilms(const ModelInfo& info) {
  const InputSpec& input = info.input;
  const bool reads = info.kind == "mammogram" && info.um_per_pixel == kFilmUmPerPixel &&
                     input.width == kFilmPatchSide && input.height == kFilmPatchSide &&
                     input.channels == 1;
  if (reads) return {};
  return Fail(ErrorCode::kModelMetadata,
              "The model % is made for % of % x % pixels in % channels, not for grey patches of "
              "mammograms of % x % pixels at % µm each; give one that is.",
              info.id, info.kind, input.width, input.height, input.channels, kFilmPatchSide,
              kFilmPatchSide, static_cast<int>(kFilmUmPerPixel));
}

Result<double> ReadPatch(const OpenFilm& film, PatchCentre centre, Classifier* classifier) {
  ASSIGN_OR_RETURN(const Prediction prediction, classifier->Classify(CutPatch(film.image, centre)));
  return double{prediction.probabilities[static_cast<size_t>(classifier->info().positive)]};
}

Result<FilmMap> ReadMap(const OpenFilm& film, Classifier* classifier) {
  ASSIGN_OR_RETURN(FilmMap map, MapFilm(film.breast, kMapStride, [&](PatchCentre centre) {
                     return ReadPatch(film, centre, classifier);
                   }));
  for (int i = 0; i < kSmoothings; ++i) map = Smoothed(map);
  return map;
}

FilmMap ChanceMap(const OpenFilm& film, uint64_t seed) {
  Random random(seed);
  // Such a judge does not fail.
  auto read = MapFilm(film.breast, kMapStride,
                      [&](PatchCentre) -> Result<double> { return random.Uniform(); });
  FilmMap map = TakeValue(&read);
  for (int i = 0; i < kSmoothings; ++i) map = Smoothed(map);
  return map;
}

}  // namespace insitu
