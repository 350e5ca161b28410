#include "shared/network/matrix_convolution.h"

#include "shared/divide_up.h"
#include "shared/limits.h"
#include "shared/network/matrix_kernel.h"

namespace insitu {
namespace {

// So many packed weights at a time meet every pixel: they fit a core's second cache beside these.
constexpr int64_t kCachedWeightBytes = 128 << 10;

int64_t Pixels(const int64_t (&image)[2]) { return image[0] * image[1]; }

class MatrixConvolution final : public Operation {
 public:
  MatrixConvolution(const ConvolutionSpec& spec, const MatrixKernel& kernel)
      : window_(spec.window),
        items_(spec.items),
        groups_(spec.groups),
        group_inputs_(spec.group_inputs),
        group_outputs_(spec.group_outputs),
        pixel_values_(spec.groups * spec.group_inputs),
        taps_(Pixels(spec.window.kernel)),
        clamp_(spec.clamp),
        kernel_(kernel),
        weights_(kernel, spec.groups, spec.group_outputs, taps_ * spec.group_inputs),
        zeros_(static_cast<size_t>(spec.window.kernel[1] * spec.group_inputs)) {
    is_pointwise_ = taps_ == 1 && window_.stride[0] == 1 && window_.stride[1] == 1 &&
                    window_.input[0] == window_.output[0] && window_.input[1] == window_.output[1];
    if (is_pointwise_) {  // where a pixel lies does not matter
      window_ = {};
      window_.input[0] = window_.output[0] = items_ * Pixels(spec.window.input);
      items_ = 1;
    }
    for (int64_t group = 0; group < groups_; ++group) {
      weights_.Pack(group, spec.weights, group * group_outputs_, spec.bias);
    }
  }

  Status Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) override {
    item_stride_ = inputs[0].item_stride;
    images_ = items_ * batch;
    bound_ = window_;
    if (is_pointwise_ && item_stride_ == ImageLength()) {
      images_ = 1;
      bound_.input[0] = bound_.output[0] = window_.input[0] * batch;
    }
    output_ = output;
    FillPointers(inputs[0].data);
    return {};
  }

  void Run() override {
    int64_t step =
        std::max<int64_t>(1, kCachedWeightBytes / 4 / ((1 + Depth()) * kernel_.columns)) *
        kernel_.columns;
    if (images_ * Pixels(bound_.output) <= kernel_.rows) step = group_outputs_;  // met only once
    for (int64_t group = 0; group < groups_; ++group) {
      for (int64_t column = 0; column < group_outputs_; column += step) {
        const int64_t columns = std::min(step, group_outputs_ - column);
        for (int64_t image = 0; image < images_; ++image) RunImage(image, group, column, columns);
      }
    }
  }

 private:
  int64_t Depth() const { return taps_ * group_inputs_; }  // products of an output value
  int64_t ImageLength() const { return Pixels(window_.input) * pixel_values_; }

  // A last tile of a single row is left to the kernel of one row.
  bool IsSingle(int64_t pixel) const { return pixel + 1 == Pixels(bound_.output); }

  // Where the taps of a row of the kernel lie side by side for all pixels of a tile, each row is
  // one tap to the matrix kernel.
  bool IsJoined(int64_t first) const {
    bool joined = groups_ == 1 && bound_.dilation[1] == 1;
    const int64_t end = std::min(first + kernel_.rows, Pixels(bound_.output));
    for (int64_t pixel = first; pixel < end && joined; ++pixel) {
      const int64_t left = pixel % bound_.output[1] * bound_.stride[1] - bound_.pad_begin[1];
      joined = left >= 0 && left + bound_.kernel[1] <= bound_.input[1];
    }
    return joined;
  }

