#include "shared/network/winograd.h"

#include <algorithm>

#include "shared/divide_up.h"
#include "shared/network/matrix_kernel.h"
#include "shared/network/winograd_transform.h"

namespace insitu {
namespace {

// Transformed tiles that are worked on at a time, in and out: about half of a second cache.
constexpr int64_t kTileBytes = 256 << 10;

// Transformed weights that meet the tiles one after the other: within a first cache.
constexpr int64_t kColumnBytes = 16 << 10;

// Channels in times out. Beyond, what tiles of 5 save goes to reading their weights (measured).
constexpr int64_t kMaxPairsOfLongTiles = int64_t{32} << 10;

constexpr int64_t kMaxPartTaps = 4;
constexpr int64_t kMaxParts = 4;
constexpr int64_t kMaxTileValues = kMaxWinogradPoints * kMaxWinogradPoints;  // of a channel

// Costs in multiply-adds of the matrix kernel, measured: of a transformed value, in and out, and of
// a weight that no cache holds.
constexpr double kInputCost = 12;
constexpr double kOutputCost = 10;
constexpr double kWeightCost = 4;

// A part of a kernel along one axis: taps at offset, offset + stride, …
struct Part {
  int64_t offset = 0;
  int64_t taps = 0;
  int64_t points = 0;
};

// How one axis is cut.
struct Axis {
  int64_t stride = 1;
  int64_t outputs = 0;  // of a tile
  int64_t points = 0;   // of the longest part
  int64_t tiles = 0;
  int64_t part_points = 0;                     // of all parts
  int64_t fewest_points = kMaxWinogradPoints;  // of a part
  int64_t count = 0;                           // of the parts; 0: it cannot be cut
  Part parts[kMaxParts];
};

Axis CutAxis(const Window& window, int at, int64_t outputs) {
  Axis axis;
  axis.stride = window.stride[at];
  axis.outputs = outputs;
  const int64_t kernel = window.kernel[at];
  if (axis.stride > 2 || window.dilation[at] != 1 || kernel < 3) return axis;
  for (int64_t first = 0; first < axis.stride; ++first) {
    const int64_t taps = DivideUp(kernel - first, axis.stride);
    const int64_t parts = DivideUp(taps, kMaxPartTaps);
    if (axis.count + parts > kMaxParts) return {};
    int64_t begin = 0;
    for (int64_t left = parts; left > 0; --left) {
      Part& part = axis.parts[axis.count++];
      part.taps = DivideUp(taps - begin, left);
      part.offset = first + begin * axis.stride;
      part.points = outputs + part.taps - 1;
      axis.points = std::max(axis.points, part.points);
      axis.fewest_points = std::min(axis.fewest_points, part.points);
      axis.part_points += part.points;
      begin += part.taps;
    }
  }
  axis.tiles = DivideUp(window.output[at], outputs);
  return axis;
}

// With the tiles that take the fewest products, the longest only where they read few weights.
Axis CutAxis(const ConvolutionSpec& spec, int at) {
  const bool reads_few = spec.group_inputs * spec.group_outputs <= kMaxPairsOfLongTiles;
  const int64_t longest = reads_few ? kMaxWinogradOutputs : kMaxWinogradOutputs - 1;
  Axis best;
  for (int64_t outputs = kMinWinogradOutputs; outputs <= longest; ++outputs) {
    const Axis axis = CutAxis(spec.window, at, outputs);
    if (axis.fewest_points >= kMinWinogradPoints && axis.points <= kMaxWinogradPoints &&
        (best.count == 0 || axis.tiles * axis.part_points < best.tiles * best.part_points)) {
      best = axis;
    }
  }
  return best;
}

// Which of a part's own points is `point` of all; -1: none.
int64_t OwnPoint(const Axis& axis, const Part& part, int64_t point) {
  if (point == axis.points - 1) return part.points - 1;  // infinity
  return point < part.points - 1 ? point : -1;
}

class Winograd final : public Operation {
 public:
  explicit Winograd(const ConvolutionSpec& spec);

  Status Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) override;
  void Run() override;

 private:
  struct Tile {
    int64_t image;
    int64_t row;  // of the outputs
    int64_t column;
  };

