#include "shared/network/onnx.h"

#include <algorithm>
#include <bit>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>
#include <protozero/pbf_writer.hpp>

#include "shared/formats/pixels.h"
#include "shared/limits.h"
#include "shared/network/onnx_tensor.h"
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
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
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
  CHECK(model.value().names.text(model.value().nodes[0].op_type) == "Add");
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

TEST_CASE("float16 initializers stay in the file where it is asked for, and else become floats",
          "[onnx]") {
  const std::vector<float> numbers = {1, -2.5F, 0.125F};
  const std::vector<uint8_t> file =
      Adder().Halves("t", {3, 1}, numbers).Halves("none", {0, 3}, {}).Floats("f", {1}, {7}).Bytes();
  const auto referring = ReadOnnx(file, Halves::kRefer);
  REQUIRE(referring.ok());
  const Tensor& kept = *referring.value().FindInitializer("t");
  CHECK(kept.type == DataType::kFloat);
  CHECK(kept.shape == Shape{3, 1});
  CHECK(kept.floats.empty());
  REQUIRE(kept.halves.size() == 6);
  CHECK(kept.halves.data() >= file.data());
  CHECK(kept.halves.data() + 6 <= file.data() + file.size());
  CHECK(referring.value().FindInitializer("f")->floats == std::vector<float>{7});
  CHECK(referring.value().FindInitializer("f")->halves.empty());
  CHECK(referring.value().FindInitializer("none")->floats.empty());
  Tensor widened = kept;
  for (int twice = 0; twice < 2; ++twice) {
    Widen(&widened);
    CHECK(widened.floats == numbers);
    CHECK(widened.halves.empty());
  }

  const auto plain = ReadOnnx(file);
  REQUIRE(plain.ok());
  for (const auto& [name, tensor] : plain.value().initializers) {
    CHECK(tensor.halves.empty());
    CHECK(tensor.floats.size() == static_cast<size_t>(ElementCount(tensor.shape)));
  }
  CHECK(plain.value().FindInitializer("t")->floats == numbers);
}

TEST_CASE("float16 numbers that are no initializer's raw bytes become floats at once", "[onnx]") {
  const std::string proto = HalfTensorProto("t", {2}, {1.5F, -3});
  const auto tensor =
      ReadOnnxTensor({reinterpret_cast<const uint8_t*>(proto.data()), proto.size()});
  REQUIRE(tensor.ok());
  CHECK(tensor.value().second.floats == std::vector<float>{1.5F, -3});
  CHECK(tensor.value().second.halves.empty());

  const std::vector<uint8_t> file =
      Adder()
          .Node("Constant", {}, {"t"}, {{"value", TensorBytes{proto}}})
          .RawInitializer(HalfTensor(false))
          .Bytes();
  const auto onnx = ReadOnnx(file, Halves::kRefer);
  REQUIRE(onnx.ok());
  const Tensor& value = onnx.value().nodes[1].attributes[0].tensor;
  CHECK(value.floats == std::vector<float>{1.5F, -3});
  CHECK(value.halves.empty());
  CHECK(onnx.value().FindInitializer("halves")->floats.size() == 65536);
  CHECK(onnx.value().FindInitializer("halves")->halves.empty());
}

TEST_CASE("float16 numbers that do not fill their shape are refused however they are read",
          "[onnx]") {
  for (const size_t count : {size_t{0}, size_t{5}, size_t{7}}) {
    const std::vector<uint8_t> file =
        Adder().Halves("short", {2, 3}, std::vector<float>(count, 1)).Bytes();
    for (const Halves halves : {Halves::kWiden, Halves::kRefer}) {
      const auto onnx = ReadOnnx(file, halves);
      REQUIRE_FALSE(onnx.ok());
      CHECK(onnx.error().code == ErrorCode::kModelCorrupt);
      CHECK_THAT(onnx.error().message, Catch::Matchers::ContainsSubstring("'short'"));
    }
  }
  std::string odd = HalfTensorProto("odd", {2}, {1, 1});
  odd[odd.size() - 5] = 3;  // the length of its raw bytes
  odd.pop_back();
  CHECK(ReadOnnx(Adder().RawInitializer(odd).Bytes(), Halves::kRefer).error().code ==
        ErrorCode::kModelCorrupt);
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
  // Up to the limit what is wrong is that the elements are not there.
  const auto code = [](const Shape& shape) {
    std::string bytes;
    protozero::pbf_writer tensor(bytes);
    for (const int64_t dim : shape) tensor.add_int64(1, dim);
    tensor.add_int32(2, 1);
    tensor.add_string(8, "huge");
    const auto model = ReadOnnx(Adder().RawInitializer(bytes).Bytes());
    return model.ok() ? ErrorCode::kOk : model.error().code;
  };
  constexpr int64_t kRoot = int64_t{1} << 13;
  CHECK(code({kMaxTensorElements}) == ErrorCode::kModelCorrupt);
  CHECK(code({kMaxTensorElements + 1}) == ErrorCode::kModelUnsupported);
  CHECK(code({kRoot, kMaxTensorElements / kRoot}) == ErrorCode::kModelCorrupt);
  CHECK(code({kRoot, kMaxTensorElements / kRoot + 1}) == ErrorCode::kModelUnsupported);
  CHECK(code({kMaxTensorElements, kMaxTensorElements}) == ErrorCode::kModelUnsupported);
  CHECK(code({std::numeric_limits<int64_t>::max(), 2}) == ErrorCode::kModelUnsupported);
  CHECK(code({0, kMaxTensorElements}) == ErrorCode::kOk);
  CHECK(code({0, -1}) == ErrorCode::kModelCorrupt);
}

