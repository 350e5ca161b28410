#include "shared/network/network.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <limits>

#include "shared/limits.h"
#include "tests/allocation_count.h"
#include "tests/make_model.h"
#include "tests/planned.h"
#include "tests/reference_network.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

float LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  float worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

std::vector<float> RunOn(Network* network, int batch, const std::vector<float>& input) {
  const auto item = static_cast<size_t>(ElementCount(network->outputs()[0].shape));
  std::vector<float> output(item * static_cast<size_t>(batch));
  const Status status = network->Run(batch, input, output);
  REQUIRE(status.ok());
  return output;
}

std::vector<std::string> StepNames(const Network& network) {
  std::vector<std::string> names;
  for (const StepInfo& step : network.Steps()) names.push_back(step.op);
  return names;
}

std::vector<int64_t> Pair(int64_t a, int64_t b) { return {a, b}; }

// A network with a branch, a join and every kind of step that a batch passes through.
ModelBuilder MixedModel() {
  ModelBuilder model;
  model.Input("x", {-1, 3, 9, 7})
      .Output("y")
      .Floats("w1", {8, 3, 3, 3}, TestNumbers(8 * 27, 1))
      .Floats("b1", {8}, TestNumbers(8, 2))
      .Floats("w2", {8, 1, 3, 3}, TestNumbers(72, 3))
      .Floats("slope", {8, 1, 1}, TestNumbers(8, 4))
      .Floats("w3", {5, 2 * 8 * 4 * 3}, TestNumbers(5 * 192, 5))
      .Floats("b3", {5}, TestNumbers(5, 6))
      .Node("Conv", {"x", "w1", "b1"}, {"a"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}})
      .Node("Relu", {"a"}, {"r"})
      .Node("MaxPool", {"r"}, {"p"}, {{"kernel_shape", Pair(2, 2)}, {"strides", Pair(2, 2)}})
      .Node("Conv", {"p", "w2"}, {"d"},
            {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"group", int64_t{8}}})
      .Node("PRelu", {"d", "slope"}, {"q"})
      .Node("AveragePool", {"q"}, {"m"},
            {{"kernel_shape", Pair(3, 3)}, {"pads", std::vector<int64_t>{1, 1, 1, 1}}})
      .Node("Add", {"p", "m"}, {"s"})
      .Node("Concat", {"s", "q"}, {"k"}, {{"axis", int64_t{1}}})
      .Node("HardSwish", {"k"}, {"h"})
      .Node("Transpose", {"h"}, {"t"}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}})
      .Node("Flatten", {"t"}, {"f"})
      .Node("Gemm", {"f", "w3", "b3"}, {"l"}, {{"transB", int64_t{1}}})
      .Node("Softmax", {"l"}, {"y"});
  return model;
}