  void TransformWeights(const ConvolutionSpec& spec);
  void TransformPart(const ConvolutionSpec& spec, int64_t output, const Part& p, const Part& q,
                     int64_t row_point, int64_t column_point, List<float>* transformed) const;
  Tile TileAt(int64_t index) const;
  // How a tile is transformed along one axis.
  struct Side {
    int64_t inputs;
    int64_t outputs;
    void (*transform)(const WinogradLine& line);
  };
  void Transform(const Side& down, const Side& across, const float* const* from, float* const* to,
                 int64_t channels, const Clamp* clamp);
  void TransformInput(const Tile& tile, int64_t slot);
  void Multiply(int64_t row_point, int64_t column_point);
  void TransformOutput(const Tile& tile, int64_t slot);
  float* Input(const Part& down, const Part& across) {
    return inputs_.data() + offsets_[&down - axes_[0].parts][&across - axes_[1].parts] * capacity_;
  }

  const Window window_;
  const int64_t items_;
  const int64_t channels_;
  const int64_t outputs_;
  const Clamp clamp_;
  const Axis axes_[2];
  const MatrixKernel kernel_;
  List<PackedWeights> weights_;            // a point
  List<float> zeros_;                      // of the padding
  List<float> nowhere_;                    // for outputs beyond the image
  int64_t offsets_[kMaxParts][kMaxParts];  // of the parts' transformed inputs, of one tile

  Operand input_;
  int64_t tiles_ = 0;
  int64_t capacity_ = 0;  // tiles at a time
  int64_t count_ = 0;     // of them that there are
  float* output_ = nullptr;
  List<float> inputs_;    // for each part: (points, points, capacity, channels)
  List<float> products_;  // (points, points, capacity, outputs)
  List<float> half_;      // of a tile: transformed down, not yet across
};

Winograd::Winograd(const ConvolutionSpec& spec)
    : window_(spec.window),
      items_(spec.items),
      channels_(spec.group_inputs),
      outputs_(spec.group_outputs),
      clamp_(spec.clamp),
      axes_{CutAxis(spec, 0), CutAxis(spec, 1)},
      kernel_(ChooseMatrixKernel()),
      zeros_(static_cast<size_t>(channels_)),
      nowhere_(static_cast<size_t>(outputs_)) {
  TransformWeights(spec);
  const auto& [down, across] = axes_;
  int64_t offset = 0;
  for (int64_t a = 0; a < down.count; ++a) {
    for (int64_t b = 0; b < across.count; ++b) {
      offsets_[a][b] = offset;
      offset += down.parts[a].points * across.parts[b].points * channels_;
    }
  }
}

// For each point, the weights of every part that has it, one part after the other.
void Winograd::TransformWeights(const ConvolutionSpec& spec) {
  const auto& [down, across] = axes_;
  for (int64_t i = 0; i < down.points; ++i) {
    for (int64_t j = 0; j < across.points; ++j) {
      List<float> transformed;
      for (int64_t o = 0; o < outputs_; ++o) {
        for (int64_t a = 0; a < down.count; ++a) {
          for (int64_t b = 0; b < across.count; ++b) {
            TransformPart(spec, o, down.parts[a], across.parts[b], i, j, &transformed);
          }
        }
      }
      const int64_t depth = static_cast<int64_t>(transformed.size()) / outputs_;
      PackedWeights packed(kernel_, 1, outputs_, depth);
      // At the point 1, 1 what is added goes to every output alike.
      packed.Pack(0, WeightView::ChannelsFirst(transformed.data(), depth, 1), 0,
                  i == 1 && j == 1 ? spec.bias : nullptr);
      weights_.push_back(std::move(packed));
    }
  }
}

// Of one output channel, if the part has that point.
void Winograd::TransformPart(const ConvolutionSpec& spec, int64_t output, const Part& p,
                             const Part& q, int64_t row_point, int64_t column_point,
                             List<float>* transformed) const {
  const int64_t i = OwnPoint(axes_[0], p, row_point);
  const int64_t j = OwnPoint(axes_[1], q, column_point);
  if (i < 0 || j < 0) return;
  double factors[kMaxPartTaps][kMaxPartTaps];
  for (int64_t y = 0; y < p.taps; ++y) {
    for (int64_t x = 0; x < q.taps; ++x) {
      factors[y][x] = WinogradWeight(p.points, axes_[0].outputs, i, y) *
                      WinogradWeight(q.points, axes_[1].outputs, j, x);
    }
  }
  const int64_t width = window_.kernel[1];
  for (int64_t c = 0; c < channels_; ++c) {
    double sum = 0;
    for (int64_t y = 0; y < p.taps; ++y) {
      const int64_t row = p.offset + y * axes_[0].stride;
      for (int64_t x = 0; x < q.taps; ++x) {
        const int64_t tap = row * width + q.offset + x * axes_[1].stride;
        sum += factors[y][x] * double{spec.weights.At(output, tap, c)};
      }
    }
    transformed->push_back(static_cast<float>(sum));
  }
}

Status Winograd::Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) {
  input_ = inputs[0];
  output_ = output;
  const auto& [down, across] = axes_;
  tiles_ = items_ * batch * down.tiles * across.tiles;
  const int64_t input_values = down.part_points * across.part_points * channels_;
  const int64_t product_values = down.points * across.points * outputs_;
  const int64_t fitting = kTileBytes / 4 / (input_values + product_values);
  const int64_t rows = kernel_.rows;
  capacity_ = std::min(DivideUp(tiles_, rows), std::max<int64_t>(1, fitting / rows)) * rows;
  inputs_.resize(static_cast<size_t>(capacity_ * input_values));
  products_.resize(static_cast<size_t>(capacity_ * product_values));
  half_.resize(static_cast<size_t>(kMaxTileValues * std::max(channels_, outputs_)));
  return {};
}

