#include "shared/network/planner.h"

#include <catch_amalgamated.hpp>
#include <limits>

#include "shared/limits.h"
#include "shared/network/network.h"
#include "tests/make_model.h"
#include "tests/planned.h"

namespace insitu {
namespace {

TEST_CASE("A tensor made while running is within the limits of elements and rank", "[planner]") {
  // Up to the limit what is missing is the memory.
  const auto outer = [](int64_t rows, int64_t columns) {
    ModelBuilder model;
    model.Input("x", {rows, 1}).Input("z", {1, columns}).Output("y").Node("Add", {"x", "z"}, {"y"});
    return Refused(model);
  };
  constexpr int64_t kRows = 1 << 10;
  constexpr int64_t kColumns = kMaxTensorElements / kRows;
  // A whole run of the limit's 512 MiB would fit, so a second tensor is added.
  ModelBuilder twice;
  twice.Input("x", {kRows, 1}).Input("z", {1, kColumns}).Output("y");
  twice.Node("Add", {"x", "z"}, {"s"}).Node("Transpose", {"s"}, {"y"});
  CHECK(Refused(twice).code == ErrorCode::kOutOfMemory);
  CHECK(outer(kRows, kColumns + 1).code == ErrorCode::kModelUnsupported);
  CHECK(outer(kMaxTensorElements, kMaxTensorElements).code == ErrorCode::kModelUnsupported);

  const auto unsqueezed = [](int64_t rank) {
    ModelBuilder model;
    std::vector<int64_t> axes;
    for (int64_t axis = 1; axis < rank; ++axis) axes.push_back(axis);
    return model.Input("x", {2})
        .Output("y")
        .Ints("axes", axes)
        .Node("Unsqueeze", {"x", "axes"}, {"y"});
  };
  CHECK(Planned(unsqueezed(kMaxTensorRank)).outputs()[0].shape.size() == kMaxTensorRank);
  CHECK(Refused(unsqueezed(kMaxTensorRank + 1)).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A network's input is within the limits of elements and rank", "[planner]") {
  const auto sigmoid = [](const Shape& shape) {
    ModelBuilder model;
    return model.Input("x", shape).Output("y").Node("Sigmoid", {"x"}, {"y"});
  };
  CHECK(Refused(sigmoid({kMaxTensorElements})).code == ErrorCode::kOutOfMemory);
  CHECK(Refused(sigmoid({kMaxTensorElements + 1})).code == ErrorCode::kModelUnsupported);
  CHECK(Refused(sigmoid({kMaxTensorElements, 2})).code == ErrorCode::kModelUnsupported);
  CHECK(Planned(sigmoid(Shape(kMaxTensorRank, 1))).inputs()[0].shape.size() == kMaxTensorRank);
  CHECK(Refused(sigmoid(Shape(kMaxTensorRank + 1, 1))).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A reshape makes as many dimensions as the limit and not one more", "[planner]") {
  const auto reshaped = [](int64_t rank) {
    ModelBuilder model;
    return model.Input("x", {2})
        .Output("y")
        .Ints("to", std::vector<int64_t>(static_cast<size_t>(rank - 1), 1))
        .Ints("last", {2})
        .Node("Concat", {"to", "last"}, {"shape"}, {{"axis", int64_t{0}}})
        .Node("Reshape", {"x", "shape"}, {"r"})
        .Node("Identity", {"r"}, {"y"});
  };
  CHECK(Planned(reshaped(kMaxTensorRank)).outputs()[0].shape.size() == kMaxTensorRank);
  CHECK(Refused(reshaped(kMaxTensorRank + 1)).code == ErrorCode::kModelUnsupported);
}

// A graph with the whole numbers "zeros" of that shape; a few bytes that may claim many.
ModelBuilder Zeros(const std::vector<int64_t>& shape) {
  ModelBuilder model;
  model.Input("x", {1}).Output("y").Ints("shape", shape);
  return model.Node("ConstantOfShape", {"shape"}, {"floats"})
      .Node("Cast", {"floats"}, {"zeros"}, {{"to", int64_t{7}}});
}

TEST_CASE("A constant made while planning has as many dimensions as the limit and not one more",
          "[planner]") {
  const auto sliced = [](int64_t rank) {
    return Zeros(std::vector<int64_t>(static_cast<size_t>(rank), 2))
        .Ints("from", {0})
        .Ints("to", {1})
        .Node("Slice", {"zeros", "from", "to"}, {"part"})
        .Node("Identity", {"x"}, {"y"});
  };
  CHECK(Planned(sliced(kMaxTensorRank)).outputs().size() == 1);
  CHECK(Refused(sliced(kMaxTensorRank + 1)).code == ErrorCode::kModelUnsupported);
  CHECK(Refused(sliced(kMaxTensorRank + 4)).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("Whole numbers gathered while planning are within the limit of elements", "[planner]") {
  const auto gathered = [](int64_t rows) {
    return Zeros({2, 1 << 10})
        .Ints("rows", {rows})
        .Node("ConstantOfShape", {"rows"}, {"float_indices"})
        .Node("Cast", {"float_indices"}, {"indices"}, {{"to", int64_t{7}}})
        .Node("Gather", {"zeros", "indices"}, {"g"})
        .Node("Identity", {"x"}, {"y"});
  };
  CHECK(Planned(gathered(1 << 10)).outputs().size() == 1);
  CHECK(Refused(gathered((kMaxTensorElements >> 10) + 1)).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A list of whole numbers joined while planning is within the limit of elements",
          "[planner]") {
  const auto joined = [](size_t parts) {
    ModelBuilder model = Zeros({kMaxTensorElements >> 10});
    return model
        .Node("Concat", std::vector<std::string>(parts, "zeros"), {"c"}, {{"axis", int64_t{0}}})
        .Node("Identity", {"x"}, {"y"});
  };
  CHECK(Planned(joined(2)).outputs().size() == 1);
  CHECK(Refused(joined(1025)).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("Padding is within the limit on either side, adding or cutting", "[planner]") {
  const auto padded = [](int64_t before, int64_t after) {
    ModelBuilder model;
    return model.Input("x", {2})
        .Output("y")
        .Ints("pads", {before, after})
        .Node("Pad", {"x", "pads"}, {"y"});
  };
  CHECK(Planned(padded(kMaxWindow, 1)).outputs()[0].shape == Shape{kMaxWindow + 3});
  CHECK(Planned(padded(0, kMaxWindow)).outputs()[0].shape == Shape{kMaxWindow + 2});
  CHECK(Planned(padded(-1, 0)).outputs()[0].shape == Shape{1});
  CHECK(Planned(padded(-kMaxWindow, kMaxWindow)).outputs()[0].shape == Shape{2});
  for (const int64_t most : {kMaxWindow + 1, std::numeric_limits<int64_t>::max()}) {
    CHECK(Refused(padded(most, 0)).code == ErrorCode::kModelUnsupported);
    CHECK(Refused(padded(0, most)).code == ErrorCode::kModelUnsupported);
  }
  for (const int64_t least : {-kMaxWindow - 1, std::numeric_limits<int64_t>::min()}) {
    CHECK(Refused(padded(least, 0)).code == ErrorCode::kModelUnsupported);
    CHECK(Refused(padded(0, least)).code == ErrorCode::kModelUnsupported);
  }
}

TEST_CASE("Whole numbers are no weights", "[planner]") {
  const auto refuses = [](const ModelBuilder& model) {
    const Error error = Refused(model);
    CHECK(error.code == ErrorCode::kModelUnsupported);
    CHECK_THAT(error.message, Catch::Matchers::ContainsSubstring("computes with whole numbers"));
  };
  ModelBuilder convolution;
  convolution.Input("x", {1, 4, 8, 8}).Output("y").WholeNumbers("w", {8, 4, 3, 3});
  refuses(convolution.Node("Conv", {"x", "w"}, {"y"}));
  for (const int64_t transposed : {0, 1}) {
    ModelBuilder gemm;
    gemm.Input("x", {1, 6}).Output("y").WholeNumbers("w", {6, 6});
    refuses(gemm.Node("Gemm", {"x", "w"}, {"y"}, {{"transB", transposed}}));
  }
  ModelBuilder product;
  product.Input("x", {1, 6}).Output("y").WholeNumbers("w", {6, 5});
  refuses(product.Node("MatMul", {"x", "w"}, {"y"}));
}

TEST_CASE("A Relu or Clip without an output is refused, not fused", "[planner]") {
  for (const char* op : {"Relu", "Clip"}) {
    ModelBuilder model;
    model.Input("x", {2}).Output("s").Node("Add", {"x", "x"}, {"s"}).Node(op, {"s"}, {});
    CHECK(Refused(model).code == ErrorCode::kModelCorrupt);
    ModelBuilder unread;
    unread.Input("x", {2}).Output("x").Node("Add", {"x", "x"}, {"s"}).Node(op, {"s"}, {});
    CHECK(Refused(unread).code == ErrorCode::kModelCorrupt);
  }
}

TEST_CASE(
    "A name that is made twice is refused: by two nodes, or by one beside a constant or input",
    "[planner]") {
  const auto code = [](const ModelBuilder& model) { return Refused(model).code; };
  ModelBuilder constant;  // its result would be looked for under the constant's name
  constant.Input("x", {2}).Output("z").Floats("a", {2}, {1, 2}).Floats("y", {2}, {3, 4});
  constant.Node("Add", {"a", "a"}, {"y"}).Node("Relu", {"y"}, {"z"});
  CHECK(code(constant) == ErrorCode::kModelCorrupt);
  ModelBuilder loop;  // a Relu of itself
  loop.Input("x", {2}).Output("y").Node("Sigmoid", {"x"}, {"y"}).Node("Relu", {"y"}, {"y"});
  CHECK(code(loop) == ErrorCode::kModelCorrupt);
  ModelBuilder input;
  input.Input("x", {2}).Output("x").Node("Relu", {"x"}, {"x"});
  CHECK(code(input) == ErrorCode::kModelCorrupt);
}

TEST_CASE("A convolution's output is within the limit of elements before its pool", "[planner]") {
  ModelBuilder model;
  model.Input("x", {1, 1, 1, 1 << 26}).Output("y").Floats("w", {8, 1, 1, 1}, TestNumbers(8, 1));
  model.Node("Conv", {"x", "w"}, {"c"},
             {{"pads", std::vector<int64_t>{kMaxWindow, 0, kMaxWindow, 0}}});
  model.Node("MaxPool", {"c"}, {"y"}, {{"kernel_shape", std::vector<int64_t>{3, 3}}});
  CHECK(Refused(model).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A dimension of nothing does not hide that the others are too large", "[planner]") {
  const auto emptied = [](int64_t most) {
    ModelBuilder model;
    return model.Input("x", {1, 2, 2, 2})
        .Output("y")
        .Ints("pads", {-1, most, most, 0, 0, 0, 0, 0})
        .Node("Pad", {"x", "pads"}, {"y"});
  };
  CHECK(Planned(emptied(1000)).outputs()[0].shape == Shape{0, 1002, 1002, 2});
  CHECK(Refused(emptied(100'000)).code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A window's kernel, stride, dilation and padding are within the limit", "[planner]") {
  const auto pooled = [](const std::string& attribute, int64_t value) {
    ModelBuilder model;
    std::vector<Attribute> attributes = {{"kernel_shape", std::vector<int64_t>{1}}};
    if (attribute == "kernel_shape") attributes.clear();
    attributes.push_back({attribute, std::vector<int64_t>(attribute == "pads" ? 2 : 1, value)});
    return model.Input("x", {1, 1, kMaxWindow})
        .Output("y")
        .Node("MaxPool", {"x"}, {"y"}, attributes);
  };
  CHECK(Planned(pooled("kernel_shape", kMaxWindow)).outputs()[0].shape == Shape{1, 1, 1});
  CHECK(Planned(pooled("strides", kMaxWindow)).outputs()[0].shape == Shape{1, 1, 1});
  CHECK(Planned(pooled("dilations", kMaxWindow)).outputs()[0].shape == Shape{1, 1, kMaxWindow});
  CHECK(Planned(pooled("pads", kMaxWindow)).outputs()[0].shape == Shape{1, 1, 3 * kMaxWindow});
  for (const std::string attribute : {"kernel_shape", "strides", "dilations"}) {
    CHECK(Refused(pooled(attribute, kMaxWindow + 1)).code == ErrorCode::kModelCorrupt);
    CHECK(Refused(pooled(attribute, 0)).code == ErrorCode::kModelCorrupt);
  }
  CHECK(Refused(pooled("pads", kMaxWindow + 1)).code == ErrorCode::kModelUnsupported);
  CHECK(Refused(pooled("pads", -1)).code == ErrorCode::kModelUnsupported);
}

}  // namespace
}  // namespace insitu
