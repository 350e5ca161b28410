#include "shared/network/narrow_convolution.h"

#include <algorithm>

#include "shared/network/matrix_kernel.h"

namespace insitu {
namespace {

// More channels are long enough for a tap of their own.
constexpr int64_t kMaxNarrowChannels = 4;

// Of its copy, of its pointers and of its weights.
constexpr int64_t kMaxNarrowValues = int64_t{1} << 24;

class NarrowConvolution final : public Operation {
 public:
  NarrowConvolution(const ConvolutionSpec& spec, const MatrixKernel& kernel)
      : window_(spec.window),
        items_(spec.items),
        channels_(spec.group_inputs),
        outputs_(spec.group_outputs),
        clamp_(spec.clamp),
        kernel_(kernel),
        weights_(kernel, 1, spec.group_outputs, spec.window.kernel[0] * TapLength()) {
    weights_.Pack(0, spec.weights, spec.bias);
    for (int axis : {0, 1}) {
      padded_[axis] = window_.input[axis] + window_.pad_begin[axis] + window_.pad_end[axis];
    }
    pads_ = padded_[0] != window_.input[0] || padded_[1] != window_.input[1];
    if (pads_) copy_.resize(static_cast<size_t>(padded_[0] * padded_[1] * channels_));
  }

  Status Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) override {
    input_ = inputs[0];
    images_ = items_ * batch;
    output_ = output;
    FillPointers(pads_ ? copy_.data() : input_.data);
    return {};
  }

  void Run() override {
    for (int64_t image = 0; image < images_; ++image) {
      int64_t offset = image / items_ * input_.item_stride +
                       image % items_ * window_.input[0] * window_.input[1] * channels_;
      if (pads_) {
        CopyBetweenPadding(input_.data + offset);
        offset = 0;
      }
      RunImage(offset, output_ + image * Pixels() * outputs_);
    }
  }

 private:
  int64_t Pixels() const { return window_.output[0] * window_.output[1]; }
  int64_t TapLength() const { return window_.kernel[1] * channels_; }
  // Pixels that a tile at this one has, a tile of a single pixel being left to the kernel of one
  // row.
  int64_t Rows(int64_t pixel) const { return pixel + 1 == Pixels() ? 1 : kernel_.rows; }

  // As MatrixConvolution's: tile by tile (taps, rows), the last pixel repeated.
  void FillPointers(const float* image) {
    const int64_t line = padded_[1] * channels_;
    pointers_.clear();
    for (int64_t first = 0; first < Pixels(); first += kernel_.rows) {
      for (int64_t tap = 0; tap < window_.kernel[0]; ++tap) {
        for (int64_t row = 0; row < Rows(first); ++row) {
          const int64_t pixel = std::min(first + row, Pixels() - 1);
          const int64_t y =
              pixel / window_.output[1] * window_.stride[0] + tap * window_.dilation[0];
          const int64_t x = pixel % window_.output[1] * window_.stride[1];
          pointers_.push_back(image + y * line + x * channels_);
        }
      }
    }
  }

  void CopyBetweenPadding(const float* image) {
    const int64_t length = window_.input[1] * channels_;
    float* to =
        copy_.data() + (window_.pad_begin[0] * padded_[1] + window_.pad_begin[1]) * channels_;
    for (int64_t y = 0; y < window_.input[0]; ++y) {
      std::copy_n(image + y * length, length, to + y * padded_[1] * channels_);
    }
  }

  void RunImage(int64_t input_offset, float* output) {
    MatrixTile tile;
    tile.columns = outputs_;
    tile.taps = window_.kernel[0];
    tile.tap_length = TapLength();
    tile.input_offset = input_offset;
    tile.weights = weights_.At(0, 0);
    tile.output_stride = outputs_;
    tile.clamp = clamp_;
    for (int64_t pixel = 0; pixel < Pixels(); pixel += kernel_.rows) {
      tile.rows = std::min(kernel_.rows, Pixels() - pixel);
      tile.pointers = pointers_.data() + pixel * tile.taps;
      tile.output = output + pixel * outputs_;
      (Rows(pixel) == 1 ? kernel_.multiply_row : kernel_.multiply)(tile);
    }
  }

  const Window window_;
  const int64_t items_;
  const int64_t channels_;
  const int64_t outputs_;
  const Clamp clamp_;
  const MatrixKernel kernel_;
  PackedWeights weights_;
  int64_t padded_[2];  // rows and columns of an image with its padding
  bool pads_ = false;
  List<float> copy_;  // an image with its padding, where it has any

  Operand input_;
  int64_t images_ = 0;
  float* output_ = nullptr;
  List<const float*> pointers_;
};

}  // namespace

bool IsNarrow(const ConvolutionSpec& spec) {
  const Window& w = spec.window;
  if (spec.groups != 1 || spec.group_inputs > kMaxNarrowChannels || w.kernel[1] < 2 ||
      w.dilation[1] != 1) {
    return false;
  }
  // What would need more is left to MakeMatrixConvolution, which refuses what is too much.
  const int64_t height = w.input[0] + w.pad_begin[0] + w.pad_end[0];
  const int64_t width = w.input[1] + w.pad_begin[1] + w.pad_end[1];
  return height <= kMaxNarrowValues / spec.group_inputs / width &&
         w.output[0] <= kMaxNarrowValues / w.kernel[0] / w.output[1] &&
         spec.group_outputs <= kMaxNarrowValues / spec.group_inputs / w.kernel[0] / w.kernel[1];
}

std::unique_ptr<Operation> MakeNarrowConvolution(const ConvolutionSpec& spec) {
  return std::make_unique<NarrowConvolution>(spec, ChooseMatrixKernel());
}

}  // namespace insitu
