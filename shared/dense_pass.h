// The answer of a network for every place of an image, `stride` pixels apart, by its fully
// convolutional form (network/dense.h).
//
// Where the network's own places are farther apart than these, or do not meet them, the form is run
// several times, in *phases*: each over every so-many-th place in both directions. What the layers
// up to the first step give is the same for all of them and computed once, at every place: the
// *shared map*, of which a phase takes what it needs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/network/dense.h"
#include "shared/network/network.h"
#include "shared/result.h"

namespace insitu {

// Values that lie (rows, columns, channels) in memory.
struct Grid {
  const float* data = nullptr;
  int columns = 0;
  int rows = 0;
  int channels = 0;
};

// What is asked for at a time.
struct DensePlaces {
  Grid image;
  int x = 0;  // of the first place's patch: its top left pixel in the image; beyond that all is 0
  int y = 0;
  int columns = 0;
  int rows = 0;
  std::span<const uint8_t> wanted;  // (rows, columns): whether its answer is
  std::span<float> answers;         // (rows, columns, labels); of others it may be left as it is
};

class DensePass {
 public:
  // model: ONNX, with that form. columns, rows: places that are asked for at a time, at most. None
  // where the network's places and these meet too seldom. Errors: those of ReadOnnx,
  // MakeFullyConvolutional and Network::Create.
  static Result<std::optional<DensePass>> Create(std::span<const uint8_t> model,
                                                 const DenseForm& form, int stride, int columns,
                                                 int rows);

  // Multiply-adds a place, as the layers are defined; what a kernel saves is not counted.
  double MultiplyAdds() const;
  int64_t ArenaBytes() const;

  // Errors: those of Network::Run; kInvalidArgument where the network has not so many labels.
  Status Run(const DensePlaces& places);

 private:
  DensePass(const DenseForm& form, int stride) : form_(form), stride_(stride) {}

  int64_t MapBytes() const;
  Status FindCut(std::span<const uint8_t> model);
  Status PlanShared(std::span<const uint8_t> model);
  Status PlanPhase(std::span<const uint8_t> model, int cells);
  Status RunShared(const Grid& image, int x, int y);
  // Of the places of a phase from that one on.
  Status RunPhase(const DensePlaces& places, int column, int row);

  DenseForm form_;
  int stride_;
  int phases_ = 1;  // in each direction
  int step_ = 1;    // pixels between the places of a phase
  int cells_ = 1;   // side of what is run of a phase at a time, in its places

  std::optional<Network> shared_;  // a strip of the shared map
  std::vector<float> map_;         // the shared map
  int map_columns_ = 0;
  int map_rows_ = 0;
  std::optional<Network> phase_;

  struct Found {
    size_t place;   // of what was asked for
    size_t output;  // of the phase
  };
  std::vector<Found> found_;
};

}  // namespace insitu
