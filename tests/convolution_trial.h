// A convolution of random numbers, to be compared with the naive loop that defines it.
#pragma once

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <memory>
#include <vector>

#include "shared/network/convolution.h"
#include "tests/make_model.h"
#include "tests/reference_network.h"

namespace insitu {

// (outer, middle, inner) -> (outer, inner, middle)
inline std::vector<float> Swapped(const std::vector<float>& from, int64_t outer, int64_t middle,
                                  int64_t inner) {
  std::vector<float> to;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      for (int64_t m = 0; m < middle; ++m)
        to.push_back(from[static_cast<size_t>((o * middle + m) * inner + i)]);
    }
  }
  return to;
}

using MakesConvolution = Result<std::unique_ptr<Operation>> (*)(const ConvolutionSpec& spec);

// A convolution and the numbers it is tried on, in ONNX's order.
struct Trial {
  ReferenceConvolution shape;
  std::vector<float> weights;
  std::vector<float> bias;
  MakesConvolution make = MakeConvolution;
  int64_t pool = 1;

  explicit Trial(const ReferenceConvolution& c)
      : shape(c),
        weights(TestNumbers(
            static_cast<size_t>(c.outputs * c.inputs / c.groups * c.kernel_h * c.kernel_w), 2)),
        bias(TestNumbers(static_cast<size_t>(c.outputs), 3)) {
    const auto terms = static_cast<float>(weights.size()) / static_cast<float>(c.outputs);
    for (float& weight : weights) weight /= std::sqrt(terms);  // so that sums stay about 1
  }

  size_t InputSize() const {
    return static_cast<size_t>(shape.inputs * shape.height * shape.width);
  }
  size_t OutputSize() const {
    return static_cast<size_t>(shape.outputs * (shape.OutputHeight() / pool) *
                               (shape.OutputWidth() / pool));
  }

  // By the naive loops. planes: (inputs, height, width). Returns (height, width, outputs), pooled.
  std::vector<float> Expected(const std::vector<float>& planes) const {
    const int64_t height = shape.OutputHeight();
    const int64_t width = shape.OutputWidth();
    const std::vector<float> whole =
        Swapped(shape.Run(planes, weights, bias), 1, shape.outputs, height * width);
    std::vector<float> pooled(OutputSize(), -INFINITY);
    for (int64_t y = 0; y < height / pool * pool; ++y) {
      for (int64_t x = 0; x < width / pool * pool; ++x) {
        for (int64_t c = 0; c < shape.outputs; ++c) {
          const int64_t place = y / pool * (width / pool) + x / pool;
          float& most = pooled[static_cast<size_t>(place * shape.outputs + c)];
          most = std::max(most, whole[static_cast<size_t>((y * width + x) * shape.outputs + c)]);
        }
      }
    }
    return pooled;
  }

  Result<std::unique_ptr<Operation>> Make(int64_t items, Clamp clamp) const {
    const ReferenceConvolution& c = shape;
    ConvolutionSpec spec;
    spec.window = {{c.height, c.width},          {c.OutputHeight(), c.OutputWidth()},
                   {c.kernel_h, c.kernel_w},     {c.stride_h, c.stride_w},
                   {c.dilation_h, c.dilation_w}, {c.top, c.left},
                   {c.bottom, c.right}};
    spec.items = items;
    spec.groups = c.groups;
    spec.group_inputs = c.inputs / c.groups;
    spec.group_outputs = c.outputs / c.groups;
    spec.weights =
        WeightView::ChannelsFirst(weights.data(), c.inputs / c.groups, c.kernel_h * c.kernel_w);
    spec.bias = bias.data();
    spec.clamp = clamp;
    spec.pool = pool;
    return make(spec);
  }

  // input: images, (items * batch, height, width, inputs).
  std::vector<float> Run(int64_t items, int batch, Clamp clamp,
                         const std::vector<float>& input) const {
    auto operation = Make(items, clamp);
    REQUIRE(operation.ok());
    std::vector<float> output(static_cast<size_t>(items * batch) * OutputSize(), NAN);
    const Operand operand{input.data(), items * static_cast<int64_t>(InputSize())};
    REQUIRE(
        operation.value()
            ->Bind(batch, {&operand, 1}, output.data(), items * static_cast<int64_t>(OutputSize()))
            .ok());
    operation.value()->Run();
    return output;
  }

  // Whether it reads its input and nothing beside it, and writes its output and nothing beyond.
  bool StaysWithin() const {
    auto operation = Make(1, {});
    REQUIRE(operation.ok());
    std::vector<float> input(InputSize() + 128, NAN);
    std::fill_n(input.begin() + 64, InputSize(), 1.0F);
    std::vector<float> output(OutputSize(), NAN);
    output.push_back(7);
    const Operand operand{input.data() + 64, static_cast<int64_t>(InputSize())};
    REQUIRE(operation.value()->Bind(1, {&operand, 1}, output.data(), 0).ok());
    operation.value()->Run();
    return output.back() == 7 &&
           std::none_of(output.begin(), output.end(), [](float v) { return std::isnan(v); });
  }

  // The largest difference from the naive loop over a batch of images with `items` each.
  float Worst(int64_t items, int batch, Clamp clamp = {}) const {
    const ReferenceConvolution& c = shape;
    const auto images = static_cast<size_t>(items * batch);
    const std::vector<float> planes = TestNumbers(images * InputSize(), 1);
    const std::vector<float> input = Swapped(planes, items * batch, c.inputs, c.height * c.width);
    const std::vector<float> output = Run(items, batch, clamp, input);
    float worst = 0;
    for (size_t image = 0; image < images; ++image) {
      const auto at = planes.begin() + static_cast<std::ptrdiff_t>(image * InputSize());
      const std::vector<float> expected =
          Expected({at, at + static_cast<std::ptrdiff_t>(InputSize())});
      for (size_t i = 0; i < expected.size(); ++i) {
        const float error = std::fabs(output[image * OutputSize() + i] - clamp(expected[i]));
        worst = error <= worst ? worst : error;  // NaN counts
      }
    }
    return worst;
  }

  // And over batches, images and a clamp.
  float WorstOfAll() const {
    return std::max({Worst(1, 1), Worst(1, 3), Worst(2, 2), Worst(1, 2, {-0.25F, 0.5F})});
  }

  // Whether a NaN at that pixel of the input reaches every output whose window sees it, through a
  // clamp.
  bool CarriesNan(int64_t at) const {
    const ReferenceConvolution& c = shape;
    std::vector<float> input(InputSize(), 1.0F);
    input[static_cast<size_t>(at * c.inputs + 1)] = NAN;
    const std::vector<float> output = Run(1, 1, {0, 6}, input);
    for (int64_t y = 0; y < c.OutputHeight(); ++y) {
      for (int64_t x = 0; x < c.OutputWidth(); ++x) {
        const int64_t row = at / c.width - (y * c.stride_h - c.top);
        const int64_t column = at % c.width - (x * c.stride_w - c.left);
        if (row < 0 || row >= c.kernel_h || column < 0 || column >= c.kernel_w) continue;
        const auto first = output.begin() + (y * c.OutputWidth() + x) * c.outputs;
        if (!std::all_of(first, first + c.outputs, [](float v) { return std::isnan(v); })) {
          return false;
        }
      }
    }
    return true;
  }
};

}  // namespace insitu
