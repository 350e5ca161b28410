#include "shared/network/narrow_winograd.h"

#include <algorithm>
#include <limits>

#include "shared/divide_up.h"
#include "shared/network/winograd_points.h"
#include "shared/network/winograd_transform.h"

namespace insitu {
namespace {

constexpr int64_t kTaps = 3;
constexpr int64_t kSide = 3;  // outputs of a tile
constexpr int64_t kPoints = kSide + kTaps - 1;
constexpr int64_t kMaxChannels = 8;
constexpr int64_t kBlock = 8;  // output channels at a time
constexpr int64_t kLanes = 4;  // of the transforms in

// Tiles at a time: transformed, they fit a core's first cache.
constexpr int64_t kTilesAtOnce = 16;
constexpr int64_t kTileValues = kPoints * kPoints * kMaxChannels;

constexpr int64_t kMaxColumns = (kTilesAtOnce - 1) * kSide + kPoints;
constexpr int64_t kLineLength = kMaxColumns * kMaxChannels + kLanes;

// So many tiles and a block of output channels.
struct Tiles {
  int64_t count;
  int64_t channels;
  const float* inputs;   // (count, points across, points down, kMaxChannels)
  const float* weights;  // (points across, channels, points down, kBlock)
  const float* bias;     // (kBlock)
  bool is_pooled;
  float* const* outputs;  // where channels lie, of (count, rows, columns) or, pooled, (count)
  int64_t first;          // of the block's
  Clamp clamp;
};

template <int64_t kVectorLanes>
inline __attribute__((always_inline)) void Run(const Tiles& tiles) {
  using V = typename VectorOf<kVectorLanes>::Type;
  constexpr int64_t kVectors = kBlock / kVectorLanes;
  const float* input = tiles.inputs;
  float* const* to = tiles.outputs;
  for (int64_t tile = 0; tile < tiles.count; ++tile) {
    V half[kVectors][kSide][kPoints];  // transformed down, not yet across
    const float* weights = tiles.weights;
    for (int64_t j = 0; j < kPoints; ++j, input += kPoints * kMaxChannels) {
      V product[kVectors][kPoints] = {};
      const float* end = input + tiles.channels;
      for (const float* at = input; at != end; ++at, weights += kPoints * kBlock) {
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < kPoints; ++i) {
          const V value = at[i * kMaxChannels] - V{};
#pragma clang loop unroll(full)
          for (int64_t v = 0; v < kVectors; ++v) {
            const V weight = At<kVectorLanes>(weights + i * kBlock + v * kVectorLanes);
            MultiplyAdd(value, weight, &product[v][i]);
          }
        }
      }
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < kVectors; ++v) {
        V sums[kSide];
        SumPowers<kSide, kPoints - 1>(product[v], sums);
        sums[kSide - 1] += product[v][kPoints - 1];
#pragma clang loop unroll(full)
        for (int64_t r = 0; r < kSide; ++r) half[v][r][j] = sums[r];
      }
    }
    for (int64_t v = 0; v < kVectors; ++v) {
      const int64_t c = tiles.first + v * kVectorLanes;
      const V bias = At<kVectorLanes>(tiles.bias + v * kVectorLanes);
      V most = V{} - std::numeric_limits<float>::infinity();
      for (int64_t r = 0; r < kSide; ++r) {
        V output[kSide];
        SumPowers<kSide, kPoints - 1>(half[v][r], output);
        output[kSide - 1] += half[v][r][kPoints - 1];
#pragma clang loop unroll(full)
        for (int64_t k = 0; k < kSide; ++k) {
          if (tiles.is_pooled) {
            Raise(output[k], &most);
          } else {
            output[k] += bias;
            Bound(tiles.clamp.low, tiles.clamp.high, &output[k]);
            At<kVectorLanes>(to[r * kSide + k] + c) = output[k];
          }
        }
      }
      if (tiles.is_pooled) {
        most += bias;
        Bound(tiles.clamp.low, tiles.clamp.high, &most);
        At<kVectorLanes>(*to + c) = most;
      }
    }
    to += tiles.is_pooled ? 1 : kSide * kSide;
  }
}

void Run4(const Tiles& tiles) { Run<4>(tiles); }

#ifdef __x86_64__
__attribute__((target("avx,fma"))) void Run8(const Tiles& tiles) { Run<8>(tiles); }
#endif

