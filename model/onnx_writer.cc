#include "model/onnx_writer.h"

#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "model/float16.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using protozero::pbf_writer;

// Field numbers of onnx.proto.
enum ModelField { kIrVersion = 1, kProducer = 2, kGraph = 7, kOpsetImport = 8, kMetadata = 14 };
enum GraphField { kNode = 1, kGraphName = 2, kInitializer = 5, kInput = 11, kOutput = 12 };
enum NodeField { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kOpType = 4, kAttribute = 5 };
enum AttributeField { kAttributeName = 1, kInteger = 3, kIntegers = 8, kAttributeType = 20 };
enum AttributeType { kTypeInteger = 2, kTypeIntegers = 7 };
enum TensorField { kDims = 1, kDataType = 2, kTensorName = 8, kRawData = 9 };
enum DataType { kFloat = 1, kFloat16 = 10 };

constexpr int64_t kOnnxIrVersion = 8;
constexpr int64_t kOpset = 17;
constexpr std::string_view kSelfKey = "insitu.self_sha256";
constexpr size_t kDigestDigits = 64;

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

void WriteTensor(pbf_writer* graph, std::string_view name, const Shape& shape, DataType type,
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

void WriteWeights(pbf_writer* graph, const SeedWeights& w) {
  const SeedShape& s = w.shape;
  WriteWeight(graph, "conv1.weight", {s.conv1_filters, kSeedChannels, s.conv1_side, s.conv1_side},
              w.conv1);
  WriteWeight(graph, "conv2.weight", {s.conv2_filters, s.conv1_filters, s.conv2_side, s.conv2_side},
              w.conv2);
  WriteWeight(graph, "dense1.weight", {s.dense, s.features()}, w.dense1);
  WriteWeight(graph, "dense2.weight", {kSeedLabels, s.dense}, w.dense2);
  WriteTensor(graph, "conv1.bias", {s.conv1_filters}, kFloat, w.conv1_bias);
  WriteTensor(graph, "conv2.bias", {s.conv2_filters}, kFloat, w.conv2_bias);
  WriteTensor(graph, "dense1.bias", {s.dense}, kFloat, w.dense1_bias);
  WriteTensor(graph, "dense2.bias", {kSeedLabels}, kFloat, w.dense2_bias);
  WriteTensor(graph, "dropout.ratio", {}, kFloat, {0.5f});
}

std::vector<Attribute> Kernel(int64_t side) { return {{"kernel_shape", {side, side}, true}}; }

std::vector<Attribute> Pool(int64_t side) {
  return {{"kernel_shape", {side, side}, true}, {"strides", {side, side}, true}};
}

void WriteLayers(pbf_writer* graph, const SeedShape& s) {
  WriteNode(graph, "Conv", {"image", "conv1.weight", "conv1.bias"}, "conv1", Kernel(s.conv1_side));
  WriteNode(graph, "Relu", {"conv1"}, "relu1");
  WriteNode(graph, "MaxPool", {"relu1"}, "pool1", Pool(s.pool1));
  WriteNode(graph, "Conv", {"pool1", "conv2.weight", "conv2.bias"}, "conv2", Kernel(s.conv2_side));
  WriteNode(graph, "Relu", {"conv2"}, "relu2");
  WriteNode(graph, "MaxPool", {"relu2"}, "pool2", Pool(s.pool2));
  WriteNode(graph, "Flatten", {"pool2"}, "features", {{"axis", {1}}});
  WriteNode(graph, "Gemm", {"features", "dense1.weight", "dense1.bias"}, "dense1",
            {{"transB", {1}}});
  WriteNode(graph, "Relu", {"dense1"}, "relu3");
  WriteNode(graph, "Dropout", {"relu3", "dropout.ratio"}, "dropout");
  WriteNode(graph, "Gemm", {"dropout", "dense2.weight", "dense2.bias"}, "dense2",
            {{"transB", {1}}});
  WriteNode(graph, "Softmax", {"dense2"}, "probabilities", {{"axis", {1}}});
}

void WriteMetadata(pbf_writer* model, std::string_view key, std::string_view value) {
  pbf_writer entry(*model, kMetadata);
  entry.add_string(1, std::string(key));
  entry.add_string(2, std::string(value));
}

}  // namespace

SeedWeights AsStored(const SeedWeights& weights) {
  SeedWeights stored = weights;
  for (auto* values : {&stored.conv1, &stored.conv2, &stored.dense1, &stored.dense2}) {
    for (float& value : *values) value = FloatFromHalf(HalfFromFloat(value));
  }
  return stored;
}

std::vector<uint8_t> SeedOnnx(const SeedWeights& weights, const Metadata& metadata) {
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
    WriteWeights(&graph, weights);
    WriteLayers(&graph, weights.shape);
    graph.add_string(kGraphName, "seed");
    WriteValueInfo(&graph, kInput, "image", {0, kSeedChannels, kSeedSide, kSeedSide});
    WriteValueInfo(&graph, kOutput, "probabilities", {0, kSeedLabels});
  }
  for (const auto& [key, value] : metadata) WriteMetadata(&model, key, value);
  // The digits are the last bytes of the file.
  WriteMetadata(&model, kSelfKey, std::string(kDigestDigits, '0'));
  std::vector<uint8_t> bytes(file.begin(), file.end());
  const std::string digits = HexDigits(Sha256(bytes));
  std::copy(digits.begin(), digits.end(), bytes.end() - kDigestDigits);
  return bytes;
}

}  // namespace insitu