TEST_CASE("Convolution equals the naive loop for strides, pads, dilations and groups",
          "[network]") {
  const ReferenceConvolution cases[] = {
      // h  w  in out g  kh kw sh sw dh dw  t  l  b  r
      {7, 9, 3, 5, 1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},
      {8, 8, 4, 6, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
      {8, 8, 4, 6, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
      {9, 7, 6, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {9, 7, 6, 12, 6, 5, 5, 2, 1, 1, 1, 2, 2, 2, 2},
      {11, 11, 2, 3, 1, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3},
      {6, 6, 1, 4, 1, 5, 3, 1, 2, 1, 1, 3, 0, 1, 2},
      {5, 12, 3, 2, 1, 1, 7, 1, 1, 1, 1, 0, 3, 0, 3},
  };
  for (const ReferenceConvolution& c : cases) {
    const auto x = TestNumbers(static_cast<size_t>(c.inputs * c.height * c.width), 1);
    const auto w = TestNumbers(
        static_cast<size_t>(c.outputs * c.inputs / c.groups * c.kernel_h * c.kernel_w), 2);
    const auto b = TestNumbers(static_cast<size_t>(c.outputs), 3);
    ModelBuilder model;
    model.Input("x", {1, c.inputs, c.height, c.width})
        .Output("y")
        .Floats("w", {c.outputs, c.inputs / c.groups, c.kernel_h, c.kernel_w}, w)
        .Floats("b", {c.outputs}, b)
        .Node("Conv", {"x", "w", "b"}, {"y"},
              {{"strides", Pair(c.stride_h, c.stride_w)},
               {"dilations", Pair(c.dilation_h, c.dilation_w)},
               {"group", c.groups},
               {"pads", std::vector<int64_t>{c.top, c.left, c.bottom, c.right}}});
    Network network = Planned(model);
    CHECK(network.outputs()[0].shape == Shape{1, c.outputs, c.OutputHeight(), c.OutputWidth()});
    const float worst = LargestDifference(RunOn(&network, 1, x), c.Run(x, w, b));
    INFO("largest difference " << worst);
    CHECK(worst < kTolerance);
  }
}

TEST_CASE("A dense layer after a flatten gives the same however its weights lie in the file",
          "[network]") {
  constexpr int64_t kInputs = 8 * 6 * 5;
  constexpr int64_t kOutputs = 5;
  const std::vector<float> rows = TestNumbers(kInputs * kOutputs, 5);  // (outputs, inputs)
  std::vector<float> columns(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) columns[i % kInputs * kOutputs + i / kInputs] = rows[i];
  const auto flattened = [] {
    return ModelBuilder()
        .Input("x", {-1, 3, 6, 5})
        .Output("y")
        .Floats("w", {8, 3, 3, 3}, TestNumbers(8 * 27, 1))
        .Node("Conv", {"x", "w"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}})
        .Node("Flatten", {"c"}, {"f"});
  };
  const auto run = [](const ModelBuilder& model) {
    Network network = Planned(model);
    CHECK(StepNames(network).size() == 3);  // the image put in order, and nothing between
    return RunOn(&network, 2, TestNumbers(2 * 3 * 6 * 5, 9));
  };
  const std::vector<float> expected =
      run(flattened()
              .Floats("d", {kOutputs, kInputs}, rows)
              .Node("Gemm", {"f", "d"}, {"y"}, {{"transB", int64_t{1}}}));
  for (const char* op : {"Gemm", "MatMul"}) {
    const auto same =
        run(flattened().Floats("d", {kInputs, kOutputs}, columns).Node(op, {"f", "d"}, {"y"}));
    CHECK(LargestDifference(same, expected) < kTolerance);
  }
}

TEST_CASE("A batch gives what its items give one by one, whatever room is reserved", "[network]") {
  const std::vector<float> inputs = TestNumbers(7 * 3 * 9 * 7, 9);
  const size_t item = inputs.size() / 7;
  Network single = Planned(MixedModel());
  std::vector<float> expected;
  for (size_t i = 0; i < 7; ++i) {
    const std::vector<float> one(inputs.begin() + static_cast<std::ptrdiff_t>(i * item),
                                 inputs.begin() + static_cast<std::ptrdiff_t>((i + 1) * item));
    const std::vector<float> y = RunOn(&single, 1, one);
    expected.insert(expected.end(), y.begin(), y.end());
  }
  for (int reserved : {1, 2, 3, 7, 16}) {
    Network network = Planned(MixedModel());
    REQUIRE(network.Reserve(reserved).ok());
    CHECK(LargestDifference(RunOn(&network, 7, inputs), expected) < kTolerance);
  }
}

TEST_CASE("A batch takes no more memory than a cache holds beside the weights", "[network]") {
  constexpr int64_t kMost = (512 << 10) / 2;  // of two buffers, bytes
  const auto arena = [](int64_t item_bytes, int batch) {
    ModelBuilder model;
    model.Input("x", {-1, item_bytes / 4}).Output("y").Node("Tanh", {"x"}, {"y"});
    Network network = Planned(model);
    REQUIRE(network.Reserve(batch).ok());
    return network.ArenaBytes() / 2 / item_bytes;
  };
  CHECK(arena(kMost / 8, 8) == 8);
  CHECK(arena(kMost / 8, 9) == 8);
  constexpr int64_t kSeventh = kMost / 7 / 64 * 64;  // whole cache lines
  CHECK(arena(kSeventh, 7) == 7);
  CHECK(arena(kSeventh, 8) == 4);  // a power of two
  CHECK(arena(kMost * 2, 64) == 1);
}

TEST_CASE("A run allocates nothing, for any batch within the room", "[network]") {
  Network network = Planned(MixedModel());
  REQUIRE(network.Reserve(4).ok());
  const std::vector<float> inputs = TestNumbers(9 * 3 * 9 * 7, 9);
  std::vector<float> outputs(9 * 5);
  for (int batch : {1, 4, 3, 9, 2}) {
    const auto count = static_cast<size_t>(batch);
    const std::span<const float> in(inputs.data(), count * 189);
    const std::span<float> out(outputs.data(), count * 5);
    const AllocationCount allocations;
    const bool ok = network.Run(batch, in, out).ok();
    const int64_t made = allocations.Made();
    CHECK(ok);
    CHECK(made == 0);
  }
}

TEST_CASE("Convolution, batch normalisation and ReLU become one step with the same result",
          "[network]") {
  ModelBuilder fused;
  ModelBuilder apart;
  for (ModelBuilder* model : {&fused, &apart}) {
    model->Input("x", {1, 3, 6, 6})
        .Floats("w", {4, 3, 3, 3}, TestNumbers(108, 1))
        .Floats("scale", {4}, {0.5F, 1, 2, -1})
        .Floats("shift", {4}, {0.1F, 0.2F, -0.3F, 0})
        .Floats("mean", {4}, {0.3F, -0.2F, 0, 0.1F})
        .Floats("variance", {4}, {1, 0.5F, 2, 0.25F})
        .Output("y");
    model->Node("Conv", {"x", "w"}, {"c"})
        .Node("BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"n"})
        .Node("Relu", {"n"}, {"y"});
  }
  apart.Output("c").Output("n");  // read by the graph's end too, so nothing may fuse
  Network one = Planned(fused);
  Network three = Planned(apart);
  CHECK(StepNames(one) == std::vector<std::string>{"layout", "Conv", "layout"});
  CHECK(three.Steps().size() > 3);
  const auto x = TestNumbers(108, 5);
  std::vector<float> y(64), c(64), n(64);
  const std::span<const float> in[] = {x};
  const std::span<float> out[] = {y, c, n};
  REQUIRE(three.Run(1, in, out).ok());
  CHECK(LargestDifference(RunOn(&one, 1, x), y) < kTolerance);
}

TEST_CASE("A ReLU6 whose bounds come as constants after the convolution is fused", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 1, 4, 4}).Output("y").Floats("w", {1, 1, 1, 1}, {10});
  model.Node("Conv", {"x", "w"}, {"c"})
      .Node("Constant", {}, {"low"}, {{"value_float", 0.0F}})
      .Node("Constant", {}, {"high"}, {{"value_float", 6.0F}})
      .Node("Clip", {"c", "low", "high"}, {"y"});
  Network network = Planned(model);
  CHECK(StepNames(network) == std::vector<std::string>{"Conv"});
  const auto y = RunOn(&network, 1, std::vector<float>(16, 5.0F));
  CHECK(y == std::vector<float>(16, 6.0F));
}

// (1, 3) by the 3x3 of whatever names of it the nodes read, twice.
ModelBuilder Twice(const std::string& first, const std::string& second) {
  ModelBuilder model;
  model.Input("x", {-1, 3})
      .Output("y")
      .Floats("w", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})
      .Node("Identity", {"w"}, {"w_too"})
      .Node("Gemm", {"x", first}, {"once"}, {{"transB", int64_t{1}}})
      .Node("Gemm", {"once", second}, {"y"}, {{"transB", int64_t{1}}});
  return model;
}

