#include "shared/network/narrow_convolution.h"

#include "shared/network/matrix_convolution.h"

namespace insitu {
namespace {

// More channels are long enough for a tap of their own.
constexpr int64_t kMaxNarrowChannels = 4;

}  // namespace

bool IsNarrow(const ConvolutionSpec& spec) {
  const Window& w = spec.window;
  return spec.groups == 1 && spec.group_inputs <= kMaxNarrowChannels && w.kernel[1] > 1 &&
         w.dilation[1] == 1 && w.pad_begin[1] == 0 && w.pad_end[1] == 0;
}

Result<std::unique_ptr<Operation>> MakeNarrowConvolution(const ConvolutionSpec& spec) {
  ConvolutionSpec joined = spec;
  joined.pixel_values = spec.group_inputs;
  joined.group_inputs = spec.window.kernel[1] * spec.group_inputs;
  joined.window.kernel[1] = 1;
  return MakeMatrixConvolution(joined);
}

}  // namespace insitu