TEST_CASE("A model of as many bytes as the limit is read, one of more is not looked at", "[onnx]") {
  // Memory that is never touched costs nothing; a field that nobody knows spans it.
  const Memory file = AllocateMemory(kMaxModelBytes + 1);
  REQUIRE(file != nullptr);
  std::vector<uint8_t> start = Adder().Bytes();
  constexpr size_t kLengthBytes = 4;
  start.insert(start.end(), {0x82, 0x7d});  // field 2000, bytes
  const size_t length = kMaxModelBytes - start.size() - kLengthBytes;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    const size_t more = i + 1 < kLengthBytes ? 0x80 : 0;
    start.push_back(static_cast<uint8_t>((length >> (7 * i) & 0x7f) | more));
  }
  std::copy(start.begin(), start.end(), file.get());
  const auto whole = ReadOnnx({file.get(), kMaxModelBytes});
  INFO((whole.ok() ? "" : whole.error().message));
  CHECK(whole.ok());
  const auto beyond = ReadOnnx({file.get(), kMaxModelBytes + 1});
  REQUIRE_FALSE(beyond.ok());
  CHECK(beyond.error().code == ErrorCode::kModelUnsupported);
  CHECK(beyond.error().message.find("256 MiB") != std::string::npos);
}

TEST_CASE("Whole numbers of every width are read with their sign, raw and typed", "[onnx]") {
  struct Stored {
    int element_type;
    std::string raw;
    std::vector<int64_t> expected;
  };
  using namespace std::string_literals;
  const Stored kinds[] = {
      {2, "\x00\xff"s, {0, 255}},
      {3, "\x7f\x80"s, {127, -128}},
      {4, "\xff\xff\x01\x00"s, {65535, 1}},
      {5, "\xff\xff\x00\x80"s, {-1, -32768}},
      {6, "\xfe\xff\xff\xff\x01\x00\x00\x00"s, {-2, 1}},
      {7, "\xfd\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0"s, {-3, 1}},
      {9, "\x00\x01"s, {0, 1}},
      {12, "\xff\xff\xff\xff\x01\x00\x00\x00"s, {4294967295, 1}},
  };
  for (const Stored& stored : kinds) {
    for (const bool raw : {true, false}) {
      std::string bytes;
      protozero::pbf_writer tensor(bytes);
      tensor.add_int64(1, 2);
      tensor.add_int32(2, stored.element_type);
      tensor.add_string(8, "t");
      if (raw) tensor.add_bytes(9, stored.raw);
      const uint32_t typed_field = stored.element_type == 7 ? 7 : 5;
      if (!raw)
        tensor.add_packed_int64(typed_field, stored.expected.begin(), stored.expected.end());
      const auto read =
          ReadOnnxTensor({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
      INFO("element type " << stored.element_type << ", raw " << raw);
      REQUIRE(read.ok());
      CHECK(read.value().first == "t");
      CHECK(read.value().second.type == DataType::kInt64);
      CHECK(read.value().second.ints == stored.expected);
    }
  }
}

TEST_CASE("Element types that are not read are refused by number", "[onnx]") {
  for (const int element_type : {0, 8, 11, 13, 14, 15, 16, 17}) {
    std::string bytes;
    protozero::pbf_writer tensor(bytes);
    tensor.add_int64(1, 1);
    tensor.add_int32(2, element_type);
    tensor.add_string(8, "t");
    const auto model = ReadOnnx(Adder().RawInitializer(bytes).Bytes());
    REQUIRE_FALSE(model.ok());
    CHECK(model.error().code == ErrorCode::kModelUnsupported);
    CHECK(model.error().message.find("element type " + std::to_string(element_type)) !=
          std::string::npos);
  }
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
