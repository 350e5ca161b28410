#include "shared/network/dense.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "model/network_spec.h"
#include "model/onnx_writer.h"
#include "shared/network/network.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

using List64 = std::vector<int64_t>;

constexpr float kDenseTolerance = 1e-4F;

std::vector<Attribute> Window(int64_t side, int64_t stride = 1) {
  return {{"kernel_shape", List64{side, side}}, {"strides", List64{stride, stride}}};
}

// As the shipped models: convolutions, pools, a dense layer over what is left, weights by a Cast.
ModelBuilder Pooled(int side) {
  const int64_t left = ((side - 2) / 3 - 2) / 2;
  const auto count = static_cast<size_t>(5 * 6 * left * left);
  ModelBuilder model;
  model.Input("image", {-1, 3, side, side})
      .Output("answer")
      .Floats("w1", {4, 3, 3, 3}, TestNumbers(108, 1))
      .Floats("b1", {4}, TestNumbers(4, 2))
      .Floats("w2", {6, 4, 3, 3}, TestNumbers(216, 3))
      .Floats("w3.float16", {5, 6 * left * left}, TestNumbers(count, 4))
      .Floats("b3", {5}, TestNumbers(5, 5))
      .Floats("w4", {5, 2}, TestNumbers(10, 6))
      .Node("Conv", {"image", "w1", "b1"}, {"c1"}, Window(3))
      .Node("Relu", {"c1"}, {"r1"})
      .Node("MaxPool", {"r1"}, {"p1"}, Window(3, 3))
      .Node("Conv", {"p1", "w2"}, {"c2"}, Window(3))
      .Node("MaxPool", {"c2"}, {"p2"}, Window(2, 2))
      .Node("Flatten", {"p2"}, {"flat"}, {{"axis", int64_t{1}}})
      .Node("Cast", {"w3.float16"}, {"w3"}, {{"to", int64_t{1}}})
      .Node("Gemm", {"flat", "w3", "b3"}, {"d3"}, {{"transB", int64_t{1}}})
      .Node("Relu", {"d3"}, {"r3"})
      .Node("Dropout", {"r3"}, {"o3"})
      .Node("Gemm", {"o3", "w4"}, {"d4"})
      .Node("Softmax", {"d4"}, {"answer"}, {{"axis", int64_t{1}}});
  return model;
}

// A strided stem, a separable residual layer whose shortcut is cropped, a global mean.
ModelBuilder Residual(int side) {
  ModelBuilder model;
  model.Input("image", {-1, 3, side, side})
      .Output("answer")
      .Floats("w1", {8, 3, 4, 4}, TestNumbers(384, 1))
      .Floats("scale", {8}, {1, 2, 0.5, 1, 1, 1.5, 1, 1})
      .Floats("shift", {8}, TestNumbers(8, 2))
      .Floats("mean", {8}, TestNumbers(8, 3))
      .Floats("variance", {8}, {1, 1, 2, 1, 0.5, 1, 1, 1})
      .Floats("w2", {8, 1, 3, 3}, TestNumbers(72, 4))
      .Floats("w3", {8, 8, 1, 1}, TestNumbers(64, 5))
      .Floats("w4", {2, 8}, TestNumbers(16, 6))
      .Floats("b4", {1, 2}, {0.1F, -0.2F})
      .Floats("half", {8, 1, 1}, TestNumbers(8, 7))
      .Ints("one", {1, 1})
      .Ints("minus_one", {-1, -1})
      .Ints("spatial", {2, 3})
      .Node("Conv", {"image", "w1"}, {"c1"}, Window(4, 2))
      .Node("BatchNormalization", {"c1", "scale", "shift", "mean", "variance"}, {"n1"})
      .Node("Mul", {"n1", "half"}, {"m1"})
      .Node("Conv", {"m1", "w2"}, {"c2"}, {{"kernel_shape", List64{3, 3}}, {"group", int64_t{8}}})
      .Node("Conv", {"c2", "w3"}, {"c3"}, Window(1))
      .Node("Slice", {"m1", "one", "minus_one", "spatial"}, {"cropped"})
      .Node("Add", {"c3", "cropped"}, {"sum"})
      .Node("Relu", {"sum"}, {"r3"})
      .Node("AveragePool", {"r3"}, {"p3"}, Window(2, 2))
      .Node("GlobalAveragePool", {"p3"}, {"mean4"})
      .Node("Flatten", {"mean4"}, {"flat"})
      .Node("Gemm", {"flat", "w4", "b4"}, {"d4"}, {{"transB", int64_t{1}}})
      .Node("Softmax", {"d4"}, {"answer"});
  return model;
}