TEST_CASE("Weights that several nodes read are there for all of them", "[network]") {
  const std::vector<float> expected = {72, 162, 252};  // w w (1, 0, 1)
  for (const char* first : {"w", "w_too"}) {
    for (const char* second : {"w", "w_too"}) {
      Network network = Planned(Twice(first, second));
      CHECK(RunOn(&network, 1, {1, 0, 1}) == expected);
    }
  }
}

TEST_CASE("Weights that are an output as well, or both inputs of a node, are kept", "[network]") {
  ModelBuilder shown = Twice("w", "w_too");
  Network network = Planned(shown.Output("w"));
  std::vector<float> y(3);
  std::vector<float> w(9);
  const std::vector<float> x = {1, 0, 1};
  const std::span<const float> inputs[] = {x};
  const std::span<float> outputs[] = {y, w};
  REQUIRE(network.Run(1, inputs, outputs).ok());
  CHECK(w == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  ModelBuilder squared;
  squared.Input("x", {2, 2})
      .Output("y")
      .Floats("w", {2, 2}, {1, 2, 3, 4})
      .Node("MatMul", {"w", "w"}, {"square"})
      .Node("Add", {"x", "square"}, {"y"});
  Network sum = Planned(squared);
  CHECK(RunOn(&sum, 1, {0, 0, 0, 0}) == std::vector<float>{7, 10, 15, 22});
}

// A convolution of 8 outputs over 3 channels of 14x14, and the pool that follows.
ModelBuilder Pooled(const std::vector<Attribute>& pool) {
  ModelBuilder model;
  model.Input("x", {-1, 3, 14, 14})
      .Output("y")
      .Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1))
      .Floats("b", {8}, TestNumbers(8, 2))
      .Node("Conv", {"x", "w", "b"}, {"c"})
      .Node("Relu", {"c"}, {"r"})
      .Node("MaxPool", {"r"}, {"y"}, pool);
  return model;
}