auto* ChooseRun() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("fma")) return Run8;
#endif
  return Run4;
}

// A line of tiles across: from (points down, kLineLength), transformed down, to Tiles::inputs.
void TransformAcross(const float* down, int64_t count, int64_t channels, float* to) {
  using V = VectorOf<kLanes>::Type;
  constexpr auto& kMatrix = kWinogradInput<kPoints>.at;
  for (int64_t tile = 0; tile < count; ++tile, to += kTileValues) {
    for (int64_t i = 0; i < kPoints; ++i) {
      const float* from = down + i * kLineLength + tile * kSide * channels;
      for (int64_t c = 0; c < channels; c += kLanes) {
        V value[kPoints];
#pragma clang loop unroll(full)
        for (int64_t j = 0; j < kPoints; ++j) {
          value[j] = At<kLanes>(from + j * channels + c);  // and beyond, where nobody looks
        }
#pragma clang loop unroll(full)
        for (int64_t j = 0; j < kPoints; ++j) {
          V sum;
          SumMultiples<kPoints>(kMatrix[j], value, &sum);
          At<kLanes>(to + (j * kPoints + i) * kMaxChannels + c) = sum;
        }
      }
    }
  }
}

class NarrowWinograd final : public PerItem {
 public:
  explicit NarrowWinograd(const ConvolutionSpec& spec);

 private:
  // Of a block, to its place; returns the next one's.
  float* TransformWeights(const WeightView& weights, int64_t first, float* to) const;
  void RunItem(const float* const* inputs, float* output) const override;
  void RunImage(const float* image, float* output) const;
  // So many tiles from a pixel of the image on.
  void Transform(const float* image, int64_t top, int64_t left, int64_t count) const;
  void PlaceOutputs(float* output, int64_t row, int64_t column, int64_t count) const;

  const Window window_;
  const int64_t items_;
  const int64_t channels_;
  const int64_t outputs_;
  const int64_t pool_;
  const Clamp clamp_;
  void (*const run_)(const Tiles& tiles);
  const int64_t pooled_;  // side of a tile's outputs
  const int64_t height_;  // of the output
  const int64_t width_;
  List<float> weights_;        // for each block: (points across, channels, points down, kBlock)
  List<float> bias_;           // (outputs)
  List<float> zeros_;          // (kLineLength)
  mutable List<float> lines_;  // (points, kLineLength): lines that an image's side cuts
  mutable List<float> down_;   // (points, kLineLength)
  mutable List<float> inputs_;
  mutable List<float> nowhere_;  // for outputs beyond the image
  mutable List<float*> to_;      // Tiles::outputs
};

NarrowWinograd::NarrowWinograd(const ConvolutionSpec& spec)
    : window_(spec.window),
      items_(spec.items),
      channels_(spec.group_inputs),
      outputs_(spec.group_outputs),
      pool_(spec.pool),
      clamp_(spec.clamp),
      run_(ChooseRun()),
      pooled_(kSide / pool_),
      height_(window_.output[0] / pool_),
      width_(window_.output[1] / pool_),
      weights_(static_cast<size_t>(kPoints * kPoints * channels_ * RoundUp(outputs_, kBlock))),
      bias_(static_cast<size_t>(outputs_)),
      zeros_(kLineLength),
      lines_(kPoints * kLineLength),
      down_(kPoints * kLineLength),
      inputs_(kTilesAtOnce * kTileValues),
      nowhere_(static_cast<size_t>(outputs_)),
      to_(static_cast<size_t>(kTilesAtOnce * pooled_ * pooled_)) {
  if (spec.bias != nullptr) std::copy_n(spec.bias, outputs_, bias_.begin());
  float* to = weights_.data();
  for (int64_t first = 0; first < outputs_; first += kBlock) {
    to = TransformWeights(spec.weights, std::min(first, outputs_ - kBlock), to);
  }
}

float* NarrowWinograd::TransformWeights(const WeightView& weights, int64_t first, float* to) const {
  for (int64_t j = 0; j < kPoints; ++j) {
    for (int64_t c = 0; c < channels_; ++c) {
      for (int64_t i = 0; i < kPoints; ++i) {
        for (int64_t o = first; o < first + kBlock; ++o) {
          double sum = 0;
          for (int64_t tap = 0; tap < kTaps * kTaps; ++tap) {
            sum += WinogradWeight(kPoints, kSide, i, tap / kTaps) *
                   WinogradWeight(kPoints, kSide, j, tap % kTaps) * double{weights.At(o, tap, c)};
          }
          *to++ = static_cast<float>(sum);
        }
      }
    }
  }
  return to;
}

