#include "shared/network/convolution.h"

#include "shared/network/depthwise.h"
#include "shared/network/matrix_convolution.h"
#include "shared/network/narrow_winograd.h"
#include "shared/network/winograd.h"

namespace insitu {

bool PoolsInOnePass(const ConvolutionSpec& spec) {
  return spec.pool == 1 || SuitsNarrowWinograd(spec);
}

Result<std::unique_ptr<Operation>> MakeConvolution(const ConvolutionSpec& spec) {
  if (spec.group_inputs == 1 && spec.group_outputs == 1 && spec.groups >= kMinDepthwiseChannels) {
    return MakeDepthwise(spec);
  }
  if (SuitsNarrowWinograd(spec)) return MakeNarrowWinograd(spec);
  if (SuitsWinograd(spec)) return MakeWinograd(spec);
  return MakeMatrixConvolution(spec);
}

// Each row is a pixel.
Result<std::unique_ptr<Operation>> MakeDense(const DenseSpec& spec) {
  ConvolutionSpec pixels;
  pixels.window.input[0] = pixels.window.output[0] = spec.rows;
  pixels.group_inputs = spec.inputs;
  pixels.group_outputs = spec.outputs;
  pixels.weights = spec.weights;
  pixels.bias = spec.bias;
  pixels.clamp = spec.clamp;
  const bool by_bfloats = kPrefersBfloat && spec.weights.AreBfloats(spec.inputs * spec.outputs);
  return MakeMatrixConvolution(pixels, by_bfloats ? BfloatKernel() : ChooseMatrixKernel());
}

}  // namespace insitu
