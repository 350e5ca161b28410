// The patches of a training set in memory, 7,500 bytes each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/dataset.h"
#include "shared/image.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

struct PatchSet {
  std::vector<std::string> cases;  // ids, sorted
  std::vector<size_t> case_of;     // (n) index into cases
  std::vector<int> labels;         // (n) 0 or 1
  std::vector<uint8_t> pixels;     // (n, 50, 50, 3)

  size_t size() const { return labels.size(); }
  Image image(size_t index) const;
};

// Reads patches as the model will see them: through DecodeImage and Preprocess, rounded to bytes,
// which changes nothing for a patch that is 50x50 already. progress: told how many are read.
// Errors: the first of a file that cannot be read, naming it.
Result<PatchSet> LoadPatches(const std::vector<PatchFile>& files, Fit fit,
                             const std::function<void(size_t)>& progress);

// Mean and standard deviation of pixel / 255 in each channel, every case counting alike.
struct ChannelStatistics {
  std::array<float, 3> mean = {};
  std::array<float, 3> std = {};
};
ChannelStatistics MeasureChannels(const PatchSet& set);

// The chosen patches as the network's input: (indices.size(), 50, 50, 3) f32.
std::vector<float> Normalised(const PatchSet& set, std::span<const size_t> indices,
                              const InputSpec& spec);

}  // namespace insitu
