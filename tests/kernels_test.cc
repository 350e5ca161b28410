#include "shared/network/kernels.h"

#include <catch_amalgamated.hpp>
#include <cmath>

#include "tests/make_model.h"

namespace insitu {
namespace {

template <typename Kernel>
std::vector<float> Output(const Kernel& kernel, const std::vector<float>& a,
                          const std::vector<float>& b, size_t count) {
  std::vector<float> output(count, NAN);
  const float* const inputs[] = {a.data(), b.data()};
  kernel.Run(inputs, output.data());
  return output;
}

TEST_CASE("A clamp bounds numbers and lets NaN through", "[kernels]") {
  const Clamp clamp{0, 6};
  CHECK(clamp(-1) == 0);
  CHECK(clamp(3) == 3);
  CHECK(clamp(7) == 6);
  CHECK(std::isnan(clamp(NAN)));
}

TEST_CASE("A remap fills where a table says so and copies elsewhere", "[kernels]") {
  Remap remap;
  remap.dims = {2, 3};
  remap.tables = {3, 0, Remap::kFill, 1, 0};
  remap.output_strides = {3, 1};
  remap.fill = 9;
  CHECK(Output(remap, {1, 2, 3, 4, 5, 6}, {}, 6) == std::vector<float>{9, 5, 4, 9, 2, 1});
}

TEST_CASE("A remap of a scalar copies one number", "[kernels]") {
  CHECK(Output(Remap{}, {7}, {}, 1) == std::vector<float>{7});
}

TEST_CASE("Simplifying a broadcast changes no result", "[kernels]") {
  struct Case {
    Shape dims, a, b;
  };
  const Case cases[] = {
      {{2, 3, 4}, {12, 4, 1}, {12, 4, 1}}, {{2, 3, 4}, {12, 4, 1}, {0, 0, 1}},
      {{2, 3, 4}, {12, 4, 1}, {0, 4, 0}},  {{2, 3, 4}, {12, 4, 1}, {0, 0, 0}},
      {{2, 1, 4}, {4, 4, 1}, {0, 7, 1}},   {{1, 3, 1}, {3, 1, 1}, {3, 1, 1}},
      {{2, 3, 4}, {0, 4, 1}, {12, 0, 1}},
  };
  const auto a = TestNumbers(24, 1);
  const auto b = TestNumbers(24, 2);
  for (const Case& c : cases) {
    const BinaryKernel plain{Binary::kSub, c.dims, c.a, c.b, {}};
    BinaryKernel simple = plain;
    simple.Simplify();
    const auto count = static_cast<size_t>(ElementCount(c.dims));
    CHECK(simple.dims.size() <= plain.dims.size());
    CHECK(Output(simple, a, b, count) == Output(plain, a, b, count));
  }
}

TEST_CASE("A dimension without elements gives nothing", "[kernels]") {
  const BinaryKernel kernel{Binary::kAdd, {2, 0, 3}, {0, 3, 1}, {0, 3, 1}, {}};
  CHECK(Output(kernel, {}, {}, 0).empty());
}

TEST_CASE("A mean pool divides by what lies inside, or by the padding too", "[kernels]") {
  Window window;
  window.input[0] = window.input[1] = 2;
  window.output[0] = window.output[1] = 2;
  window.kernel[0] = window.kernel[1] = 2;
  window.pad_begin[0] = window.pad_begin[1] = 1;
  const std::vector<float> x = {1, 2, 3, 4};
  CHECK(Output(Pool{Pool::Kind::kMean, window, 1, false}, x, {}, 4) ==
        std::vector<float>{1, 1.5F, 2, 2.5F});
  CHECK(Output(Pool{Pool::Kind::kMean, window, 1, true}, x, {}, 4) ==
        std::vector<float>{0.25F, 0.75F, 1, 2.5F});
}

TEST_CASE("Padding never wins a maximum", "[kernels]") {
  Window window;
  window.output[1] = 2;
  window.input[1] = 1;
  window.kernel[1] = 2;
  window.pad_begin[1] = window.pad_end[1] = 1;
  CHECK(Output(Pool{Pool::Kind::kMax, window, 1, false}, {-5}, {}, 2) ==
        std::vector<float>{-5, -5});
}

// The naive loop that defines a pool.
std::vector<float> PooledNaively(const Pool& pool, const std::vector<float>& x) {
  const Window& w = pool.window;
  std::vector<float> y;
  for (int64_t oy = 0; oy < w.output[0]; ++oy) {
    for (int64_t ox = 0; ox < w.output[1]; ++ox) {
      for (int64_t c = 0; c < pool.channels; ++c) {
        double sum = 0;
        float largest = -std::numeric_limits<float>::infinity();
        int taps = 0;
        for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
          for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const int64_t iy = oy * w.stride[0] - w.pad_begin[0] + ky * w.dilation[0];
            const int64_t ix = ox * w.stride[1] - w.pad_begin[1] + kx * w.dilation[1];
            if (iy < 0 || iy >= w.input[0] || ix < 0 || ix >= w.input[1]) continue;
            const float v = x[static_cast<size_t>((iy * w.input[1] + ix) * pool.channels + c)];
            sum += static_cast<double>(v);
            largest = v < largest ? largest : v;
            ++taps;
          }
        }
        y.push_back(pool.kind == Pool::Kind::kMax ? largest : static_cast<float>(sum / taps));
      }
    }
  }
  return y;
}

