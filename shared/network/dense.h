// A network that reads one patch -> the graph that reads every patch of a larger image in one pass:
// a dense layer becomes a convolution whose kernel is all that the layer saw, a global pool becomes
// a pool of that size (Long, Shelhamer & Darrell, CVPR 2015, "convolutionalization").
//
// Only where the answer at each place is the patch's own, to rounding: a patch of such a network
// sees nothing of where it was cut. So a convolution or a pool with padding is refused, for it sees
// the zeros around its patch; ceil_mode too, whose last window depends on where the patch ends; and
// whatever else is not known to look at each place alike. A network that is refused is read patch
// by patch. Residual layers without padding, whose shortcut a Slice cuts to size, are not refused.
#pragma once

#include "shared/network/onnx.h"
#include "shared/result.h"

namespace insitu {

// Places that are not as far apart as the network's own are read in several passes, each from
// another pixel on. What comes before the first step that is too long for them is the same to all:
// the graph can be made in two parts there, the first of which is run once.
enum class DensePart { kWhole, kShared, kRest };

struct DenseRequest {
  int height = 0;  // of the input: the image, or of kRest what it is given
  int width = 0;
  int pick = 1;    // the dense layer leaves out the places between every pick-th
  int stride = 0;  // pixels between the places of all passes; 0: no cut is looked for
  DensePart part = DensePart::kWhole;
};

// Where a graph is cut in two: behind a window that steps, which takes each step of one in the
// first part. A pass takes every stride-th of its places.
struct DenseCut {
  int step = 0;  // pixels between the places of the first part; 0: there is no such cut
  int stride = 0;
  int channels = 0;
  int height = 0;  // places of a patch in the first part
  int width = 0;
  int rest_height = 0;  // and those that the second is given of it
  int rest_width = 0;
};

// What a patch network is as a convolution.
struct DenseForm {
  int width = 0;  // of the patch, pixels
  int height = 0;
  int stride = 0;  // pixels between neighbouring places of its own map: the product of its strides
  // Its last Softmax was left out: the outputs are logits, whose softmax over the labels it would
  // have been.
  bool outputs_logits = false;
  DenseCut cut;  // for the stride that was asked for
};

// Rewrites the model, in place, for an input of (height, width), so that its output is
// (1, labels, rows, columns): place (row, column) is the patch whose top left pixel is
// (row, column) * pick * stride. The image has to hold one patch at least; what is over at its
// right and bottom is not looked at. The model is read with Halves::kWiden; its input has to be (1
// or open, channels, height, width). kShared: its output is the first part's (1, channels, rows,
// columns) instead. Errors: kModelUnsupported, with why it cannot be done exactly; then the model
// is of no use.
Result<DenseForm> MakeFullyConvolutional(OnnxModel* model, const DenseRequest& request);

}  // namespace insitu
