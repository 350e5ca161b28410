#include "model/network_spec.h"

#include "shared/str_cat.h"

namespace insitu {
namespace {

int64_t Product(const std::vector<int64_t>& shape) {
  if (shape.empty()) return 0;
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

// Before the pool that belongs to the layer.
int ConvolvedSide(const LayerSpec& layer, int side) {
  const int room = side + 2 * layer.padding - layer.side;
  return room < 0 ? 0 : room / layer.stride + 1;
}

Extent After(const LayerSpec& layer, const Extent& in) {
  switch (layer.kind) {
    case LayerKind::kConvolution:
    case LayerKind::kSeparable:
      return {layer.filters, ConvolvedSide(layer, in.side) / layer.pool};
    case LayerKind::kMaxPool:
      return {in.channels, in.side / layer.side};
    case LayerKind::kGlobalAveragePool:
      return {in.channels, 1};
    case LayerKind::kDense:
      return {layer.filters, 1};
  }
  return {};
}

// Why the layer cannot follow what is there; "" when it can.
std::string LayerFault(const LayerSpec& layer, const Extent& in, bool flat) {
  if (flat && layer.kind != LayerKind::kDense) {
    return "follows a dense layer or a global average pool, after which only dense layers may come";
  }
  const Extent out = After(layer, in);
  if (out.side < 1) return "leaves no pixel to the next; make windows, strides or pools less";
  if (!layer.residual) return "";
  if (!layer.convolves() || out.channels != in.channels || layer.pool != 1) {
    return "is residual but does not give what it takes: as many filters and no pool";
  }
  if (layer.rim() < 0 || out.side != in.side - 2 * layer.rim()) {
    return "is residual, so its side has to be odd, its stride 1 and its padding no more than half "
           "the side";
  }
  return "";
}

// Why the layer is not the same for an image and its turns; "" when it is.
std::string TurnFault(const LayerSpec& layer, const Extent& in, int turns, bool first) {
  if (first && layer.kind != LayerKind::kConvolution) {
    return "is the first of a network with turns, which has to be a convolution";
  }
  if (layer.filters % turns != 0) {
    return StrCat("has ", layer.filters, " filters, which the ", turns, " turns do not divide");
  }
  int left_out = 0;  // pixels at the right and the bottom only
  if (layer.kind == LayerKind::kMaxPool) left_out = in.side % layer.side;
  if (layer.convolves()) {
    left_out = (in.side + 2 * layer.padding - layer.side) % layer.stride +
               ConvolvedSide(layer, in.side) % layer.pool;
  }
  if (left_out == 0) return "";
  return "leaves out pixels at one edge, so that turns would change the answer; choose another "
         "side, stride or padding";
}

}  // namespace

size_t NetworkSpec::input_size() const {
  return static_cast<size_t>(side) * static_cast<size_t>(side) * static_cast<size_t>(channels);
}

std::vector<Extent> Extents(const NetworkSpec& spec) {
  std::vector<Extent> extents = {{spec.channels, spec.side}};
  for (const LayerSpec& layer : spec.layers) extents.push_back(After(layer, extents.back()));
  return extents;
}

std::string NetworkFault(const NetworkSpec& spec) {
  Extent at = {spec.channels, spec.side};
  bool flat = false;
  if (spec.turns != 1 && spec.turns != 4 && spec.turns != 8) return "turns is 1, 4 or 8.";
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    std::string fault = LayerFault(layer, at, flat);
    if (fault.empty() && spec.turns > 1) fault = TurnFault(layer, at, spec.turns, i == 0);
    if (!fault.empty()) return StrCat("Layer ", i + 1, " ", fault, ".");
    flat = flat || layer.kind == LayerKind::kDense || layer.kind == LayerKind::kGlobalAveragePool;
    at = After(layer, at);
  }
  return "";
}

std::vector<LayerShapes> WeightShapes(const NetworkSpec& spec) {
  const std::vector<Extent> extents = Extents(spec);
  std::vector<LayerShapes> shapes(spec.layers.size() + 1);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const Extent& in = extents[i];
    const bool last = i == spec.layers.size();
    const LayerSpec layer = last ? LayerSpec{LayerKind::kDense, spec.labels} : spec.layers[i];
    switch (layer.kind) {
      case LayerKind::kConvolution:
        shapes[i].weight = {layer.filters, in.channels, layer.side, layer.side};
        break;
      case LayerKind::kSeparable:
        shapes[i].depthwise = {in.channels, 1, layer.side, layer.side};
        shapes[i].weight = {layer.filters, in.channels, 1, 1};
        break;
      case LayerKind::kDense:
        shapes[i].weight = {layer.filters, int64_t{in.channels} * in.side * in.side};
        break;
      case LayerKind::kMaxPool:
      case LayerKind::kGlobalAveragePool:
        continue;
    }
    shapes[i].bias = {layer.filters};
  }
  return shapes;
}

int64_t MultiplyAdds(const NetworkSpec& spec) {
  const std::vector<Extent> extents = Extents(spec);
  const std::vector<LayerShapes> shapes = WeightShapes(spec);
  int64_t sum = 0;
  for (size_t i = 0; i < shapes.size(); ++i) {
    int64_t positions = 1;  // at which the window is applied
    if (i < spec.layers.size() && spec.layers[i].convolves()) {
      const int side = ConvolvedSide(spec.layers[i], extents[i].side);
      positions = int64_t{side} * side;
    }
    sum += positions * (Product(shapes[i].depthwise) + Product(shapes[i].weight));
  }
  return sum;
}

int64_t ParameterCount(const NetworkSpec& spec) {
  int64_t sum = 0;
  for (const LayerShapes& s : WeightShapes(spec)) {
    sum += Product(s.depthwise) + Product(s.weight) + Product(s.bias);
  }
  return sum;
}

}  // namespace insitu