Winograd::Tile Winograd::TileAt(int64_t index) const {
  const auto& [down, across] = axes_;
  const int64_t image = index / (down.tiles * across.tiles);
  const int64_t within = index % (down.tiles * across.tiles);
  return {image, within / across.tiles * down.outputs, within % across.tiles * across.outputs};
}

void Winograd::Run() {
  for (int64_t first = 0; first < tiles_; first += capacity_) {
    count_ = std::min(capacity_, tiles_ - first);
    for (int64_t slot = 0; slot < count_; ++slot) TransformInput(TileAt(first + slot), slot);
    for (int64_t i = 0; i < axes_[0].points; ++i) {
      for (int64_t j = 0; j < axes_[1].points; ++j) Multiply(i, j);
    }
    for (int64_t slot = 0; slot < count_; ++slot) TransformOutput(TileAt(first + slot), slot);
  }
}

// Along the columns of from (columns, rows), then along the rows, to `to` (rows, columns).
void Winograd::Transform(const Side& down, const Side& across, const float* const* from,
                         float* const* to, int64_t channels, const Clamp* clamp) {
  float* half[kMaxWinogradPoints];
  for (int64_t j = 0; j < across.inputs; ++j) {
    for (int64_t i = 0; i < down.outputs; ++i) {
      half[i] = half_.data() + (i * across.inputs + j) * channels;
    }
    down.transform({down.inputs, from + j * down.inputs, half, channels, down.outputs});
  }
  for (int64_t i = 0; i < down.outputs; ++i) {
    for (int64_t j = 0; j < across.inputs; ++j) {
      half[j] = half_.data() + (i * across.inputs + j) * channels;
    }
    across.transform(
        {across.inputs, half, to + i * across.outputs, channels, across.outputs, clamp});
  }
}

void Winograd::TransformInput(const Tile& tile, int64_t slot) {
  const auto& [down, across] = axes_;
  const int64_t line = window_.input[1] * channels_;
  const float* image = input_.data + tile.image / items_ * input_.item_stride +
                       tile.image % items_ * window_.input[0] * line;
  const float* from[kMaxTileValues];
  float* to[kMaxTileValues];
  for (int64_t a = 0; a < down.count; ++a) {
    const Part& p = down.parts[a];
    const int64_t top = tile.row * down.stride - window_.pad_begin[0] + p.offset;
    for (int64_t b = 0; b < across.count; ++b) {
      const Part& q = across.parts[b];
      const int64_t left = tile.column * across.stride - window_.pad_begin[1] + q.offset;
      float* transformed = Input(p, q) + slot * channels_;
      for (int64_t j = 0; j < q.points; ++j) {
        const int64_t x = left + j * across.stride;
        for (int64_t i = 0; i < p.points; ++i) {
          const int64_t y = top + i * down.stride;
          const bool inside = x >= 0 && x < window_.input[1] && y >= 0 && y < window_.input[0];
          from[j * p.points + i] = inside ? image + y * line + x * channels_ : zeros_.data();
          to[i * q.points + j] = transformed + (i * q.points + j) * capacity_ * channels_;
        }
      }
      Transform({p.points, p.points, insitu::TransformInput},
                {q.points, q.points, insitu::TransformInput}, from, to, channels_, nullptr);
    }
  }
}

