// ONNX files made by code, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/network/tensor.h"

namespace insitu {

// A TensorProto as an attribute's value.
struct TensorBytes {
  std::string proto;
};

using AttributeValue = std::variant<int64_t, float, std::string, std::vector<int64_t>,
                                    std::vector<float>, TensorBytes>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

// A TensorProto of the float16 numbers nearest to the data, as raw bytes.
std::string HalfTensorProto(const std::string& name, const Shape& shape,
                            const std::vector<float>& data);

// A ModelProto, part by part; Bytes() may be called at any time.
class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 17) : opset_(opset) {}

  // A dimension of -1 is written as an open one, "N".
  ModelBuilder& Input(const std::string& name, const Shape& shape, int element_type = 1);
  ModelBuilder& Output(const std::string& name);
  ModelBuilder& Floats(const std::string& name, const Shape& shape, const std::vector<float>& data);
  // The float16 numbers nearest to the data, as raw bytes.
  ModelBuilder& Halves(const std::string& name, const Shape& shape, const std::vector<float>& data);
  ModelBuilder& Ints(const std::string& name, const std::vector<int64_t>& data);
  // int32 zeros, as the bytes that fill the shape.
  ModelBuilder& WholeNumbers(const std::string& name, const Shape& shape);
  // An initializer as raw TensorProto fields, for what the others do not write.
  ModelBuilder& RawInitializer(const std::string& tensor_proto);
  ModelBuilder& Node(const std::string& op_type, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs,
                     const std::vector<Attribute>& attributes = {}, const std::string& domain = "");
  ModelBuilder& Metadata(const std::string& key, const std::string& value);

  std::vector<uint8_t> Bytes() const;

 private:
  int64_t opset_;
  std::string graph_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

// Reproducible numbers in [-1, 1).
std::vector<float> TestNumbers(size_t count, uint32_t seed);

// What MakeClassifierModel's result may differ in.
struct ClassifierModelOptions {
  int side = 8;  // of the square input
  int channels = 3;
  int padding = 0;  // of its convolution
  std::string fit = "crop";
  double temperature = 1;
  double threshold = 0.5;
  bool logits = false;  // without the softmax at the end
  float known_answer_offset = 0;
  float last_bias = 0;  // of the positive label
  uint32_t weights_seed = 0;
  Shape input_shape = {};  // of the graph, when not {-1, channels, side, side}
  std::vector<std::pair<std::string, std::string>> metadata = {};  // added or replaced; "" removes
};

// A small whole model: convolution, pooling, dense layer, softmax, metadata, known answer,
// checksum.
std::vector<uint8_t> MakeClassifierModel(const ClassifierModelOptions& options = {});

}  // namespace insitu
