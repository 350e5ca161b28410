// libFuzzer: arbitrary bytes as a model's metadata, a line an entry, its key before the first '='.
// What is taken is within the ranges that the engine counts on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/model_info.h"

namespace {

constexpr int kSide = 8;
constexpr int kChannels = 3;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsProbability(double value) { return value >= 0 && value <= 1; }

insitu::Metadata Entries(std::string_view text) {
  insitu::Metadata entries;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t equals = std::min(line.find('='), line.size());
    entries.emplace_back(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())));
  }
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = insitu::ReadModelInfo(Entries({reinterpret_cast<const char*>(data), size}),
                                          kSide, kSide, kChannels);
  if (!read.ok()) {
    Require(!read.error().message.empty());
    return 0;
  }
  const insitu::ModelInfo& info = read.value();
  for (const double asked : {-1.0, 0.0, 0.3, 1.0, 2.0}) {
    const auto interval = insitu::IntervalAt(info, asked);
    if (!interval) continue;
    Require(IsProbability(interval->low) && IsProbability(interval->high));
    Require(interval->low <= interval->high);
  }
  for (const auto& point : info.operating_points) Require(IsProbability(point.threshold));
  if (info.uncertain) Require(info.uncertain->low <= info.uncertain->high);
  return 0;
}
