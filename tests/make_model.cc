#include "tests/make_model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <protozero/pbf_writer.hpp>

#include "shared/float16.h"
#include "shared/model_info.h"
#include "shared/network/network.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

using protozero::pbf_writer;

std::string TensorProto(const std::string& name, const Shape& shape, int type,
                        const std::string& raw) {
  std::string bytes;
  pbf_writer tensor(bytes);
  for (int64_t dim : shape) tensor.add_int64(1, dim);
  tensor.add_int32(2, type);
  tensor.add_string(8, name);
  tensor.add_bytes(9, raw);
  return bytes;
}

template <typename T>
std::string RawBytes(const std::vector<T>& data) {
  return {reinterpret_cast<const char*>(data.data()), data.size() * sizeof(T)};
}

std::string AttributeProto(const Attribute& attribute) {
  std::string bytes;
  pbf_writer writer(bytes);
  writer.add_string(1, attribute.name);
  const AttributeValue& value = attribute.value;
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    writer.add_int64(3, *integer);
    writer.add_enum(20, 2);
  } else if (const auto* number = std::get_if<float>(&value)) {
    writer.add_float(2, *number);
    writer.add_enum(20, 1);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    writer.add_bytes(4, *text);
    writer.add_enum(20, 3);
  } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
    for (int64_t v : *integers) writer.add_int64(8, v);
    writer.add_enum(20, 7);
  } else if (const auto* tensor = std::get_if<TensorBytes>(&value)) {
    writer.add_message(5, tensor->proto);
    writer.add_enum(20, 4);
  } else {
    for (float v : std::get<std::vector<float>>(value)) writer.add_float(7, v);
    writer.add_enum(20, 6);
  }
  return bytes;
}

std::string ValueInfoProto(const std::string& name, const Shape& shape, int element_type) {
  std::string bytes;
  pbf_writer info(bytes);
  info.add_string(1, name);
  pbf_writer type(info, 2);
  pbf_writer tensor(type, 1);
  tensor.add_int32(1, element_type);
  pbf_writer dims(tensor, 2);
  for (int64_t dim : shape) {
    pbf_writer dimension(dims, 1);
    if (dim < 0) {
      dimension.add_string(2, "N");
    } else {
      dimension.add_int64(1, dim);
    }
  }
  return bytes;
}

std::string Number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

void Set(Entries* entries, const std::string& key, const std::string& value) {
  const auto same = [&key](const auto& entry) { return entry.first == key; };
  std::erase_if(*entries, same);
  if (!value.empty()) entries->emplace_back(key, value);
}

// conv 3x3 (channels -> 4) + Relu + max pool 2 + flatten + dense 2 (+ softmax)
ModelBuilder ClassifierGraph(const ClassifierModelOptions& options) {
  const int64_t side = options.side;
  const int64_t channels = options.channels;
  const int64_t padding = options.padding;
  const int64_t pooled = (side - 2 + 2 * padding) / 2;
  Shape input = options.input_shape;
  if (input.empty()) input = {-1, channels, side, side};
  ModelBuilder model;
  model.Input("image", input)
      .Output("answer")
      .Floats("w1", {4, channels, 3, 3},
              TestNumbers(static_cast<size_t>(4 * channels * 9), 1 + 2 * options.weights_seed))
      .Floats("b1", {4}, {0.1F, -0.1F, 0.2F, 0})
      .Floats("w2", {2, 4 * pooled * pooled},
              TestNumbers(static_cast<size_t>(8 * pooled * pooled), 2 + 2 * options.weights_seed))
      .Floats("b2", {2}, {0, options.last_bias})
      .Node("Conv", {"image", "w1", "b1"}, {"c"},
            {{"kernel_shape", std::vector<int64_t>{3, 3}},
             {"pads", std::vector<int64_t>(4, padding)}})
      .Node("Relu", {"c"}, {"r"})
      .Node("MaxPool", {"r"}, {"p"},
            {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}})
      .Node("Flatten", {"p"}, {"f"})
      .Node("Gemm", {"f", "w2", "b2"}, {options.logits ? "answer" : "l"}, {{"transB", int64_t{1}}});
  if (!options.logits) model.Node("Softmax", {"l"}, {"answer"}, {{"axis", int64_t{-1}}});
  return model;
}

// The calibrated answer on the known image, worked out beside the classifier.
std::vector<double> Answer(const ClassifierModelOptions& options) {
  auto onnx = ReadOnnx(ClassifierGraph(options).Bytes());
  auto network = Network::Create(std::move(onnx.value()), PlanOptions::ForImages());
  if (!network.ok()) return {0.5, 0.5};
  InputSpec spec;
  spec.width = spec.height = options.side;
  spec.channels = options.channels;
  spec.mean = {0.5F, 0.5F, 0.5F};
  spec.std = {0.25F, 0.25F, 0.25F};
  const auto side = static_cast<size_t>(options.side);
  std::vector<float> tensor(side * side * static_cast<size_t>(options.channels));
  const Image image = KnownAnswerImage(options.side, options.side, options.channels);
  if (!Preprocess(image, spec, tensor).ok()) std::abort();
  std::vector<float> output(2);
  if (!network.value().Run(1, tensor, output).ok()) return {0.5, 0.5};  // not one image
  double weights[2];
  for (size_t i = 0; i < 2; ++i) {
    const double logit = options.logits ? output[i] : std::log(static_cast<double>(output[i]));
    weights[i] = std::exp(logit / options.temperature);
  }
  return {weights[0] / (weights[0] + weights[1]), weights[1] / (weights[0] + weights[1])};
}

}  // namespace

