#include "model/onnx_writer.h"

#include <bit>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "model/onnx_fields.h"
#include "shared/float16.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using protozero::pbf_writer;

constexpr int64_t kOnnxIrVersion = 8;
constexpr int64_t kOpset = 17;

using Shape = std::vector<int64_t>;
using Names = std::vector<std::string_view>;

struct Attribute {
  std::string_view name;
  Shape values;
  bool is_list = false;
};

template <typename Number>
void AppendLittleEndian(Number number, std::string* out) {
  for (size_t byte = 0; byte < sizeof(Number); ++byte) {
    out->push_back(static_cast<char>((number >> (8 * byte)) & 0xff));
  }
}

void WriteNode(pbf_writer* graph, std::string_view op, const Names& inputs, std::string_view output,
               const std::vector<Attribute>& attributes = {}) {
  pbf_writer node(*graph, kNode);
  for (const std::string_view input : inputs) node.add_string(kNodeInput, std::string(input));
  node.add_string(kNodeOutput, std::string(output));
  node.add_string(kNodeName, StrCat("make_", output));
  node.add_string(kOpType, std::string(op));
  for (const Attribute& attribute : attributes) {
    pbf_writer writer(node, kAttribute);
    writer.add_string(kAttributeName, std::string(attribute.name));
    for (const int64_t value : attribute.values) {
      writer.add_int64(attribute.is_list ? kIntegers : kInteger, value);
    }
    writer.add_enum(kAttributeType, attribute.is_list ? kTypeIntegers : kTypeInteger);
  }
}

void WriteTensor(pbf_writer* graph, std::string_view name, const Shape& shape, ElementType type,
                 const std::vector<float>& values) {
  std::string raw;
  for (const float value : values) {
    if (type == kFloat16) {
      AppendLittleEndian(HalfFromFloat(value), &raw);
    } else {
      AppendLittleEndian(std::bit_cast<uint32_t>(value), &raw);
    }
  }
  pbf_writer tensor(*graph, kInitializer);
  for (const int64_t dimension : shape) tensor.add_int64(kDims, dimension);
  tensor.add_int32(kDataType, type);
  tensor.add_string(kTensorName, std::string(name));
  tensor.add_bytes(kRawData, raw);
}

void WriteIntegers(pbf_writer* graph, std::string_view name, const Shape& values) {
  std::string raw;
  for (const int64_t value : values) AppendLittleEndian(std::bit_cast<uint64_t>(value), &raw);
  pbf_writer tensor(*graph, kInitializer);
  tensor.add_int64(kDims, static_cast<int64_t>(values.size()));
  tensor.add_int32(kDataType, kInt64);
  tensor.add_string(kTensorName, std::string(name));
  tensor.add_bytes(kRawData, raw);
}

// Stored as float16 under another name; the Cast gives the name that the layers use.
void WriteWeight(pbf_writer* graph, std::string_view name, const Shape& shape,
                 const std::vector<float>& values) {
  const std::string stored = StrCat(name, ".float16");
  WriteTensor(graph, stored, shape, kFloat16, values);
  WriteNode(graph, "Cast", {stored}, name, {{"to", {kFloat}}});
}

// dimensions: 0 stands for the batch's N.
void WriteValueInfo(pbf_writer* graph, GraphField field, std::string_view name,
                    const Shape& dimensions) {
  enum { kValueName = 1, kType = 2, kTensorType = 1, kElement = 1, kShape = 2, kDimension = 1 };
  enum { kDimValue = 1, kDimParam = 2 };
  pbf_writer value(*graph, field);
  value.add_string(kValueName, std::string(name));
  pbf_writer type(value, kType);
  pbf_writer tensor(type, kTensorType);
  tensor.add_int32(kElement, kFloat);
  pbf_writer shape(tensor, kShape);
  for (const int64_t dimension : dimensions) {
    pbf_writer writer(shape, kDimension);
    if (dimension == 0) {
      writer.add_string(kDimParam, "N");
    } else {
      writer.add_int64(kDimValue, dimension);
    }
  }
}

Attribute Window(std::string_view name, int64_t value, size_t count = 2) {
  return {name, Shape(count, value), true};
}

// Writes the layers one after the other; each takes what the one before gave.
class LayerWriter {
 public:
  LayerWriter(pbf_writer* graph, const NetworkWeights& weights)
      : graph_(graph), weights_(weights), shapes_(WeightShapes(weights.spec)) {}

