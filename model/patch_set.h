// The patches of a training set in memory, a byte a number.
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
  int side = 0;
  int channels = 0;                // 1 or 3
  std::vector<std::string> cases;  // ids, sorted
  std::vector<size_t> case_of;     // (n) index into cases
  std::vector<int> labels;         // (n) 0 or 1
  std::vector<uint8_t> pixels;     // (n, side, side, channels)

  size_t size() const { return labels.size(); }
  size_t image_size() const;  // numbers of one image
  Image image(size_t index) const;
};

// Reads patches as the model will see them: through DecodeImage and Preprocess, rounded to bytes,
// which changes nothing for a patch that has the input's size already. input: width, height (the
// same) and channels, fit and padding; its normalisation is left out. progress: told how many are
// read. Errors: the first of a file that cannot be read, naming it.
Result<PatchSet> LoadPatches(const std::vector<PatchFile>& files, const InputSpec& input,
                             const std::function<void(size_t)>& progress);

// Mean and standard deviation of pixel / 255 in each channel, every case counting alike.
struct ChannelStatistics {
  std::array<float, 3> mean = {};
  std::array<float, 3> std = {};
};
ChannelStatistics MeasureChannels(const PatchSet& set);

}  // namespace insitu
