// The description of a network that the trainer fits: what model/NAME.toml lists as [[layer]].
// C++17 and the standard library only, because network.cc reads it (see network.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace insitu {

enum class LayerKind {
  kConvolution,  // side × side over all channels
  kSeparable,    // side × side of each channel by itself, then 1×1 over all channels
  kMaxPool,      // side × side, without overlap; what is over at the right and bottom is left out
  kGlobalAveragePool,  // the mean over the whole image
  kDense,
};

// Convolutions and separable ones are batch-normalised in training, and end in a ReLU as dense
// layers do. Windows are square.
struct LayerSpec {
  LayerKind kind = LayerKind::kConvolution;
  int filters = 0;  // of convolutions and dense layers: their outputs
  int side = 3;     // of the window
  int stride = 1;
  int padding = 0;        // with zeros, on every side
  int pool = 1;           // a max pool of this side after it
  bool residual = false;  // its input is added before the ReLU, without the rim that it leaves out
  double dropout = 0;     // share of its outputs that are zero in a training step

  bool convolves() const {
    return kind == LayerKind::kConvolution || kind == LayerKind::kSeparable;
  }

  // Pixels on every side of its input that a residual layer does not add.
  int rim() const { return side / 2 - padding; }
};

// image (side, side, channels) -> layers -> dense = logits, one a label. The last dense layer is
// not listed among the layers.
struct NetworkSpec {
  int side = 50;
  int channels = 3;
  int labels = 2;
  int turns = 1;  // that change no answer: 4 quarter turns, 8 with mirrors too (symmetry.h)
  std::vector<LayerSpec> layers;

  size_t input_size() const;  // numbers of one image
};

// What goes from a layer to the next: (channels, side, side).
struct Extent {
  int channels = 0;
  int side = 0;
};

// extents[0] is the image, extents[i + 1] what layer i gives. Those of a network with a fault are
// not defined.
std::vector<Extent> Extents(const NetworkSpec& spec);

// What makes the description one of no network, as a sentence that names the layer, counted from 1;
// "" when nothing does.
std::string NetworkFault(const NetworkSpec& spec);

// In ONNX's order: convolutions (out, in, height, width), dense layers (out, in), where in counts
// the flattened (channels, height, width). Empty where a layer has none.
struct LayerWeights {
  std::vector<float>
      depthwise;  // (in, 1, side, side) of a separable layer, which has no bias there
  std::vector<float> weight;
  std::vector<float> bias;
};
struct LayerShapes {
  std::vector<int64_t> depthwise, weight, bias;
};

struct NetworkWeights {
  NetworkSpec spec;
  std::vector<LayerWeights> layers;  // spec.layers.size() + 1, the last one gives the logits
};

// Of NetworkWeights::layers.
std::vector<LayerShapes> WeightShapes(const NetworkSpec& spec);

// Of one image, in convolutions and dense layers.
int64_t MultiplyAdds(const NetworkSpec& spec);

// Numbers in the weights and biases.
int64_t ParameterCount(const NetworkSpec& spec);

}  // namespace insitu