void NarrowWinograd::RunItem(const float* const* inputs, float* output) const {
  for (int64_t item = 0; item < items_; ++item) {
    RunImage(inputs[0] + item * window_.input[0] * window_.input[1] * channels_,
             output + item * height_ * width_ * outputs_);
  }
}

void NarrowWinograd::RunImage(const float* image, float* output) const {
  Tiles tiles;
  tiles.channels = channels_;
  tiles.inputs = inputs_.data();
  tiles.is_pooled = pool_ > 1;
  tiles.outputs = to_.data();
  tiles.clamp = clamp_;
  for (int64_t row = 0; row < height_; row += pooled_) {
    for (int64_t column = 0; column < width_; column += kTilesAtOnce * pooled_) {
      tiles.count = std::min(kTilesAtOnce, DivideUp(width_ - column, pooled_));
      Transform(image, row * pool_ - window_.pad_begin[0], column * pool_ - window_.pad_begin[1],
                tiles.count);
      PlaceOutputs(output, row, column, tiles.count);
      tiles.weights = weights_.data();
      for (int64_t first = 0; first < outputs_; first += kBlock) {
        tiles.first = std::min(first, outputs_ - kBlock);  // may lie over the block before it
        tiles.bias = bias_.data() + tiles.first;
        run_(tiles);
        tiles.weights += kPoints * kPoints * channels_ * kBlock;
      }
    }
  }
}

void NarrowWinograd::Transform(const float* image, int64_t top, int64_t left, int64_t count) const {
  const float* lines[kPoints];
  float* down[kPoints];
  const int64_t columns = (count - 1) * kSide + kPoints;
  const int64_t begin = std::clamp<int64_t>(-left, 0, columns);
  const int64_t end = std::clamp<int64_t>(window_.input[1] - left, begin, columns);
  for (int64_t i = 0; i < kPoints; ++i) {
    down[i] = down_.data() + i * kLineLength;
    const int64_t y = top + i;
    if (y < 0 || y >= window_.input[0] || begin == end) {
      lines[i] = zeros_.data();
      continue;
    }
    const float* line = image + (y * window_.input[1] + left + begin) * channels_;
    lines[i] = line;
    if (end - begin == columns) continue;
    float* cut = lines_.data() + i * kLineLength;
    std::fill_n(cut, columns * channels_, 0.0F);
    std::copy_n(line, (end - begin) * channels_, cut + begin * channels_);
    lines[i] = cut;
  }
  TransformInput({kPoints, lines, down, columns * channels_});
  TransformAcross(down_.data(), count, channels_, inputs_.data());
}

void NarrowWinograd::PlaceOutputs(float* output, int64_t row, int64_t column, int64_t count) const {
  float** to = to_.data();
  for (int64_t tile = 0; tile < count; ++tile) {
    for (int64_t place = 0; place < pooled_ * pooled_; ++place) {
      const int64_t y = row + place / pooled_;
      const int64_t x = column + tile * pooled_ + place % pooled_;
      *to++ = y < height_ && x < width_ ? output + (y * width_ + x) * outputs_ : nowhere_.data();
    }
  }
}

}  // namespace

bool SuitsNarrowWinograd(const ConvolutionSpec& spec) {
  const Window& w = spec.window;
  for (int axis : {0, 1}) {
    if (w.kernel[axis] != kTaps || w.stride[axis] != 1 || w.dilation[axis] != 1) return false;
  }
  const int64_t weights =
      kPoints * kPoints * spec.group_inputs * RoundUp(spec.group_outputs, kBlock);
  return spec.groups == 1 && spec.group_inputs <= kMaxChannels && spec.group_outputs >= kBlock &&
         weights <= kMaxTransformedWeights && (spec.pool == 1 || spec.pool == kSide);
}

std::unique_ptr<Operation> MakeNarrowWinograd(const ConvolutionSpec& spec) {
  return std::make_unique<NarrowWinograd>(spec);
}

}  // namespace insitu