  // Where the window of an output pixel's tap lies in the first image, or the zeros of the padding.
  const float* Source(const float* input, int64_t pixel, int64_t tap) const {
    const int64_t at[2] = {pixel / bound_.output[1], pixel % bound_.output[1]};
    const int64_t in_kernel[2] = {tap / bound_.kernel[1], tap % bound_.kernel[1]};
    int64_t from[2];
    for (int axis : {0, 1}) {
      from[axis] = at[axis] * bound_.stride[axis] - bound_.pad_begin[axis] +
                   in_kernel[axis] * bound_.dilation[axis];
      if (from[axis] < 0 || from[axis] >= bound_.input[axis]) return zeros_.data();
    }
    return input + (from[0] * bound_.input[1] + from[1]) * pixel_values_;
  }

  // Tile by tile: (taps or, joined, rows of taps; rows of the kernel), the last pixel repeated to
  // fill the last tile.
  void FillPointers(const float* input) {
    const int64_t pixels = Pixels(bound_.output);
    pointers_.clear();
    joined_.clear();
    for (int64_t pixel = 0; pixel < pixels; pixel += kernel_.rows) {
      const int64_t rows = IsSingle(pixel) ? 1 : kernel_.rows;
      joined_.push_back(IsJoined(pixel) ? bound_.kernel[1] : 1);
      for (int64_t tap = 0; tap < taps_; tap += joined_.back()) {
        for (int64_t row = 0; row < rows; ++row) {
          pointers_.push_back(Source(input, std::min(pixel + row, pixels - 1), tap));
        }
      }
    }
  }

  void RunImage(int64_t image, int64_t group, int64_t column, int64_t columns) {
    const int64_t pixels = Pixels(bound_.output);
    const int64_t output_channels = groups_ * group_outputs_;
    MatrixTile tile;
    tile.columns = columns;
    tile.input_offset =
        image / items_ * item_stride_ + image % items_ * ImageLength() + group * group_inputs_;
    tile.zeros = zeros_.data();
    tile.weights = weights_.At(group, column);
    tile.output_stride = output_channels;
    tile.clamp = clamp_;
    tile.pointers = pointers_.data();
    const int64_t* joined_taps = joined_.data();
    for (int64_t pixel = 0; pixel < pixels; pixel += kernel_.rows) {
      const int64_t joined = *joined_taps++;
      tile.taps = taps_ / joined;
      tile.tap_length = group_inputs_ * joined;
      tile.rows = std::min(kernel_.rows, pixels - pixel);
      tile.output =
          output_ + (image * pixels + pixel) * output_channels + group * group_outputs_ + column;
      (IsSingle(pixel) ? kernel_.multiply_row : kernel_.multiply)(tile);
      tile.pointers += tile.taps * kernel_.rows;
    }
  }

  Window window_;  // of one image
  int64_t items_;
  int64_t groups_;
  int64_t group_inputs_;
  int64_t group_outputs_;
  int64_t pixel_values_;
  int64_t taps_;
  Clamp clamp_;
  MatrixKernel kernel_;
  bool is_pointwise_ = false;
  PackedWeights weights_;
  List<float> zeros_;

  Window bound_;  // of what the pointers cover: one image or, pointwise, all
  int64_t images_ = 0;
  int64_t item_stride_ = 0;
  List<const float*> pointers_;
  List<int64_t> joined_;  // taps that are one, of each tile
  float* output_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Operation>> MakeMatrixConvolution(const ConvolutionSpec& spec,
                                                         const MatrixKernel& kernel) {
  const int64_t taps = Pixels(spec.window.kernel);
  const int64_t columns = spec.groups * RoundUp(spec.group_outputs, kernel.columns);
  const int64_t pixels = RoundUp(Pixels(spec.window.output), kernel.rows);
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  constexpr auto kPointer = static_cast<int64_t>(sizeof(float*));
  if (columns > kMaxArenaBytes / kFloat / (1 + taps * spec.group_inputs) ||
      pixels > kMaxArenaBytes / kPointer / taps) {
    return Fail(ErrorCode::kOutOfMemory, "There is not enough memory to run the model.");
  }
  return std::unique_ptr<Operation>(std::make_unique<MatrixConvolution>(spec, kernel));
}

}  // namespace insitu