TEST_CASE("A maximum pool of 3x3 side by side is one step with its convolution", "[network]") {
  const std::vector<Attribute> three = {{"kernel_shape", Pair(3, 3)}, {"strides", Pair(3, 3)}};
  Network fused = Planned(Pooled(three));
  CHECK(StepNames(fused) == std::vector<std::string>{"layout", "Conv", "layout"});
  CHECK(fused.MultiplyAdds() == 12 * 12 * 27 * 8);
  // What else reads the convolution's output keeps the two apart.
  ModelBuilder read_twice = Pooled(three);
  Network apart = Planned(read_twice.Output("r"));
  CHECK(StepNames(apart)[2] == "MaxPool");
  const std::vector<float> input = TestNumbers(2 * 3 * 14 * 14, 3);
  std::vector<float> expected(2 * 8 * 4 * 4);
  std::vector<float> before(2 * 8 * 12 * 12);
  const std::span<const float> inputs[] = {input};
  const std::span<float> outputs[] = {expected, before};
  REQUIRE(apart.Run(2, inputs, outputs).ok());
  CHECK(RunOn(&fused, 2, input) == expected);
}

TEST_CASE("A pool of another kind is a step of its own", "[network]") {
  const auto apart = [](const std::vector<Attribute>& pool) {
    return StepNames(Planned(Pooled(pool)))[2] == "MaxPool";
  };
  CHECK(apart({{"kernel_shape", Pair(2, 2)}, {"strides", Pair(2, 2)}}));
  CHECK(apart({{"kernel_shape", Pair(3, 3)}, {"strides", Pair(2, 2)}}));
  CHECK(apart({{"kernel_shape", Pair(3, 2)}, {"strides", Pair(3, 2)}}));
  CHECK(apart({{"kernel_shape", Pair(3, 3)}, {"strides", Pair(3, 3)}, {"dilations", Pair(2, 2)}}));
  CHECK(apart({{"kernel_shape", Pair(3, 3)},
               {"strides", Pair(3, 3)},
               {"pads", std::vector<int64_t>{1, 1, 1, 1}}}));
  ModelBuilder foreign;  // of another domain it is not a pool that is known
  foreign.Input("x", {-1, 3, 14, 14}).Output("y").Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1));
  foreign.Node("Conv", {"x", "w"}, {"c"}).Node("MaxPool", {"c"}, {"y"}, {}, "elsewhere");
  CHECK(Refused(foreign).code == ErrorCode::kModelUnsupported);
  ModelBuilder rounded_up;
  rounded_up.Input("x", {-1, 3, 15, 15})
      .Output("y")
      .Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1))
      .Node("Conv", {"x", "w"}, {"c"})
      .Node("MaxPool", {"c"}, {"y"},
            {{"kernel_shape", Pair(3, 3)}, {"strides", Pair(3, 3)}, {"ceil_mode", int64_t{1}}});
  CHECK(StepNames(Planned(rounded_up))[2] == "MaxPool");
}

