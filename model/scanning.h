// A whole image scanned on several threads, as `insitu scan` and the benchmarks do it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/image.h"
#include "shared/result.h"
#include "shared/scan.h"

namespace insitu {

struct ScanRequest {
  double um_per_pixel = 0;  // of the image
  int stride = 0;           // as Scanner::Plan takes it
  ScanWay way = ScanWay::kChoose;
  int threads = 1;
  ScanGate gate = {};
};

struct ScanMap {
  std::vector<float> values;  // (rows, columns) of the plan
  std::vector<uint8_t> verdicts;
  double ms = 0;  // without making the scanners
};

// One scanner a thread, each made of the model and planned. Errors: those of Create and Plan.
Result<std::vector<Scanner>> MakeScanners(std::span<const uint8_t> model, const Image& image,
                                          const ScanRequest& request);

// A rectangle of the image, which has to lie in it.
Image CutBlock(const Image& image, const ScanBlock& block);

// Hands the blocks out to the scanners. Errors: those of Run.
Result<ScanMap> ScanImageWith(std::vector<Scanner>* scanners, const Image& image);

}  // namespace insitu