// Tiles by weights at one point, summed over the parts that have it.
void Winograd::Multiply(int64_t row_point, int64_t column_point) {
  const auto& [down, across] = axes_;
  const float* parts[kMaxParts * kMaxParts];
  MatrixTile tile;
  tile.tap_length = channels_;
  for (int64_t a = 0; a < down.count; ++a) {
    const int64_t i = OwnPoint(down, down.parts[a], row_point);
    for (int64_t b = 0; b < across.count && i >= 0; ++b) {
      const int64_t j = OwnPoint(across, across.parts[b], column_point);
      if (j < 0) continue;
      parts[tile.taps++] = Input(down.parts[a], across.parts[b]) +
                           (i * across.parts[b].points + j) * capacity_ * channels_;
    }
  }
  const int64_t point = row_point * across.points + column_point;
  float* products = products_.data() + point * capacity_ * outputs_;
  const int64_t depth = std::max<int64_t>(1, tile.taps * channels_);
  const int64_t step =
      std::max<int64_t>(1, kColumnBytes / 4 / (depth * kernel_.columns)) * kernel_.columns;
  const float* pointers[kMaxParts * kMaxParts * kMaxMatrixRows];
  tile.pointers = pointers;
  tile.zeros = zeros_.data();
  tile.output_stride = outputs_;
  for (int64_t column = 0; column < outputs_; column += step) {
    tile.columns = std::min(step, outputs_ - column);
    tile.weights = weights_[static_cast<size_t>(point)].At(0, column);
    for (int64_t first = 0; first < count_; first += kernel_.rows) {
      tile.rows = std::min(kernel_.rows, count_ - first);
      const bool single = tile.rows == 1;
      int64_t to = 0;
      for (int64_t part = 0; part < tile.taps; ++part) {
        for (int64_t row = 0; row < (single ? 1 : kernel_.rows); ++row) {
          pointers[to++] = parts[part] + std::min(first + row, count_ - 1) * channels_;
        }
      }
      tile.output = products + first * outputs_ + column;
      (single ? kernel_.multiply_row : kernel_.multiply)(tile);
    }
  }
}

void Winograd::TransformOutput(const Tile& tile, int64_t slot) {
  const auto& [down, across] = axes_;
  const float* from[kMaxTileValues];
  float* to[kMaxTileValues];
  for (int64_t j = 0; j < across.points; ++j) {
    for (int64_t i = 0; i < down.points; ++i) {
      from[j * down.points + i] =
          products_.data() + ((i * across.points + j) * capacity_ + slot) * outputs_;
    }
  }
  float* image = output_ + tile.image * window_.output[0] * window_.output[1] * outputs_;
  for (int64_t i = 0; i < down.outputs; ++i) {
    for (int64_t j = 0; j < across.outputs; ++j) {
      const int64_t row = tile.row + i;
      const int64_t column = tile.column + j;
      const bool inside = row < window_.output[0] && column < window_.output[1];
      to[i * across.outputs + j] =
          inside ? image + (row * window_.output[1] + column) * outputs_ : nowhere_.data();
    }
  }
  Transform({down.points, down.outputs, insitu::TransformOutput},
            {across.points, across.outputs, insitu::TransformOutput}, from, to, outputs_,
            clamp_.is_bounded() ? &clamp_ : nullptr);
}

}  // namespace

bool SuitsWinograd(const ConvolutionSpec& spec) {
  const Window& w = spec.window;
  if (spec.groups != 1 || spec.group_inputs < kMinWinogradChannels ||
      spec.group_outputs < kMinWinogradChannels) {
    return false;
  }
  const Axis down = CutAxis(spec, 0);
  const Axis across = CutAxis(spec, 1);
  if (down.count == 0 || across.count == 0) return false;
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double pairs = real(spec.group_inputs) * real(spec.group_outputs);
  const double products = real(down.part_points) * real(across.part_points);
  if (products * pairs > real(kMaxTransformedWeights)) return false;
  const double taps = real(w.kernel[0]) * real(w.kernel[1]);
  const double tiles = real(spec.items) * real(down.tiles) * real(across.tiles);
  const double pixels = real(spec.items) * real(w.output[0]) * real(w.output[1]);
  const double cost =
      tiles * (products * (pairs + kInputCost * real(spec.group_inputs)) +
               real(down.points * across.points) * kOutputCost * real(spec.group_outputs)) +
      kWeightCost * products * pairs;
  return cost < pixels * taps * pairs + kWeightCost * taps * pairs;
}

std::unique_ptr<Operation> MakeWinograd(const ConvolutionSpec& spec) {
  return std::make_unique<Winograd>(spec);
}

}  // namespace insitu