TEST_CASE("A convolution of constants is folded with the pool that it takes in", "[network]") {
  ModelBuilder model;
  model.Input("x", {-1, 8, 4, 4})
      .Output("y")
      .Floats("image", {1, 3, 14, 14}, TestNumbers(588, 3))
      .Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1))
      .Node("Conv", {"image", "w"}, {"c"})
      .Node("MaxPool", {"c"}, {"p"}, {{"kernel_shape", Pair(3, 3)}, {"strides", Pair(3, 3)}})
      .Node("Add", {"x", "p"}, {"y"});
  Network network = Planned(model);
  CHECK(StepNames(network) == std::vector<std::string>{"Add"});
  ModelBuilder same;
  same.Input("x", {-1, 3, 14, 14}).Output("y").Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1));
  same.Node("Conv", {"x", "w"}, {"c"});
  same.Node("MaxPool", {"c"}, {"y"}, {{"kernel_shape", Pair(3, 3)}, {"strides", Pair(3, 3)}});
  Network ran = Planned(same);
  CHECK(RunOn(&network, 1, std::vector<float>(128, 0.0F)) == RunOn(&ran, 1, TestNumbers(588, 3)));
}

TEST_CASE("A flatten before a dense layer copies nothing", "[network]") {
  Network network = [] {
    auto onnx = ReadOnnx(MakeClassifierModel());
    auto planned = Network::Create(std::move(onnx.value()), PlanOptions::ForImages());
    return std::move(planned.value());
  }();
  CHECK(StepNames(network) == std::vector<std::string>{"Conv", "MaxPool", "Gemm", "Softmax"});
}

TEST_CASE("Constant arithmetic on shapes is folded while planning", "[network]") {
  ModelBuilder model;  // reshape to (batch, -1) as exporters write it
  model.Input("x", {-1, 2, 3, 4})
      .Output("y")
      .Ints("first", {0})
      .Ints("rest", {-1})
      .Node("Shape", {"x"}, {"s"})
      .Node("Gather", {"s", "first"}, {"n"})
      .Node("Concat", {"n", "rest"}, {"to"}, {{"axis", int64_t{0}}})
      .Node("Reshape", {"x", "to"}, {"y"});
  Network network = Planned(model);
  CHECK(network.Steps().empty());
  CHECK(network.outputs()[0].shape == Shape{1, 24});
  const auto x = TestNumbers(24, 1);
  CHECK(RunOn(&network, 1, x) == x);
}

TEST_CASE("Weights that are computed from constants are folded while planning", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 2})
      .Output("y")
      .Floats("a", {2, 2}, {1, 2, 3, 4})
      .Floats("half", {}, {0.5F})
      .Node("Mul", {"a", "half"}, {"w"})
      .Node("MatMul", {"x", "w"}, {"y"});
  Network network = Planned(model);
  CHECK(StepNames(network) == std::vector<std::string>{"MatMul"});
  CHECK(RunOn(&network, 1, {1, 1}) == std::vector<float>{2, 3});
}

TEST_CASE("Matrices that are both computed while running are multiplied", "[network]") {
  ModelBuilder model;
  model.Input("a", {2, 2, 3}).Input("b", {3, 2}).Output("y").Node("MatMul", {"a", "b"}, {"y"});
  Network network = Planned(model);
  const std::vector<float> a = {1, 2, 3, 4, 5, 6, 1, 0, 0, 0, 1, 0};
  const std::vector<float> b = {1, 2, 3, 4, 5, 6};
  std::vector<float> y(8);
  const std::span<const float> in[] = {a, b};
  const std::span<float> out[] = {y};
  REQUIRE(network.Run(1, in, out).ok());
  CHECK(y == std::vector<float>{22, 28, 49, 64, 1, 2, 3, 4});
}

TEST_CASE("An operator that is lacking is named, with its node", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 2}).Output("y").Node("Einsum", {"x"}, {"y"});
  const Error error = Refused(model);
  CHECK(error.code == ErrorCode::kModelUnsupported);
  CHECK(error.message.find("Einsum") != std::string::npos);
  CHECK(error.message.find("Einsum_of_y") != std::string::npos);
}

TEST_CASE("An attribute that is lacking is named", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 2}).Output("y").Node("Relu", {"x"}, {"y"}, {{"slope", 0.5F}});
  const Error error = Refused(model);
  CHECK(error.code == ErrorCode::kModelUnsupported);
  CHECK(error.message.find("'slope'") != std::string::npos);
}