TEST_CASE("A pool equals the naive loop for any number of channels", "[kernels]") {
  const Window windows[] = {
      // input, output, kernel, stride, dilation, padding
      {{7, 9}, {3, 4}, {2, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
      {{8, 8}, {4, 4}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
      {{9, 11}, {5, 3}, {3, 4}, {1, 2}, {2, 2}, {0, 0}, {0, 0}},
      {{1, 35}, {1, 1}, {1, 35}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
  };
  for (const Window& window : windows) {
    for (int64_t channels = 1; channels <= 41; ++channels) {
      const auto count = static_cast<size_t>(window.input[0] * window.input[1] * channels);
      const std::vector<float> x = TestNumbers(count, 1);
      for (const Pool::Kind kind : {Pool::Kind::kMax, Pool::Kind::kMean}) {
        const Pool pool{kind, window, channels, false};
        const std::vector<float> expected = PooledNaively(pool, x);
        const std::vector<float> y = Output(pool, x, {}, expected.size());
        for (size_t i = 0; i < y.size(); ++i) CHECK(std::fabs(y[i] - expected[i]) < 1e-6F);
      }
    }
  }
}

TEST_CASE("A mean overflows to infinity and keeps subnormals; infinity and NaN pass through a pool",
          "[kernels]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Window window;
  window.input[1] = window.kernel[1] = 2;
  const Pool mean{Pool::Kind::kMean, window, 4, false};
  const Pool largest{Pool::Kind::kMax, window, 4, false};
  const std::vector<float> x = {3e38F, 2e-45F, NAN, -kInfinity, 3e38F, 2e-45F, 1, -kInfinity};
  const std::vector<float> means = Output(mean, x, {}, 4);
  CHECK(means[0] == kInfinity);
  CHECK(means[1] == 1.4e-45F);
  CHECK(std::isnan(means[2]));
  CHECK(means[3] == -kInfinity);
  const std::vector<float> most = Output(largest, x, {}, 4);
  CHECK(most[0] == 3e38F);
  CHECK(most[1] == 2e-45F);
  CHECK(most[3] == -kInfinity);
}

TEST_CASE("Softmax of large numbers stays finite", "[kernels]") {
  const auto y = Output(Softmax{1, 2, 1}, {1000, 1001}, {}, 2);
  CHECK(std::fabs(y[0] - 0.26894143F) < 1e-6F);
  CHECK(std::fabs(y[0] + y[1] - 1) < 1e-6F);
}

TEST_CASE("Sigmoid, tanh and the hard functions have their known values at zero and far from it",
          "[kernels]") {
  const std::vector<float> x = {-110, 0, 100};
  CHECK(Output(UnaryKernel{Unary::kSigmoid, 0, 0, 3}, x, {}, 3) == std::vector<float>{0, 0.5F, 1});
  CHECK(Output(UnaryKernel{Unary::kHardSwish, 0, 0, 3}, x, {}, 3) == std::vector<float>{0, 0, 100});
  CHECK(Output(UnaryKernel{Unary::kTanh, 0, 0, 3}, x, {}, 3) == std::vector<float>{-1, 0, 1});
  CHECK(Output(UnaryKernel{Unary::kHardSigmoid, 0.2F, 0.5F, 3}, x, {}, 3) ==
        std::vector<float>{0, 0.5F, 1});
}

}  // namespace
}  // namespace insitu
