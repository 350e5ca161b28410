#include "shared/dense_pass.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "model/network_spec.h"
#include "model/onnx_writer.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr float kTolerance = 1e-5F;

// Channels are enough for every kind of convolution that the engine has.
std::vector<uint8_t> Model(int side, int stem_stride, int pool, int second_pool) {
  const auto convolving = [](int filters, int stride) {
    LayerSpec layer;
    layer.kind = LayerKind::kConvolution;
    layer.filters = filters;
    layer.stride = stride;
    return layer;
  };
  LayerSpec pooling[2];
  pooling[0].kind = pooling[1].kind = LayerKind::kMaxPool;
  pooling[0].side = pool;
  pooling[1].side = second_pool;
  LayerSpec dense;
  dense.kind = LayerKind::kDense;
  dense.filters = 20;
  NetworkSpec spec;
  spec.side = side;
  spec.layers = {convolving(12, stem_stride), pooling[0], convolving(16, 1), pooling[1], dense};
  NetworkWeights weights;
  weights.spec = spec;
  uint32_t seed = 1;
  const auto filled = [&seed](const std::vector<int64_t>& shape) {
    int64_t count = shape.empty() ? 0 : 1;
    for (const int64_t size : shape) count *= size;
    auto numbers = TestNumbers(static_cast<size_t>(count), ++seed);
    const auto terms = static_cast<float>(shape.empty() ? 1 : count / shape[0]);
    for (float& number : numbers) number /= std::sqrt(terms);
    return numbers;
  };
  for (const LayerShapes& shapes : WeightShapes(spec)) {
    weights.layers.push_back(
        {filled(shapes.depthwise), filled(shapes.weight), filled(shapes.bias)});
  }
  return OnnxFile(weights, {});
}

DenseForm FormOf(const std::vector<uint8_t>& model, int side) {
  auto onnx = ReadOnnx(model);
  const auto form = MakeFullyConvolutional(&onnx.value(), {.height = side, .width = side});
  INFO((form.ok() ? "" : form.error().message));
  REQUIRE(form.ok());
  return form.value();
}

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<float> values;

  Picture(int w, int h)
      : width(w), height(h), values(TestNumbers(static_cast<size_t>(w * h * 3), 5)) {}
  Grid grid() const { return {values.data(), width, height, 3}; }
};