TEST_CASE("A shape that cannot be run is named", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 1, 4, 4, 4})
      .Output("y")
      .Floats("w", {1, 1, 1, 1, 1}, {1})
      .Node("Conv", {"x", "w"}, {"y"});
  CHECK(Refused(model).message.find("5 dimensions") != std::string::npos);
}

TEST_CASE("An operator of another domain is refused by its full name", "[network]") {
  ModelBuilder model;
  model.Input("x", {1}).Output("y").Node("Relu", {"x"}, {"y"}, {}, "com.example");
  CHECK(Refused(model).message.find("com.example.Relu") != std::string::npos);
}

TEST_CASE("An input without a fixed size is refused with what to do", "[network]") {
  ModelBuilder model;
  model.Input("x", {-1, 3, -1, -1}).Output("y").Node("Relu", {"x"}, {"y"});
  CHECK(Refused(model).message.find("export the model with one") != std::string::npos);
}

TEST_CASE("A graph that contradicts itself is refused, not run", "[network]") {
  const auto add = [](const Shape& shape) {
    ModelBuilder model;
    model.Input("x", shape).Output("y").Floats("c", {3}, {1, 2, 3}).Node("Add", {"x", "c"}, {"y"});
    return model;
  };
  CHECK(Refused(add({1, 4})).code == ErrorCode::kModelCorrupt);
  ModelBuilder dangling;
  dangling.Input("x", {1}).Output("y").Node("Add", {"x", "nowhere"}, {"y"});
  CHECK(Refused(dangling).message.find("'nowhere'") != std::string::npos);
  ModelBuilder window;
  window.Input("x", {1, 1, 2, 2})
      .Output("y")
      .Node("MaxPool", {"x"}, {"y"}, {{"kernel_shape", Pair(3, 3)}});
  CHECK(Refused(window).code == ErrorCode::kModelCorrupt);
  ModelBuilder no_output;
  no_output.Input("x", {1}).Node("Relu", {"x"}, {"y"});
  CHECK(Refused(no_output).code == ErrorCode::kModelCorrupt);
}

TEST_CASE("A network that needs more memory than the limit is refused", "[network]") {
  const auto padded = [](int64_t rows) {
    ModelBuilder model;
    model.Input("x", {1, rows, 1 << 10}).Output("y").Node("Sigmoid", {"x"}, {"y"});
    return model;
  };
  // Two buffers of rows * 4 KiB each.
  const int64_t most = kMaxArenaBytes / (2 * 4096);
  CHECK(Refused(padded(most + 1)).code == ErrorCode::kOutOfMemory);
  Network fits = Planned(padded(most));
  CHECK(fits.ArenaBytes() <= kMaxArenaBytes);
}

TEST_CASE("An input or output of another size is refused", "[network]") {
  Network network = Planned(MixedModel());
  std::vector<float> in(3 * 9 * 7), out(5);
  CHECK(network.Run(1, in, out).ok());
  CHECK(network.Run(2, in, out).error().code == ErrorCode::kInvalidArgument);
  CHECK(network.Run(0, in, out).error().code == ErrorCode::kInvalidArgument);
  CHECK(network.Run(1, std::span<const float>(in).first(10), out).error().code ==
        ErrorCode::kInvalidArgument);
}

TEST_CASE("Buffers whose lifetimes do not overlap share memory", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 4096}).Output("y");
  for (int i = 0; i < 10; ++i) {
    const std::string from = i == 0 ? "x" : "v" + std::to_string(i);
    model.Node("Tanh", {from}, {i == 9 ? "y" : "v" + std::to_string(i + 1)});
  }
  Network network = Planned(model);
  CHECK(network.ArenaBytes() < 3 * 4096 * 4);
}

TEST_CASE("Multiply-adds and parameters are counted", "[network]") {
  ModelBuilder model;
  model.Input("x", {1, 3, 5, 5})
      .Output("y")
      .Floats("w", {8, 3, 3, 3}, TestNumbers(216, 1))
      .Node("Conv", {"x", "w"}, {"y"});
  Network network = Planned(model);
  CHECK(network.MultiplyAdds() == 8 * 9 * 27);
  CHECK(network.Parameters() == 216 + 8);
}

}  // namespace
}  // namespace insitu
