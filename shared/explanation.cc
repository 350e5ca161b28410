#include "shared/explanation.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace insitu {
namespace {

using Colour = std::array<float, 3>;

Colour MeanColour(std::span<const float> input, size_t channels) {
  std::array<double, 3> sums = {};
  for (size_t i = 0; i < input.size(); ++i) sums[i % channels] += input[i];
  Colour mean = {};
  const size_t pixels = input.size() / channels;
  for (size_t c = 0; c < channels; ++c)
    mean[c] = static_cast<float>(sums[c] / static_cast<double>(pixels));
  return mean;
}

// The pixels along one side that are hidden for cell i of count: the cell and half of one on
// either side.
struct Hidden {
  Hidden(int i, int count, int length)
      : first(std::max(0, (2 * i - 1) * length / (2 * count))),
        end(std::min(length, (2 * i + 3) * length / (2 * count))) {}
  int first;
  int end;
};

void Paint(const Hidden& across, const Hidden& down, const InputSpec& spec, const Colour& colour,
           std::span<float> input) {
  const auto channels = static_cast<size_t>(spec.channels);
  for (int y = down.first; y < down.end; ++y) {
    const auto row = static_cast<size_t>(y) * static_cast<size_t>(spec.width);
    for (int x = across.first; x < across.end; ++x) {
      float* pixel = &input[(row + static_cast<size_t>(x)) * channels];
      std::copy_n(colour.begin(), channels, pixel);
    }
  }
}

int CellsOf(int length, int longer) {
  return std::max(1, std::min(length, (kMapCells * length + longer / 2) / longer));
}

}  // namespace

Result<Explanation> Occlude(std::span<const float> input, const InputSpec& spec, Scorer* scorer) {
  const int longer = std::max(spec.width, spec.height);
  Explanation map{.rows = CellsOf(spec.height, longer),
                  .columns = CellsOf(spec.width, longer),
                  .values = {},
                  .probability = 0,
                  .placement = {}};
  ASSIGN_OR_RETURN(map.probability, scorer->Score(input));
  const Colour mean = MeanColour(input, static_cast<size_t>(spec.channels));
  List<float> changed;
  changed.resize(input.size());
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      std::copy(input.begin(), input.end(), changed.begin());
      Paint(Hidden(column, map.columns, spec.width), Hidden(row, map.rows, spec.height), spec, mean,
            changed);
      ASSIGN_OR_RETURN(const float probability, scorer->Score(changed));
      map.values.push_back(map.probability - probability);
    }
  }
  return map;
}

}  // namespace insitu
