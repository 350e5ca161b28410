// The films of mini-MIAS (Suckling et al., The Mammographic Image Analysis Society Digital
// Mammogram Database, Excerpta Medica ICS 1069, 1994): mammograms at 200 µm per pixel and what was
// found on them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/image.h"
#include "shared/result.h"

namespace insitu {

inline constexpr int kFilmSide = 1024;          // pixels, of every film
inline constexpr double kFilmUmPerPixel = 200;  // of every film

// A circle that encloses a finding, in pixels of the film from its top left corner. The data set
// counts y from the bottom; here it is turned round already.
struct Circle {
  double x = 0;
  double y = 0;
  double radius = 0;
};

struct Finding {
  std::string abnormality;      // CALC, CIRC, SPIC, MISC, ARCH or ASYM
  bool malignant = false;       // otherwise benign
  std::optional<Circle> place;  // absent where the data set gives none: widely spread
};

struct Film {
  std::string id;     // for instance "mdb001"
  std::string woman;  // whose left and right film share it
  char tissue = 'F';  // F fatty, G fatty-glandular, D dense-glandular
  std::string path;
  std::vector<Finding> findings;  // none: a normal film

  bool abnormal() const { return !findings.empty(); }
  // All findings say where they are, so that what lies outside them is normal.
  bool located() const;
};

// The rows of labels.csv, "image,background_tissue,abnormality,severity,x,y,radius,woman": a row a
// finding, NORM for none. Paths are left empty. The films are ordered by id. Errors:
// kInvalidArgument, naming the line, for whatever is incomplete or contradicts itself.
Result<std::vector<Film>> ParseFilmLabels(std::string_view csv);

// labels.csv of the folder, with the film of each row: ID.png or ID.pgm. Errors: as above; and
// kInvalidArgument for a film without a file, with two, or with a file but no row.
Result<std::vector<Film>> ListFilms(const std::string& folder);

// The film's pixels: grey, kFilmSide wide and high. Errors: those of DecodeImage, and
// kInvalidArgument for another shape; they name the file.
Result<Image> ReadFilm(const Film& film);

}  // namespace insitu
