// Which parts of an image moved the probability: an occlusion map (Zeiler & Fergus, Visualizing and
// Understanding Convolutional Networks, ECCV 2014). It tells what the network used, which is no
// proof that it was right to.
#pragma once

#include <span>

#include "shared/list.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

// Cells of a map along the longer side of the input. A map of 13 × 13 costs 170 runs of the
// network.
inline constexpr int kMapCells = 13;

struct Explanation {
  int rows = 0;
  int columns = 0;
  // (rows, columns): the positive label's probability of the input less that with a square hidden
  // around this cell. Above 0: what is there raised it. The cells divide the network's input
  // evenly.
  List<float> values;
  float probability = 0;  // of the input as it is
  Placement placement;    // of the network's input in the image
};

// One input of the network, (height, width, channels) f32, to the positive label's probability.
class Scorer {
 public:
  virtual Result<float> Score(std::span<const float> input) = 0;

 protected:
  ~Scorer() = default;
};

// input: what Preprocess made, and spec its shape. A square of two cells' side is painted over in
// the input's mean colour, once around each cell. rows × columns + 1 calls of the scorer; the
// placement is left to the caller. Errors: the scorer's.
Result<Explanation> Occlude(std::span<const float> input, const InputSpec& spec, Scorer* scorer);

}  // namespace insitu
