// float16 initializers that stay in the model's file until somebody asks for their numbers.
#include <algorithm>
#include <bit>
#include <catch_amalgamated.hpp>
#include <memory>
#include <random>

#include "shared/network/network.h"
#include "shared/network/onnx.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

using Outputs = std::vector<std::vector<float>>;

// What the network gives for a batch of two once its file is gone.
Outputs Answer(const ModelBuilder& model, Halves halves, const PlanOptions& options) {
  auto file = std::make_unique<std::vector<uint8_t>>(model.Bytes());
  auto onnx = ReadOnnx(*file, halves);
  REQUIRE(onnx.ok());
  auto created = Network::Create(std::move(onnx.value()), options);
  INFO((created.ok() ? "" : created.error().message));
  REQUIRE(created.ok());
  file.reset();
  Network network = std::move(created.value());
  constexpr int kBatch = 2;
  const auto room = [](const auto& end) {
    return std::vector<float>(kBatch * static_cast<size_t>(ElementCount(end.shape)));
  };
  Outputs inputs;
  std::vector<std::span<const float>> from;
  for (const auto& input : network.inputs()) {
    inputs.push_back(TestNumbers(room(input).size(), 9));
    from.emplace_back(inputs.back());
  }
  Outputs outputs;
  for (const auto& output : network.outputs()) outputs.push_back(room(output));
  std::vector<std::span<float>> to(outputs.begin(), outputs.end());
  REQUIRE(network.Run(kBatch, from, to).ok());
  return outputs;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  const auto same = [](float x, float y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

// Whether the model gives the same, to the last bit, however its halves are read.
bool IsSame(const ModelBuilder& model, const PlanOptions& options = {}) {
  const Outputs widened = Answer(model, Halves::kWiden, options);
  const Outputs referred = Answer(model, Halves::kRefer, options);
  REQUIRE_FALSE(widened.empty());
  const auto has_numbers = [](const std::vector<float>& output) {
    return std::any_of(output.begin(), output.end(), [](float v) { return v != 0; });
  };
  CHECK(std::all_of(widened.begin(), widened.end(), has_numbers));
  return std::equal(widened.begin(), widened.end(), referred.begin(), referred.end(), SameBits);
}

// x: (2, 6) of an item; halves w: (6, 6), b: (6).
ModelBuilder Matrices() {
  ModelBuilder model;
  model.Input("x", {2, 6}).Output("y");
  model.Halves("w", {6, 6}, TestNumbers(36, 1)).Halves("b", {6}, TestNumbers(6, 2));
  return model;
}

// x: (1, 3, 6, 5), of which c: (1, 4, 6, 5), whose channels lie last, is made by halves k.
ModelBuilder Convolved() {
  ModelBuilder model;
  model.Input("x", {-1, 3, 6, 5}).Output("y").Halves("k", {4, 3, 3, 3}, TestNumbers(108, 1));
  model.Node("Conv", {"x", "k"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  return model;
}

TEST_CASE("A model that refers to its file and is cut short anywhere is never read past its end",
          "[planner]") {
  const std::vector<uint8_t> whole = Matrices().Node("Gemm", {"x", "w", "b"}, {"y"}).Bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(),
                                   whole.begin() + static_cast<std::ptrdiff_t>(size));
    auto onnx = ReadOnnx(cut, Halves::kRefer);
    if (onnx.ok()) (void)Network::Create(std::move(onnx.value()), {}).ok();
  }
}

TEST_CASE("A dense layer of float16 weights gives the same from the file as from floats",
          "[planner]") {
  for (const int64_t transposed : {0, 1}) {
    CHECK(IsSame(Matrices().Node("Gemm", {"x", "w"}, {"y"}, {{"transB", transposed}})));
    CHECK(IsSame(Matrices().Node("Gemm", {"x", "w", "b"}, {"y"}, {{"transB", transposed}})));
    for (const float alpha : {0.5F, -1.0F}) {
      CHECK(IsSame(Matrices().Node("Gemm", {"x", "w", "b"}, {"y"},
                                   {{"transB", transposed}, {"alpha", alpha}, {"beta", 3.0F}})));
    }
  }
  CHECK(IsSame(Matrices().Node("MatMul", {"x", "w"}, {"y"})));
  CHECK(IsSame(Matrices().Node("MatMul", {"x", "b"}, {"y"})));
  CHECK(IsSame(Matrices().Node("MatMul", {"x", "w"}, {"m"}).Node("Relu", {"m"}, {"y"})));
}

TEST_CASE("A file's weights are put in the order of a flattened value's memory", "[planner]") {
  const auto flattened = [](const Shape& shape) {
    ModelBuilder model = Convolved().Node("Flatten", {"c"}, {"f"});
    return model.Halves("w", shape, TestNumbers(360, 3));
  };
  CHECK(IsSame(flattened({120, 3}).Node("Gemm", {"f", "w"}, {"y"})));
  CHECK(IsSame(flattened({120, 3}).Node("MatMul", {"f", "w"}, {"y"}), PlanOptions::ForImages()));
  CHECK(IsSame(flattened({3, 120}).Node("Gemm", {"f", "w"}, {"y"}, {{"transB", int64_t{1}}})));
}

TEST_CASE("A product that is no dense layer reads float16 numbers as floats", "[planner]") {
  const std::vector<Attribute> transposed = {{"transA", int64_t{1}}};
  ModelBuilder square;
  square.Input("x", {6, 6}).Output("y").Halves("w", {6, 6}, TestNumbers(36, 1));
  CHECK(IsSame(square.Node("Gemm", {"x", "w"}, {"y"}, transposed)));
  CHECK(IsSame(Matrices().Halves("c", {2, 1}, {1, -1}).Node("Gemm", {"x", "w", "c"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Halves("many", {3, 6, 2}, TestNumbers(36, 4))
                   .Node("MatMul", {"x", "many"}, {"y"})));
  CHECK(IsSame(Matrices().Node("MatMul", {"w", "x2"}, {"y"}).Input("x2", {6, 3})));
}

TEST_CASE("A product of float16 constants is worked out while planning", "[planner]") {
  const auto added = [](const std::vector<std::string>& inputs,
                        const std::vector<Attribute>& attributes) {
    return Matrices()
        .Halves("a", {2, 6}, TestNumbers(12, 5))
        .Node("Gemm", inputs, {"g"}, attributes)
        .Node("Add", {"x", "g"}, {"y"});
  };
  CHECK(IsSame(added({"a", "w"}, {})));
  CHECK(IsSame(added({"a", "w", "b"}, {{"alpha", 2.0F}, {"transB", int64_t{1}}})));
  CHECK(IsSame(Matrices().Node("Gemm", {"w", "w"}, {"g"}).Node("MatMul", {"x", "g"}, {"y"})));
  CHECK(IsSame(Matrices().Node("MatMul", {"w", "w"}, {"g"}).Node("Gemm", {"x", "g"}, {"y"})));
  CHECK(IsSame(Matrices().Node("MatMul", {"w", "b"}, {"g"}).Node("Add", {"x", "g"}, {"y"})));
}

TEST_CASE("A float16 tensor serves all that read it, in any order", "[planner]") {
  const auto both = [](const std::string& first, const std::string& second) {
    ModelBuilder model = Matrices();
    model.Input("z", {6, 6}).Output("s").Output("t");
    for (const std::string& which : {first, second}) {
      if (which == "dense") model.Node("Gemm", {"x", "w"}, {"y"});
      if (which == "scaled") model.Node("Gemm", {"x", "w"}, {"t"}, {{"alpha", 0.5F}});
      if (which == "sum") model.Node("Add", {"z", "w"}, {"s"});
    }
    if (first != "dense" && second != "dense") model.Node("Relu", {"x"}, {"y"});
    if (first != "scaled" && second != "scaled") model.Node("Relu", {"x"}, {"t"});
    if (first != "sum" && second != "sum") model.Node("Relu", {"z"}, {"s"});
    return model;
  };
  for (const char* first : {"dense", "scaled", "sum"}) {
    for (const char* second : {"dense", "scaled", "sum"}) {
      if (first != second) CHECK(IsSame(both(first, second)));
    }
  }
  CHECK(IsSame(Matrices().Node("Gemm", {"x", "w"}, {"y"}).Output("w")));
  CHECK(IsSame(Matrices().Node("Gemm", {"x", "w"}, {"d"}).Node("Gemm", {"d", "w"}, {"y"})));
  CHECK(IsSame(ModelBuilder()
                   .Input("x", {3, 1})
                   .Output("y")
                   .Halves("w", {1, 5}, TestNumbers(5, 6))
                   .Node("Gemm", {"x", "w", "w"}, {"y"})));
  CHECK(
      IsSame(Matrices().Output("b").Node("Identity", {"b"}, {"i"}).Node("Add", {"x", "i"}, {"y"})));
}

TEST_CASE("Weights of float16 pass through what only renames or moves them", "[planner]") {
  const auto taken = [](ModelBuilder model) { return model.Node("Gemm", {"x", "v"}, {"y"}); };
  CHECK(IsSame(taken(Matrices().Node("Identity", {"w"}, {"v"}))));
  CHECK(IsSame(taken(Matrices().Node("Cast", {"w"}, {"v"}, {{"to", int64_t{1}}}))));
  CHECK(IsSame(taken(Matrices().Node("Transpose", {"w"}, {"v"}))));
  CHECK(IsSame(taken(Matrices()
                         .Halves("long", {4, 9}, TestNumbers(36, 7))
                         .Ints("to", {6, -1})
                         .Node("Reshape", {"long", "to"}, {"v"}))));
  CHECK(IsSame(taken(Matrices()
                         .Halves("long", {6, 2, 3}, TestNumbers(36, 7))
                         .Node("Flatten", {"long"}, {"v"})
                         .Output("long"))));
  CHECK(IsSame(taken(Matrices().Node("Relu", {"w"}, {"v"}))));
}

TEST_CASE("Every operator that reads constants reads those of float16", "[planner]") {
  CHECK(IsSame(Convolved().Node("Relu", {"c"}, {"y"})));
  CHECK(IsSame(Convolved()
                   .Halves("v", {2, 2, 1, 1}, TestNumbers(4, 2))
                   .Halves("bias", {2}, TestNumbers(2, 3))
                   .Node("Conv", {"c", "v", "bias"}, {"y"}, {{"group", int64_t{2}}})));
  const auto normalised = [](ModelBuilder model, const std::string& input) {
    return model.Halves("scale", {4}, {1, 2, 3, 4})
        .Halves("shift", {4}, {0, 1, 0.5F, 0.25F})
        .Halves("variance", {4}, {1, 2, 0.5F, 4})
        .Node("BatchNormalization", {input, "scale", "shift", "shift", "variance"}, {"y"});
  };
  CHECK(IsSame(normalised(Convolved(), "c")));
  CHECK(IsSame(normalised(Convolved().Node("Relu", {"c"}, {"r"}), "r")));
  const auto bounded = [](ModelBuilder model, const std::string& input) {
    return model.Halves("low", {}, {-0.25F})
        .Halves("high", {}, {0.5F})
        .Node("Clip", {input, "low", "high"}, {"y"});
  };
  CHECK(IsSame(bounded(Convolved(), "c")));
  CHECK(IsSame(bounded(Matrices(), "x")));
  CHECK(IsSame(bounded(Matrices().Node("Gemm", {"x", "w"}, {"d"}), "d")));
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Sum"}) {
    CHECK(IsSame(Matrices().Node(op, {"x", "b"}, {"y"})));
    CHECK(IsSame(Matrices().Node(op, {"b", "x"}, {"y"})));
    CHECK(IsSame(Matrices()
                     .Node(op, {"b", "b"}, {"s"})
                     .Node("Concat", {"s", "b", "s"}, {"t"}, {{"axis", int64_t{0}}})
                     .Node("MatMul", {"x", "w"}, {"y"})
                     .Output("t")));
  }
  CHECK(IsSame(
      Convolved().Halves("s", {4, 1, 1}, TestNumbers(4, 5)).Node("PRelu", {"c", "s"}, {"y"})));
  CHECK(IsSame(
      Convolved().Halves("s", {1, 4, 6, 5}, TestNumbers(120, 5)).Node("Mul", {"c", "s"}, {"y"}),
      PlanOptions::ForImages()));
  CHECK(IsSame(Convolved()
                   .Halves("s", {1, 2, 6, 5}, TestNumbers(60, 5))
                   .Node("Concat", {"c", "s"}, {"y"}, {{"axis", int64_t{1}}})));
  CHECK(IsSame(Matrices()
                   .Ints("at", {2, 0})
                   .Node("Gather", {"w", "at"}, {"g"})
                   .Node("Mul", {"x", "g"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Ints("from", {1})
                   .Ints("to", {3})
                   .Node("Slice", {"w", "from", "to"}, {"g"})
                   .Node("Mul", {"x", "g"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Halves("fill", {}, {3})
                   .Ints("pads", {0, 1, 1, 0})
                   .Node("Pad", {"x", "pads", "fill"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Halves("to", {2}, {3, 4})
                   .Node("Cast", {"to"}, {"i"}, {{"to", int64_t{7}}})
                   .Node("Reshape", {"x", "i"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Node("Shape", {"w"}, {"s"})
                   .Node("ConstantOfShape", {"s"}, {"zeros"})
                   .Node("Add", {"zeros", "w"}, {"v"})
                   .Node("MatMul", {"x", "v"}, {"y"})));
  const TensorBytes rows = {HalfTensorProto("t", {2, 6}, TestNumbers(12, 8))};
  CHECK(IsSame(
      Matrices().Node("Constant", {}, {"t"}, {{"value", rows}}).Node("Add", {"x", "t"}, {"y"})));
  CHECK(IsSame(Matrices().Node("Softmax", {"w"}, {"s"}).Node("MatMul", {"x", "s"}, {"y"})));
  CHECK(IsSame(Matrices()
                   .Node("ReduceMean", {"w"}, {"s"}, {{"axes", std::vector<int64_t>{0}}})
                   .Node("Add", {"x", "s"}, {"y"})));
}

TEST_CASE("float16 numbers are refused where floats would be", "[planner]") {
  const auto code = [](const ModelBuilder& model, Halves halves) {
    const std::vector<uint8_t> file = model.Bytes();
    auto onnx = ReadOnnx(file, halves);
    REQUIRE(onnx.ok());
    const auto network = Network::Create(std::move(onnx.value()), {});
    return network.ok() ? ErrorCode::kOk : network.error().code;
  };
  ModelBuilder reshaped = Matrices().Node("Reshape", {"x", "b"}, {"y"});
  ModelBuilder bounded = Matrices().Node("Clip", {"x", "b"}, {"y"});
  ModelBuilder mixed = Matrices().Ints("i", {1}).Node("Add", {"i", "b"}, {"y"});
  ModelBuilder biased = Matrices().Halves("k", {2, 2, 1, 1}, {1, 2, 3, 4}).Input("z", {1, 2, 3, 3});
  biased.Node("Conv", {"z", "k", "b"}, {"y"});
  for (const ModelBuilder& model : {reshaped, bounded, mixed, biased}) {
    CHECK(code(model, Halves::kRefer) != ErrorCode::kOk);
    CHECK(code(model, Halves::kRefer) == code(model, Halves::kWiden));
  }
}

// Nodes over square matrices, each of whose inputs is any value there is by then.
ModelBuilder RandomGraph(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&random](size_t end) { return random() % end; };
  ModelBuilder model;
  model.Input("x", {4, 4});
  std::vector<std::string> values = {"x"};
  for (uint32_t i = 0; i < 3; ++i) {
    values.push_back("w" + std::to_string(i));
    model.Halves(values.back(), {4, 4}, TestNumbers(16, 10 * seed + i));
  }
  model.Halves("low", {}, {-0.5F}).Halves("high", {}, {0.75F}).Halves("b", {4}, {1, -1, 2, 0});
  const auto any = [&] { return values[below(values.size())]; };
  const size_t nodes = 2 + below(7);
  for (size_t i = 0; i < nodes; ++i) {
    const std::string made = "v" + std::to_string(i);
    const std::string with = any();
    switch (below(8)) {
      case 0:
      case 1:
        model.Node("Gemm", {any(), with}, {made},
                   {{"transA", static_cast<int64_t>(below(4) == 0)},
                    {"transB", static_cast<int64_t>(below(2))},
                    {"alpha", below(3) == 0 ? 0.5F : 1.0F}});
        break;
      case 2:
        model.Node("Gemm", {any(), with, below(2) == 0 ? "b" : any()}, {made});
        break;
      case 3:
        model.Node("MatMul", {any(), with}, {made});
        break;
      case 4:
        model.Node("Add", {any(), with}, {made});
        break;
      case 5:
        model.Node(below(2) == 0 ? "Identity" : "Relu", {with}, {made});
        break;
      case 6:
        model.Node("Transpose", {with}, {made});
        break;
      default:
        model.Node("Clip", {with, "low", "high"}, {made});
    }
    values.push_back(made);
  }
  model.Output(values.back());
  if (below(2) == 0) model.Output(any());
  return model;
}

TEST_CASE("Graphs of any nodes over float16 constants give the same from the file as from floats",
          "[planner]") {
  for (uint32_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    const ModelBuilder model = RandomGraph(seed);
    const Outputs widened = Answer(model, Halves::kWiden, {});
    const Outputs referred = Answer(model, Halves::kRefer, {});
    CHECK(std::equal(widened.begin(), widened.end(), referred.begin(), referred.end(), SameBits));
  }
}

}  // namespace
}  // namespace insitu
