// The naive loops that define convolution and pooling, NCHW, in double. Slow and plain on purpose.
#pragma once

#include <cstdint>
#include <vector>

namespace insitu {

struct ReferenceConvolution {
  int64_t height, width, inputs, outputs, groups;
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int64_t top, left, bottom, right;  // padding

  int64_t OutputHeight() const {
    return (height + top + bottom - (kernel_h - 1) * dilation_h - 1) / stride_h + 1;
  }
  int64_t OutputWidth() const {
    return (width + left + right - (kernel_w - 1) * dilation_w - 1) / stride_w + 1;
  }

  // x: (inputs, height, width); w: (outputs, inputs / groups, kernel_h, kernel_w); b: (outputs)
  std::vector<float> Run(const std::vector<float>& x, const std::vector<float>& w,
                         const std::vector<float>& b) const {
    std::vector<float> y;
    const int64_t per_group = inputs / groups;
    for (int64_t o = 0; o < outputs; ++o) {
      const int64_t first_input = o / (outputs / groups) * per_group;
      for (int64_t oy = 0; oy < OutputHeight(); ++oy) {
        for (int64_t ox = 0; ox < OutputWidth(); ++ox) {
          double sum = b[static_cast<size_t>(o)];
          for (int64_t i = 0; i < per_group; ++i) {
            for (int64_t ky = 0; ky < kernel_h; ++ky) {
              for (int64_t kx = 0; kx < kernel_w; ++kx) {
                const int64_t iy = oy * stride_h - top + ky * dilation_h;
                const int64_t ix = ox * stride_w - left + kx * dilation_w;
                if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                sum += static_cast<double>(
                           x[static_cast<size_t>(((first_input + i) * height + iy) * width + ix)]) *
                       static_cast<double>(w[static_cast<size_t>(
                           ((o * per_group + i) * kernel_h + ky) * kernel_w + kx)]);
              }
            }
          }
          y.push_back(static_cast<float>(sum));
        }
      }
    }
    return y;
  }
};

}  // namespace insitu