ModelBuilder& ModelBuilder::Input(const std::string& name, const Shape& shape, int element_type) {
  pbf_writer(graph_).add_message(11, ValueInfoProto(name, shape, element_type));
  return *this;
}

ModelBuilder& ModelBuilder::Output(const std::string& name) {
  pbf_writer(graph_).add_message(12, ValueInfoProto(name, {}, 1));
  return *this;
}

ModelBuilder& ModelBuilder::Floats(const std::string& name, const Shape& shape,
                                   const std::vector<float>& data) {
  return RawInitializer(TensorProto(name, shape, 1, RawBytes(data)));
}

std::string HalfTensorProto(const std::string& name, const Shape& shape,
                            const std::vector<float>& data) {
  std::string raw;
  for (const float value : data) {
    const uint16_t half = HalfFromFloat(value);
    raw += static_cast<char>(half & 0xff);
    raw += static_cast<char>(half >> 8);
  }
  return TensorProto(name, shape, 10, raw);
}

ModelBuilder& ModelBuilder::Halves(const std::string& name, const Shape& shape,
                                   const std::vector<float>& data) {
  return RawInitializer(HalfTensorProto(name, shape, data));
}

ModelBuilder& ModelBuilder::Ints(const std::string& name, const std::vector<int64_t>& data) {
  return RawInitializer(TensorProto(name, {static_cast<int64_t>(data.size())}, 7, RawBytes(data)));
}

ModelBuilder& ModelBuilder::WholeNumbers(const std::string& name, const Shape& shape) {
  const std::vector<int32_t> zeros(static_cast<size_t>(ElementCount(shape)));
  return RawInitializer(TensorProto(name, shape, 6, RawBytes(zeros)));
}

ModelBuilder& ModelBuilder::RawInitializer(const std::string& tensor_proto) {
  pbf_writer(graph_).add_message(5, tensor_proto);
  return *this;
}

ModelBuilder& ModelBuilder::Node(const std::string& op_type, const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs,
                                 const std::vector<Attribute>& attributes,
                                 const std::string& domain) {
  std::string bytes;
  pbf_writer node(bytes);
  for (const std::string& input : inputs) node.add_string(1, input);
  for (const std::string& output : outputs) node.add_string(2, output);
  node.add_string(3, op_type + "_of_" + (outputs.empty() ? "nothing" : outputs[0]));
  node.add_string(4, op_type);
  for (const Attribute& attribute : attributes) node.add_message(5, AttributeProto(attribute));
  node.add_string(7, domain);
  pbf_writer(graph_).add_message(1, bytes);
  return *this;
}

ModelBuilder& ModelBuilder::Metadata(const std::string& key, const std::string& value) {
  metadata_.emplace_back(key, value);
  return *this;
}

std::vector<uint8_t> ModelBuilder::Bytes() const {
  std::string bytes;
  pbf_writer model(bytes);
  model.add_int64(1, 8);
  model.add_message(7, graph_);
  {
    pbf_writer opset(model, 8);
    opset.add_int64(2, opset_);
  }
  for (const auto& [key, value] : metadata_) {
    pbf_writer entry(model, 14);
    entry.add_string(1, key);
    entry.add_string(2, value);
  }
  return {bytes.begin(), bytes.end()};
}

std::vector<float> TestNumbers(size_t count, uint32_t seed) {
  std::vector<float> numbers(count);
  uint32_t state = seed * 2654435761U + 1;
  for (float& number : numbers) {
    state = state * 1664525U + 1013904223U;
    number = static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1;
  }
  return numbers;
}

std::vector<uint8_t> MakeClassifierModel(const ClassifierModelOptions& options) {
  const std::vector<double> answer = Answer(options);
  const std::string numbers = options.channels == 1 ? "0.5" : "0.5,0.5,0.5";
  Entries entries = {
      {"insitu.id", "test"},
      {"insitu.version", "1.2.3"},
      {"insitu.kind", "histology"},
      {"insitu.labels", "no IDC,IDC"},
      {"insitu.positive", "IDC"},
      {"insitu.verdict.positive", "IDC detected"},
      {"insitu.verdict.negative", "no IDC detected in this patch"},
      {"insitu.um_per_pixel", "4"},
      {"insitu.fit", options.fit},
      {"insitu.mean", numbers},
      {"insitu.std", options.channels == 1 ? "0.25" : "0.25,0.25,0.25"},
      {"insitu.output", options.logits ? "logits" : "probabilities"},
      {"insitu.temperature", Number(options.temperature)},
      {"insitu.threshold", Number(options.threshold)},
      {"insitu.threshold.sensitivity", "0.8"},
      {"insitu.threshold.specificity", "0.9"},
      {"insitu.training.data", "none: made by a test"},
      {"insitu.training.commit", "none"},
      {"insitu.known_answer",
       Number(answer[0] - static_cast<double>(options.known_answer_offset)) + "," +
           Number(answer[1] + static_cast<double>(options.known_answer_offset))},
  };
  for (const auto& [key, value] : options.metadata) Set(&entries, key, value);
  ModelBuilder model = ClassifierGraph(options);
  for (const auto& [key, value] : entries) model.Metadata(key, value);
  const std::string zeros(64, '0');
  model.Metadata("insitu.self_sha256", zeros);
  std::vector<uint8_t> bytes = model.Bytes();
  const std::string digits = HexDigits(Sha256(bytes));
  const auto at = std::find_end(bytes.begin(), bytes.end(), zeros.begin(), zeros.end());
  std::copy(digits.begin(), digits.end(), at);
  return bytes;
}

}  // namespace insitu
