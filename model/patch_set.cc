#include "model/patch_set.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

#include "model/files.h"
#include "shared/limits.h"

namespace insitu {
namespace {

Result<std::vector<float>> ReadPatch(const std::string& path, const InputSpec& spec) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(path, kMaxImageBytes, ErrorCode::kImageTooLarge));
  ASSIGN_OR_RETURN(const Image image, DecodeImage(bytes));
  std::vector<float> tensor(static_cast<size_t>(spec.width * spec.height * spec.channels));
  ASSIGN_OR_RETURN([[maybe_unused]] const Placement placement, Preprocess(image, spec, tensor));
  return tensor;
}

}  // namespace

size_t PatchSet::image_size() const {
  return static_cast<size_t>(side) * static_cast<size_t>(side) * static_cast<size_t>(channels);
}

Image PatchSet::image(size_t index) const {
  const uint8_t* from = pixels.data() + index * image_size();
  return {side, side, channels, std::vector<uint8_t>(from, from + image_size())};
}

Result<PatchSet> LoadPatches(const std::vector<PatchFile>& files, const InputSpec& input,
                             const std::function<void(size_t)>& progress) {
  PatchSet set;
  set.side = input.width;
  set.channels = input.channels;
  std::set<std::string> ids;
  for (const PatchFile& file : files) ids.insert(file.case_id);
  set.cases.assign(ids.begin(), ids.end());
  set.pixels.reserve(files.size() * set.image_size());
  InputSpec plain = input;
  plain.mean = {};
  plain.std = {1, 1, 1};
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
  const auto channels = static_cast<size_t>(set.channels);
  const size_t numbers = set.image_size();
  const auto pixels = static_cast<double>(numbers) / static_cast<double>(channels);
  double weights = 0;
  for (size_t i = 0; i < set.size(); ++i) {
    const double weight = 1 / patches_of_case[set.case_of[i]];
    weights += weight * pixels;
    for (size_t at = 0; at < numbers; ++at) {
      const double value = set.pixels[i * numbers + at] / 255.0;
      sum[at % channels] += weight * value;
      squares[at % channels] += weight * value * value;
    }
  }
  ChannelStatistics statistics;
  for (size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / weights;
    statistics.mean[c] = static_cast<float>(mean);
    statistics.std[c] = static_cast<float>(std::sqrt(squares[c] / weights - mean * mean));
  }
  return statistics;
}

}  // namespace insitu
