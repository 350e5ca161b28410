#include "shared/network/onnx.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <cstring>
#include <protozero/pbf_writer.hpp>

#include "shared/limits.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

ModelBuilder Adder(int64_t opset = 17) {
  ModelBuilder model(opset);
  model.Input("x", {-1, 2}).Output("y").Floats("c", {2}, {1, 2}).Node("Add", {"x", "c"}, {"y"});
  return model;
}

// IEEE 754 binary16 by its definition, one field at a time.
float HalfByDefinition(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

bool SameFloat(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

std::string HalfTensor(bool raw) {
  std::string bytes;
  protozero::pbf_writer tensor(bytes);
  tensor.add_int64(1, 65536);
  tensor.add_int32(2, 10);
  tensor.add_string(8, "halves");
  if (raw) {
    std::string data;
    for (int i = 0; i < 65536; ++i) {
      data += static_cast<char>(i & 255);
      data += static_cast<char>(i >> 8);
    }
    tensor.add_bytes(9, data);
  } else {
    std::vector<int32_t> data(65536);
    for (int i = 0; i < 65536; ++i) data[static_cast<size_t>(i)] = i;
    tensor.add_packed_int32(5, data.begin(), data.end());
  }
  return bytes;
}

std::string TensorOfRank(int rank) {
  std::string bytes;
  protozero::pbf_writer tensor(bytes);
  for (int i = 0; i < rank; ++i) tensor.add_int64(1, 1);
  tensor.add_int32(2, 1);
  tensor.add_string(8, "t");
  tensor.add_float(4, 1.5F);
  return bytes;
}

TEST_CASE("A model's nodes, initializers, inputs and metadata are read", "[onnx]") {
  const auto model = ReadOnnx(Adder().Metadata("k", "v").Bytes());
  REQUIRE(model.ok());
  CHECK(model.value().opset == 17);
  REQUIRE(model.value().nodes.size() == 1);
  CHECK(model.value().nodes[0].op_type == "Add");
  CHECK(model.value().FindInitializer("c")->floats == std::vector<float>{1, 2});
  REQUIRE(model.value().inputs.size() == 1);
  CHECK(model.value().inputs[0].shape == Shape{-1, 2});
  CHECK(model.value().metadata == std::vector<std::pair<std::string, std::string>>{{"k", "v"}});
}

TEST_CASE("Every float16 is read exactly, from raw data and from int32 data", "[onnx]") {
  for (bool raw : {true, false}) {
    const auto model = ReadOnnx(Adder().RawInitializer(HalfTensor(raw)).Bytes());
    REQUIRE(model.ok());
    const auto& floats = model.value().FindInitializer("halves")->floats;
    REQUIRE(floats.size() == 65536);
    int wrong = 0;
    for (size_t i = 0; i < floats.size(); ++i) {
      if (!SameFloat(floats[i], HalfByDefinition(static_cast<uint16_t>(i)))) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("A model cut short anywhere is refused or still whole, never read past its end",
          "[onnx]") {
  const std::vector<uint8_t> whole = MakeClassifierModel();
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(),
                                   whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto model = ReadOnnx(cut);
    if (!model.ok()) CHECK_FALSE(model.error().message.empty());
  }
  CHECK_FALSE(ReadOnnx(std::vector<uint8_t>(whole.begin(), whole.begin() + 100)).ok());
}

TEST_CASE("Bytes that are not a model are refused as corrupt", "[onnx]") {
  const std::string text = "This is a text file, not a model.";
  const auto model = ReadOnnx(std::vector<uint8_t>(text.begin(), text.end()));
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kModelCorrupt);
  CHECK(ReadOnnx({}).error().code == ErrorCode::kModelCorrupt);
}

TEST_CASE("A field of the wrong wire type is refused as corrupt", "[onnx]") {
  std::string bytes;
  protozero::pbf_writer model(bytes);
  model.add_string(1, "the version is a text");
  const auto read = ReadOnnx(std::vector<uint8_t>(bytes.begin(), bytes.end()));
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == ErrorCode::kModelCorrupt);
}

TEST_CASE("Operator sets outside the known range are refused by number", "[onnx]") {
  CHECK(ReadOnnx(Adder(kMinOpset).Bytes()).ok());
  CHECK(ReadOnnx(Adder(kMaxOpset).Bytes()).ok());
  for (int64_t opset : {kMinOpset - 1, kMaxOpset + 1}) {
    const auto model = ReadOnnx(Adder(opset).Bytes());
    REQUIRE_FALSE(model.ok());
    CHECK(model.error().code == ErrorCode::kModelUnsupported);
    CHECK(model.error().message.find(std::to_string(opset)) != std::string::npos);
  }
}

TEST_CASE("A tensor may have as many dimensions as the limit and not one more", "[onnx]") {
  CHECK(ReadOnnx(Adder().RawInitializer(TensorOfRank(kMaxTensorRank)).Bytes()).ok());
  const auto model = ReadOnnx(Adder().RawInitializer(TensorOfRank(kMaxTensorRank + 1)).Bytes());
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().message.find("'t'") != std::string::npos);
}

TEST_CASE("A graph may have as many nodes as the limit and not one more", "[onnx]") {
  ModelBuilder model;
  model.Input("x", {1}).Output("x");
  for (size_t i = 0; i < kMaxGraphNodes; ++i) model.Node("Relu", {"x"}, {"y"});
  CHECK(ReadOnnx(model.Bytes()).ok());
  model.Node("Relu", {"x"}, {"y"});
  const auto read = ReadOnnx(model.Bytes());
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A tensor that claims more elements than the limit takes no memory", "[onnx]") {
  std::string bytes;
  protozero::pbf_writer tensor(bytes);
  tensor.add_int64(1, kMaxTensorElements + 1);
  tensor.add_int32(2, 1);
  tensor.add_string(8, "huge");
  const auto model = ReadOnnx(Adder().RawInitializer(bytes).Bytes());
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A tensor whose data do not fill its shape is refused by name", "[onnx]") {
  const auto model = ReadOnnx(Adder().Floats("short", {3}, {1, 2}).Bytes());
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kModelCorrupt);
  CHECK(model.error().message.find("'short'") != std::string::npos);
}

TEST_CASE("Data kept in another file are refused with what to do", "[onnx]") {
  std::string bytes;
  protozero::pbf_writer tensor(bytes);
  tensor.add_int64(1, 1);
  tensor.add_int32(2, 1);
  tensor.add_string(8, "elsewhere");
  tensor.add_enum(14, 1);
  const auto model = ReadOnnx(Adder().RawInitializer(bytes).Bytes());
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().message.find("one file") != std::string::npos);
}

}  // namespace
}  // namespace insitu
