// Which patches of a film are suspicious and which are normal tissue.
//
// Suspicious is whatever was annotated, benign and malignant alike: the data set's severity is what
// the biopsy said, which a reader of the film, or of 10 mm of it, does not know. Normal tissue is
// the breast on films without a finding, and far outside the findings on films with some.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/film_set.h"
#include "shared/breast_mask.h"
#include "shared/film_map.h"
#include "shared/image.h"

namespace insitu {

// A film with what is in it, in memory.
struct OpenFilm {
  Image image;
  BreastMask breast;
};

// Reads the film and finds the breast. A finding whose centre is not in the breast cannot be where
// the data set puts it (mini-MIAS has some): it loses its place. Errors: those of ReadFilm.
Result<OpenFilm> Open(Film* film);

// Whether all of the patch lies on the film.
bool OnFilm(PatchCentre centre);

// (kFilmPatchSide, kFilmPatchSide, 1) of a film. The patch must be on the film.
Image CutPatch(const Image& film, PatchCentre centre);

// Patches drawn from one film. A finding's are centred within kCore of its radius, for a circle
// that encloses a finding holds much normal tissue at its rim, or within kLeastCore pixels, where
// it is so small that a patch shows all of it from there too.
struct FilmSampling {
  static constexpr double kCore = 0.7;
  static constexpr double kLeastCore = 8;

  int suspicious = 24;  // of each finding
  int normal = 40;      // of a film without finding
  int beside = 20;      // of a film with findings, outside of them
};

struct FilmPatch {
  PatchCentre centre;
  int label = 0;  // 1 suspicious
};

// Drawn in breast, on the film, by a generator that starts from the film's id: the same ones
// whoever asks. Of a film with a finding of unknown place: none. Fewer than asked for where the
// breast has no room for them.
std::vector<FilmPatch> SamplePatches(const Film& film, const BreastMask& mask,
                                     const FilmSampling& sampling);

// Whether a patch there shows no part of an annotated finding: its centre is kClear pixels or more
// outside of every circle.
inline constexpr double kClear = 36;  // half of a patch's diagonal
bool ClearOfFindings(const Film& film, PatchCentre centre);

double Distance(const Circle& circle, double x, double y);  // from its centre

}  // namespace insitu