// A mean without its dimensions, a product, a sum; without a softmax.
ModelBuilder Meant(int side) {
  ModelBuilder model;
  model.Input("image", {1, 3, side, side})
      .Output("answer")
      .Floats("w1", {4, 3, 3, 3}, TestNumbers(108, 1))
      .Floats("w2", {4, 2}, TestNumbers(8, 2))
      .Floats("b2", {2}, {0.3F, -0.1F})
      .Node("Conv", {"image", "w1"}, {"c1"}, Window(3, 2))
      .Node("Tanh", {"c1"}, {"t1"})
      .Node("ReduceMean", {"t1"}, {"mean"}, {{"axes", List64{2, 3}}, {"keepdims", int64_t{0}}})
      .Node("MatMul", {"mean", "w2"}, {"d2"})
      .Node("Add", {"d2", "b2"}, {"answer"});
  return model;
}

struct Comparison {
  int stride = 0;
  float worst = 0;
  int places = 0;
};

// The map over an image against the patches that are cut from it.
Comparison Compare(const std::vector<uint8_t>& model, int side, int height, int width, int pick) {
  auto onnx = ReadOnnx(model);
  const auto form =
      MakeFullyConvolutional(&onnx.value(), {.height = height, .width = width, .pick = pick});
  INFO((form.ok() ? "" : form.error().message));
  REQUIRE(form.ok());
  auto dense = Network::Create(std::move(onnx.value()), PlanOptions::ForImages());
  INFO((dense.ok() ? "" : dense.error().message));
  REQUIRE(dense.ok());
  auto network = Network::Create(std::move(ReadOnnx(model).value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  const auto image = TestNumbers(static_cast<size_t>(height * width * 3), 9);
  const Shape shape = dense.value().outputs()[0].shape;
  const int step = form.value().stride * pick;
  const int rows = (height - side) / step + 1;
  const int columns = (width - side) / step + 1;
  REQUIRE(shape[2] >= rows);
  REQUIRE(shape[3] >= columns);
  if ((height - side) % step == 0) REQUIRE(shape[2] == rows);
  std::vector<float> map(static_cast<size_t>(ElementCount(shape)));
  REQUIRE(dense.value().Run(1, image, map).ok());
  Comparison comparison{form.value().stride, 0, rows * columns};
  const auto area = static_cast<size_t>(shape[2] * shape[3]);
  std::vector<float> patch(static_cast<size_t>(side * side * 3));
  for (int place = 0; place < comparison.places; ++place) {
    const int row_at = place / columns;
    const int column_at = place % columns;
    const int y = row_at * step;
    const int x = column_at * step;
    for (int row = 0; row < side; ++row) {
      std::copy_n(&image[static_cast<size_t>(((y + row) * width + x) * 3)],
                  static_cast<size_t>(side * 3), &patch[static_cast<size_t>(row * side * 3)]);
    }
    float answer[2];
    REQUIRE(network.value().Run(1, patch, answer).ok());
    const auto at = static_cast<size_t>(row_at) * static_cast<size_t>(shape[3]) +
                    static_cast<size_t>(column_at);
    float of_map[2] = {map[at], map[area + at]};
    if (form.value().outputs_logits) {
      const float sum = std::exp(of_map[0]) + std::exp(of_map[1]);
      for (float& value : of_map) value = std::exp(value) / sum;
    }
    for (int i : {0, 1})
      comparison.worst = std::max(comparison.worst, std::abs(of_map[i] - answer[i]));
  }
  return comparison;
}

void CheckEqual(const std::vector<uint8_t>& model, int side, int stride) {
  for (const int pick : {1, 2}) {
    const Comparison one = Compare(model, side, side, side, pick);
    CHECK(one.places == 1);
    CHECK(one.worst < kDenseTolerance);
    // Not a multiple of the stride: what is over at the right and bottom is left out.
    const Comparison exact = Compare(model, side, side + 8 * stride, side + 6 * stride, pick);
    CHECK(exact.worst < kDenseTolerance);
    const Comparison many = Compare(model, side, side + 37, side + 50, pick);
    CHECK(many.stride == stride);
    CHECK(many.places > 8);
    CHECK(many.worst < kDenseTolerance);
  }
}

TEST_CASE("A dense layer over an image gives what it gives of each patch", "[dense]") {
  CheckEqual(Pooled(26).Bytes(), 26, 6);
}

TEST_CASE("A residual layer whose shortcut is cropped gives what it gives of each patch",
          "[dense]") {
  CheckEqual(Residual(24).Bytes(), 24, 4);
}

TEST_CASE("A mean over rows and columns gives what it gives of each patch", "[dense]") {
  CheckEqual(Meant(15).Bytes(), 15, 2);
}

LayerSpec Convolving(LayerKind kind, int filters) {
  LayerSpec layer;
  layer.kind = kind;
  layer.filters = filters;
  return layer;
}

TEST_CASE("A network as the trainer writes it without padding qualifies", "[dense]") {
  NetworkSpec spec;
  spec.side = 30;
  LayerSpec stem = Convolving(LayerKind::kConvolution, 6);
  stem.stride = 2;                                                   // 30 -> 14
  const LayerSpec separable = Convolving(LayerKind::kSeparable, 8);  // -> 12
  LayerSpec residual = separable;
  residual.residual = true;  // -> 10
  LayerSpec pool;
  pool.kind = LayerKind::kMaxPool;
  pool.side = 2;  // -> 5
  LayerSpec mean;
  mean.kind = LayerKind::kGlobalAveragePool;
  mean.dropout = 0.2;
  spec.layers = {stem, separable, residual, pool, residual, mean};
  NetworkWeights weights;
  weights.spec = spec;
  uint32_t seed = 1;
  const auto filled = [&seed](const std::vector<int64_t>& shape) {
    int64_t count = shape.empty() ? 0 : 1;
    for (const int64_t size : shape) count *= size;
    return TestNumbers(static_cast<size_t>(count), ++seed);
  };
  for (const LayerShapes& shapes : WeightShapes(spec)) {
    weights.layers.push_back(
        {filled(shapes.depthwise), filled(shapes.weight), filled(shapes.bias)});
  }
  CheckEqual(OnnxFile(weights, {}), 30, 4);
}

std::string Refusal(ModelBuilder* model, int side = 20) {
  auto onnx = ReadOnnx(model->Bytes());
  REQUIRE(onnx.ok());
  const auto form = MakeFullyConvolutional(&onnx.value(), {.height = side, .width = side});
  REQUIRE_FALSE(form.ok());
  CHECK(form.error().code == ErrorCode::kModelUnsupported);
  return form.error().message;
}

using Catch::Matchers::ContainsSubstring;

ModelBuilder Started() {
  ModelBuilder model;
  model.Input("image", {-1, 3, 10, 10})
      .Output("answer")
      .Floats("w", {2, 3, 3, 3}, TestNumbers(54, 1));
  return model;
}

TEST_CASE("What sees the zeros around its patch is refused, and said", "[dense]") {
  ModelBuilder padded = Started();
  padded.Node("Conv", {"image", "w"}, {"c"}, {{"pads", List64{0, 1, 0, 0}}});
  CHECK_THAT(Refusal(&padded), ContainsSubstring("Conv 'Conv_of_c' pads"));
  ModelBuilder same = Started();
  same.Node("Conv", {"image", "w"}, {"c"}, {{"auto_pad", std::string("SAME_UPPER")}});
  CHECK_THAT(Refusal(&same), ContainsSubstring("pads"));
  ModelBuilder pool = Started();
  pool.Node("MaxPool", {"image"}, {"p"},
            {{"kernel_shape", List64{2, 2}}, {"pads", List64{1, 1, 1, 1}}});
  CHECK_THAT(Refusal(&pool), ContainsSubstring("MaxPool 'MaxPool_of_p' pads"));
}

TEST_CASE("What depends on where the patch ends is refused, and said", "[dense]") {
  ModelBuilder ceiling = Started();
  ceiling.Node("AveragePool", {"image"}, {"p"},
               {{"kernel_shape", List64{3, 3}}, {"ceil_mode", int64_t{1}}});
  CHECK_THAT(Refusal(&ceiling), ContainsSubstring("ceil_mode"));
  ModelBuilder slice = Started();
  slice.Ints("zero", {0, 0}).Ints("five", {5, 5}).Ints("spatial", {2, 3});
  slice.Node("Slice", {"image", "zero", "five", "spatial"}, {"s"});
  CHECK_THAT(Refusal(&slice), ContainsSubstring("no crop of rows and columns by their sides"));
  ModelBuilder unknown = Started();
  unknown.Node("LRN", {"image"}, {"n"}, {{"size", int64_t{3}}});
  CHECK_THAT(Refusal(&unknown), ContainsSubstring("LRN"));
  ModelBuilder attention = Started();  // every place would need the mean of its own patch
  attention.Node("GlobalAveragePool", {"image"}, {"mean"})
      .Node("Mul", {"image", "mean"}, {"answer"});
  CHECK_THAT(Refusal(&attention), ContainsSubstring("different places"));
}

TEST_CASE("What is not one answer a patch is refused, and said", "[dense]") {
  ModelBuilder map = Started();
  map.Node("Conv", {"image", "w"}, {"answer"});
  CHECK_THAT(Refusal(&map), ContainsSubstring("more than one number a label"));
  ModelBuilder within = Started();
  within.Node("Softmax", {"image"}, {"s"}, {{"axis", int64_t{1}}})
      .Node("GlobalAveragePool", {"s"}, {"answer"});
  CHECK_THAT(Refusal(&within), ContainsSubstring("not the last step"));
  ModelBuilder model = Pooled(26);
  CHECK_THAT(Refusal(&model, 25), ContainsSubstring("no patch that fits"));
}

TEST_CASE("A dense layer whose weights are whole numbers is refused", "[dense]") {
  ModelBuilder model = Started();
  model.WholeNumbers("d", {2, 300})
      .Node("Flatten", {"image"}, {"f"})
      .Node("Gemm", {"f", "d"}, {"answer"}, {{"transB", int64_t{1}}});
  CHECK_THAT(Refusal(&model), ContainsSubstring("constant weights"));
}

TEST_CASE("A dense layer whose weights do not fit is refused", "[dense]") {
  ModelBuilder model = Started();
  model.Floats("d", {2, 299}, TestNumbers(598, 1))
      .Node("Flatten", {"image"}, {"f"})
      .Node("Gemm", {"f", "d"}, {"answer"}, {{"transB", int64_t{1}}});
  auto onnx = ReadOnnx(model.Bytes());
  const auto form = MakeFullyConvolutional(&onnx.value(), {.height = 20, .width = 20});
  REQUIRE_FALSE(form.ok());
  CHECK(form.error().code == ErrorCode::kModelCorrupt);
}

}  // namespace
}  // namespace insitu
