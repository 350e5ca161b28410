// Which part of a mammogram is breast.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/image.h"

namespace insitu {

// Square cells of kSide pixels that tile the film from its top left; what is over at the right and
// bottom belongs to none. The breast is in one piece.
struct BreastMask {
  static constexpr int kSide = 4;

  int columns = 0;
  int rows = 0;
  std::vector<uint8_t> cells;  // (rows, columns), 1 breast, 0 not

  // x, y: a pixel of the film; outside of the film is outside of the breast.
  bool Contains(int x, int y) const;
  size_t Area() const;  // cells of breast
};

// The largest piece of film that is brighter than the background: labels, scratches and the bright
// edges of a scan are smaller pieces or thinner than a breast. The pectoral muscle, where the view
// shows it, counts as breast. Empty of cells that are 1 when nothing is bright. film: grey.
BreastMask FindBreast(const Image& film);

}  // namespace insitu
