// The images that the input gate is fitted to and measured on, as make_images.py lists them.
#pragma once

#include <string>
#include <vector>

#include "shared/gate.h"
#include "shared/gate_features.h"
#include "shared/result.h"

namespace insitu {

struct GateImage {
  std::string path;
  std::string family;
  std::string variant;
  std::string group;
  GateReason reason = GateReason::kNone;  // the one that describes it best; kNone of a right one
  bool makes = false;                     // the gate may be fitted to it
  bool tests = false;                     // it is counted in the table

  std::vector<TileFeatures> tiles;
  FilmFeatures film = {};
  bool is_film_size = false;
  bool is_empty = false;     // glass, and nothing on it
  GateVerdict as_histology;  // by the parameters that this program was built with
  GateVerdict as_film;
};

// list: the file list.tsv. Reads and measures every image in it; what cannot be read is an error.
Result<std::vector<GateImage>> ReadGateImages(const std::string& list);

}  // namespace insitu
