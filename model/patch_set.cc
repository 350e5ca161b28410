#include "model/patch_set.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

#include "model/files.h"
#include "model/seed_network.h"
#include "shared/limits.h"

namespace insitu {
namespace {

Result<std::vector<float>> ReadPatch(const std::string& path, const InputSpec& spec) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(path, kMaxImageBytes, ErrorCode::kImageTooLarge));
  ASSIGN_OR_RETURN(const Image image, DecodeImage(bytes));
  std::vector<float> tensor(kSeedInputSize);
  ASSIGN_OR_RETURN([[maybe_unused]] const Placement placement, Preprocess(image, spec, tensor));
  return tensor;
}

}  // namespace

Image PatchSet::image(size_t index) const {
  const uint8_t* from = pixels.data() + index * kSeedInputSize;
  return {kSeedSide, kSeedSide, kSeedChannels, std::vector<uint8_t>(from, from + kSeedInputSize)};
}

Result<PatchSet> LoadPatches(const std::vector<PatchFile>& files, Fit fit,
                             const std::function<void(size_t)>& progress) {
  PatchSet set;
  std::set<std::string> ids;
  for (const PatchFile& file : files) ids.insert(file.case_id);
  set.cases.assign(ids.begin(), ids.end());
  set.pixels.reserve(files.size() * kSeedInputSize);
  const InputSpec plain = {
      .width = kSeedSide, .height = kSeedSide, .channels = kSeedChannels, .fit = fit};
  for (const PatchFile& file : files) {
    const Result<std::vector<float>> tensor = ReadPatch(file.path, plain);
    if (!tensor.ok()) return Located(file.path, tensor.error());
    for (const float value : tensor.value()) {
      set.pixels.push_back(static_cast<uint8_t>(std::lround(value * 255.0f)));
    }
    const auto at = std::lower_bound(set.cases.begin(), set.cases.end(), file.case_id);
    set.case_of.push_back(static_cast<size_t>(at - set.cases.begin()));
    set.labels.push_back(file.label);
    progress(set.size());
  }
  return set;
}

ChannelStatistics MeasureChannels(const PatchSet& set) {
  std::vector<double> patches_of_case(set.cases.size());
  for (const size_t id : set.case_of) patches_of_case[id] += 1;
  std::array<double, 3> sum = {}, squares = {};
  constexpr double kPixels = kSeedSide * kSeedSide;
  double weights = 0;
  for (size_t i = 0; i < set.size(); ++i) {
    const double weight = 1 / patches_of_case[set.case_of[i]];
    weights += weight * kPixels;
    for (size_t at = 0; at < kSeedInputSize; ++at) {
      const double value = set.pixels[i * kSeedInputSize + at] / 255.0;
      sum[at % 3] += weight * value;
      squares[at % 3] += weight * value * value;
    }
  }
  ChannelStatistics statistics;
  for (size_t c = 0; c < 3; ++c) {
    const double mean = sum[c] / weights;
    statistics.mean[c] = static_cast<float>(mean);
    statistics.std[c] = static_cast<float>(std::sqrt(squares[c] / weights - mean * mean));
  }
  return statistics;
}

std::vector<float> Normalised(const PatchSet& set, std::span<const size_t> indices,
                              const InputSpec& spec) {
  std::vector<float> tensors(indices.size() * kSeedInputSize);
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::span<float> tensor(tensors.data() + i * kSeedInputSize, kSeedInputSize);
    // Image and tensor are of the specified size, which is all that Preprocess can object to.
    if (!Preprocess(set.image(indices[i]), spec, tensor).ok()) std::abort();
  }
  return tensors;
}

}  // namespace insitu