  void Write() {
    const std::vector<LayerSpec>& layers = weights_.spec.layers;
    const std::vector<Extent> extents = Extents(weights_.spec);
    bool flat = false;
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerSpec& layer = layers[i];
      name_ = StrCat("layer", i + 1);
      if (layer.kind == LayerKind::kDense && !std::exchange(flat, true)) Flatten();
      if (layer.convolves()) Convolution(i, extents[i].channels);
      if (layer.kind == LayerKind::kMaxPool) MaxPool(layer.side);
      if (layer.kind == LayerKind::kGlobalAveragePool) Node("GlobalAveragePool", {at_}, "mean");
      if (layer.kind == LayerKind::kDense) {
        Dense(i);
        Node("Relu", {at_}, "relu");
      }
      if (layer.dropout > 0) Dropout(layer.dropout);
    }
    name_ = "logits";
    if (!flat) Flatten();
    Dense(layers.size());
    WriteNode(graph_, "Softmax", {at_}, "probabilities", {{"axis", {1}}});
  }

 private:
  // Its output is NAME.what, the next one's input.
  void Node(std::string_view op, const std::vector<std::string>& inputs, std::string_view what,
            const std::vector<Attribute>& attributes = {}) {
    const std::string output = StrCat(name_, ".", what);
    WriteNode(graph_, op, Names(inputs.begin(), inputs.end()), output, attributes);
    at_ = output;
  }

  std::string Weight(std::string_view what, const Shape& shape, const std::vector<float>& values) {
    const std::string name = StrCat(name_, ".", what);
    WriteWeight(graph_, name, shape, values);
    return name;
  }

  std::string Bias(size_t i) {
    const std::string name = StrCat(name_, ".bias");
    WriteTensor(graph_, name, shapes_[i].bias, kFloat, weights_.layers[i].bias);
    return name;
  }

  void Convolution(size_t i, int channels) {
    const LayerSpec& layer = weights_.spec.layers[i];
    const LayerWeights& w = weights_.layers[i];
    const std::string from = at_;
    std::vector<Attribute> window = {Window("kernel_shape", layer.side)};
    if (layer.stride > 1) window.push_back(Window("strides", layer.stride));
    if (layer.padding > 0) window.push_back(Window("pads", layer.padding, 4));
    if (layer.kind == LayerKind::kSeparable) {
      window.push_back({"group", {channels}});
      Node("Conv", {at_, Weight("depthwise", shapes_[i].depthwise, w.depthwise)}, "channels",
           window);
      window = {Window("kernel_shape", 1)};
    }
    const std::string weight = Weight("weight", shapes_[i].weight, w.weight);
    Node("Conv", {at_, weight, Bias(i)}, "convolution", window);
    if (layer.residual) Add(from, layer.rim());
    Node("Relu", {at_}, "relu");
    if (layer.pool > 1) MaxPool(layer.pool);
  }

  // The layer's input without its rim is added.
  void Add(std::string from, int64_t rim) {
    const std::string convolved = at_;
    if (rim > 0) {
      at_ = from;
      Node("Slice",
           {at_, Integers("starts", {rim, rim}), Integers("ends", {-rim, -rim}),
            Integers("axes", {2, 3})},
           "inner");
      from = at_;
    }
    Node("Add", {convolved, from}, "sum");
  }

  std::string Integers(std::string_view what, const Shape& values) {
    const std::string name = StrCat(name_, ".", what);
    WriteIntegers(graph_, name, values);
    return name;
  }

  void MaxPool(int side) {
    Node("MaxPool", {at_}, "pool", {Window("kernel_shape", side), Window("strides", side)});
  }

  void Flatten() { Node("Flatten", {at_}, "flat", {{"axis", {1}}}); }

  void Dense(size_t i) {
    const std::string weight = Weight("weight", shapes_[i].weight, weights_.layers[i].weight);
    Node("Gemm", {at_, weight, Bias(i)}, "dense", {{"transB", {1}}});
  }

  void Dropout(double ratio) {
    const std::string name = StrCat(name_, ".ratio");
    WriteTensor(graph_, name, {}, kFloat, {static_cast<float>(ratio)});
    Node("Dropout", {at_, name}, "dropout");
  }

  pbf_writer* graph_;
  const NetworkWeights& weights_;
  const std::vector<LayerShapes> shapes_;
  std::string name_;          // of the layer
  std::string at_ = "image";  // what the next node reads
};

void WriteMetadata(pbf_writer* model, std::string_view key, std::string_view value) {
  pbf_writer entry(*model, kMetadata);
  entry.add_string(kEntryKey, std::string(key));
  entry.add_string(kEntryValue, std::string(value));
}

}  // namespace

NetworkWeights AsStored(const NetworkWeights& weights) {
  NetworkWeights stored = weights;
  for (LayerWeights& layer : stored.layers) {
    for (auto* values : {&layer.depthwise, &layer.weight}) {
      for (float& value : *values) value = FloatFromHalf(HalfFromFloat(value));
    }
  }
  return stored;
}

std::vector<uint8_t> OnnxFile(const NetworkWeights& weights, const Metadata& metadata) {
  const NetworkSpec& spec = weights.spec;
  std::string file;
  pbf_writer model(file);
  model.add_int64(kIrVersion, kOnnxIrVersion);
  model.add_string(kProducer, "insitu-train");
  {
    pbf_writer opset(model, kOpsetImport);
    opset.add_int64(2, kOpset);
  }
  {
    pbf_writer graph(model, kGraph);
    LayerWriter(&graph, weights).Write();
    graph.add_string(kGraphName, "network");
    WriteValueInfo(&graph, kInput, "image", {0, spec.channels, spec.side, spec.side});
    WriteValueInfo(&graph, kOutput, "probabilities", {0, spec.labels});
  }
  for (const auto& [key, value] : metadata) WriteMetadata(&model, key, value);
  // The digits are the last bytes of the file.
  WriteMetadata(&model, kSelfSha256Key, std::string(kSha256Digits, '0'));
  std::vector<uint8_t> bytes(file.begin(), file.end());
  const std::string digits = HexDigits(Sha256(bytes));
  std::copy(digits.begin(), digits.end(), bytes.end() - kSha256Digits);
  return bytes;
}

}  // namespace insitu