// The largest difference of any wanted place from the network's answer for its patch.
float Worst(const std::vector<uint8_t>& model, int side, const Picture& picture, int stride, int x,
            int y, int columns, int rows) {
  auto made = DensePass::Create(model, FormOf(model, side), stride, columns, rows);
  INFO((made.ok() ? "" : made.error().message));
  REQUIRE(made.ok());
  REQUIRE(made.value());
  const auto count = static_cast<size_t>(columns * rows);
  std::vector<uint8_t> wanted(count);
  for (size_t i = 0; i < count; ++i) wanted[i] = i % 7 != 3;
  std::vector<float> answers(count * 2, NAN);
  REQUIRE(made.value()->Run({picture.grid(), x, y, columns, rows, wanted, answers}).ok());
  auto network = Network::Create(std::move(ReadOnnx(model).value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  std::vector<float> patch(static_cast<size_t>(side * side * 3));
  float worst = 0;
  for (size_t place = 0; place < count; ++place) {
    if (wanted[place] == 0) continue;
    const int left = x + static_cast<int>(place) % columns * stride;
    const int top = y + static_cast<int>(place) / columns * stride;
    for (int row = 0; row < side; ++row) {
      std::copy_n(&picture.values[static_cast<size_t>(((top + row) * picture.width + left) * 3)],
                  side * 3, &patch[static_cast<size_t>(row * side * 3)]);
    }
    float expected[2];
    REQUIRE(network.value().Run(1, patch, expected).ok());
    const float* logits = &answers[place * 2];  // the last softmax is left to who reads them
    const float first = 1 / (1 + std::exp(logits[1] - logits[0]));
    const float error = std::fabs(first - expected[0]);
    worst = error <= worst ? worst : error;
  }
  return worst;
}

TEST_CASE("Places of any stride have the answers of their patches", "[dense_pass]") {
  const auto model = Model(44, 1, 3, 3);  // its own places are 9 pixels apart
  CHECK(FormOf(model, 44).stride == 9);
  const Picture picture(150, 130);
  for (const int stride : {1, 2, 3, 4, 6, 7, 9, 12, 18}) {
    INFO("stride " << stride);
    CHECK(Worst(model, 44, picture, stride, 3, 5, 100 / stride, 80 / stride) < kTolerance);
  }
}

TEST_CASE("A first convolution that steps is shared pixel by pixel", "[dense_pass]") {
  const auto model = Model(29, 2, 2, 2);
  CHECK(FormOf(model, 29).stride == 8);
  const Picture picture(100, 90);
  for (const int stride : {1, 2, 3, 4, 5, 8}) {
    INFO("stride " << stride);
    CHECK(Worst(model, 29, picture, stride, 0, 0, 70 / stride, 60 / stride) < kTolerance);
  }
}

TEST_CASE("Where a later layer reads more of the first part, passes share nothing",
          "[dense_pass]") {
  const std::vector<int64_t> two = {2, 2};
  ModelBuilder builder;
  builder.Input("image", {-1, 3, 12, 12})
      .Output("answer")
      .Floats("w1", {4, 3, 3, 3}, TestNumbers(108, 1))
      .Floats("w2", {2, 4 * 5 * 5}, TestNumbers(200, 2))
      .Node("Conv", {"image", "w1"}, {"c"}, {{"kernel_shape", std::vector<int64_t>{3, 3}}})
      .Node("MaxPool", {"c"}, {"most"}, {{"kernel_shape", two}, {"strides", two}})
      .Node("AveragePool", {"c"}, {"mean"}, {{"kernel_shape", two}, {"strides", two}})
      .Node("Add", {"most", "mean"}, {"both"})
      .Node("Flatten", {"both"}, {"flat"})
      .Node("Gemm", {"flat", "w2"}, {"logits"}, {{"transB", int64_t{1}}})
      .Node("Softmax", {"logits"}, {"answer"});
  const auto model = builder.Bytes();
  auto onnx = ReadOnnx(model);
  const auto form = MakeFullyConvolutional(
      &onnx.value(), {.height = 12, .width = 12, .stride = 3, .part = DensePart::kShared});
  REQUIRE_FALSE(form.ok());
  CHECK(form.error().code == ErrorCode::kModelUnsupported);
  const Picture picture(40, 30);
  for (const int stride : {1, 2, 3}) {
    CHECK(Worst(model, 12, picture, stride, 1, 0, 27 / stride, 18 / stride) < kTolerance);
  }
}

TEST_CASE("One place is a pass, and so are more than are run at a time", "[dense_pass]") {
  const auto model = Model(26, 1, 3, 3);
  const Picture picture(26, 26);
  CHECK(Worst(model, 26, picture, 4, 0, 0, 1, 1) < kTolerance);
  const Picture wide(26 + 4 * 220, 30);
  CHECK(Worst(model, 26, wide, 4, 0, 0, 221, 2) < kTolerance);
}

TEST_CASE("What passes share is counted once", "[dense_pass]") {
  const auto model = Model(26, 1, 3, 2);  // its own places are 6 pixels apart
  const DenseForm form = FormOf(model, 26);
  const auto cost = [&](int stride) {
    return DensePass::Create(model, form, stride, 96, 96).value()->MultiplyAdds();
  };
  // A pass by itself has places 12 pixels apart in both, but only for the first it is one of nine.
  CHECK(cost(4) < 0.7 * cost(12));
}

TEST_CASE("Where the network's places and these meet too seldom there is no pass", "[dense_pass]") {
  const auto model = Model(26, 1, 3, 3);
  const DenseForm form = FormOf(model, 26);
  CHECK(DensePass::Create(model, form, 455, 3, 3).value());
  CHECK_FALSE(DensePass::Create(model, form, 457, 3, 3).value());
}

}  // namespace
}  // namespace insitu
