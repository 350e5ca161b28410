// Networks whose answer is the same for an image and its quarter turns and mirror images: group
// convolutions (Cohen & Welling 2016; for histology Veeling et al. 2018). The channels of a layer
// are fields, each there once for every turn, (turns, fields); the weights of one turn of the
// output are learnt, the others are the same weights, moved. What comes out are plain
// convolutions. C++17, as network.h.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace insitu {

// turns: 1 for none, 4 for the quarter turns, 8 for their mirror images too.

// image -> fields, or of each field by itself.
// learnt: (fields, channels, side, side) -> (turns * fields, channels, side, side)
torch::Tensor EachTurn(const torch::Tensor& learnt, int turns);

// fields -> fields. learnt: (out, turns * in, side, side) -> (turns * out, turns * in, side, side)
torch::Tensor BetweenFields(const torch::Tensor& learnt, int turns);

// fields -> outputs that no turn changes, by the mean over the turns.
// learnt: (out, in, side, side) -> (out, turns * in, side, side)
torch::Tensor FromFields(const torch::Tensor& learnt, int turns);

}  // namespace insitu
