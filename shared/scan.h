// A model over an image larger than a patch: the map of what it says of every place, block by
// block. The page (wasm/scan_api.h) and `insitu scan` both come through here.
//
// What a block gives does not depend on which scanner works it out, or in which order: pixels are
// resampled in the image's own coordinates, and a place of the map is computed from its own patch.
// How the image is cut into blocks changes an answer by rounding alone: where a place lies in a
// block is where it lies in a tile of a convolution (network/winograd.h). Probabilities stay within
// 1e-5.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/breast_mask.h"
#include "shared/dense_pass.h"
#include "shared/gate.h"
#include "shared/image.h"
#include "shared/model_info.h"
#include "shared/network/network.h"
#include "shared/result.h"
#include "shared/scan_plan.h"

namespace insitu {

// Offered whatever a network's own stride: 16 µm at 4 µm per pixel, about two nuclei.
inline constexpr int kFineStride = 4;

// What a cell is. From kRefusedCell on: refused by the gate, its GateReason on top; from
// kJudgedAnywayCell on: the same, and judged because a person asked (ScanGate).
inline constexpr uint8_t kJudgedCell = 0;
inline constexpr uint8_t kNoTissueCell = 1;       // glass; of a film: outside of the breast
inline constexpr uint8_t kOutsideRegionCell = 2;  // of a region drawn by hand: set by the caller
inline constexpr uint8_t kJudgedAnywayCell = 50;
inline constexpr uint8_t kRefusedCell = 100;

// Whether such a cell has a value.
inline bool IsJudged(uint8_t verdict) {
  return verdict == kJudgedCell || (verdict >= kJudgedAnywayCell && verdict < kRefusedCell);
}

// How a map is computed: by the model as it is, patch by patch, or by its fully convolutional form
// (dense_pass.h). Chosen by which takes fewer multiply-adds, as the layers are defined: the kernels
// save in both.
struct ScanMethod {
  bool dense = false;
  double multiply_adds = 0;  // of a cell
};

// The method can be left to the scanner, or asked for, to compare the two.
enum class ScanWay { kChoose, kPatches, kDense };

// Not thread-safe; one instance a thread. Movable, not copyable.
class Scanner {
 public:
  // model: an ONNX file, as Classifier::Create takes it, and checked as it is there; not referred
  // to after the call. Errors: those of Classifier::Create.
  static Result<Scanner> Create(std::span<const uint8_t> model);

  // Errors: those of MakeScanPlan; kModelUnsupported where kDense is asked for and cannot be.
  Status Plan(const ScanImage& image, int stride, ScanWay way = ScanWay::kChoose,
              int block_side = kBlockSide);
  const ScanPlan& plan() const { return plan_; }
  const ScanMethod& method() const { return method_; }

  // Computes a block. pixels: of its rectangle, (height, width, channels) u8. Errors:
  // kInvalidArgument when there is no such block or it is of another size, kNotFinite.
  Status Run(int block, const Image& pixels);

  // Of the last block: (rows, columns). Calibrated probability of the positive label, NaN where the
  // verdict is not one that IsJudged. Of a film, smoothed as its marks want it.
  const std::vector<float>& values() const { return values_; }
  const std::vector<uint8_t>& verdicts() const { return verdicts_; }

  const ModelInfo& info() const { return info_; }
  const std::string& sha256() const { return sha256_; }
  // Pixels between the places of the network's own map; 0 where it has to be run patch by patch,
  // and why.
  int natural_stride() const { return form_ ? form_->stride : 0; }
  const std::string& why_not_dense() const { return why_not_dense_; }
  // Of all memory that the networks use.
  int64_t ArenaBytes() const;

 private:
  Scanner(ModelInfo info, std::string sha256, std::vector<uint8_t> model)
      : info_(std::move(info)), sha256_(std::move(sha256)), model_(std::move(model)) {}

  Status FindForm();
  Status PlanPatches();
  void Resample(const ScanBlock& block, const Image& pixels);
  void JudgeTiles(const ScanBlock& block);
  void JudgeFilm();
  uint8_t RefusedCell(GateReason reason) const;
  Status RunPatches(const ScanBlock& block);
  Status RunDense(const ScanBlock& block);
  Status Keep(std::span<float> outputs, bool logits, float* value);
  void GatherPatch(int x, int y, float* to) const;
  void SmoothFilm();

  ModelInfo info_;
  std::string sha256_;
  std::vector<uint8_t> model_;
  std::optional<DenseForm> form_;
  std::string why_not_dense_;

  ScanPlan plan_;
  ScanMethod method_;
  std::optional<Network> patches_;
  std::optional<DensePass> dense_;

  Span across_;  // pixels at the model's scale that the block was resampled to
  Span down_;
  Image scaled_;              // them, rounded, in the image's own channels
  Image film_;                // of a film: the same in grey
  std::vector<float> input_;  // them as the network's input: (rows, columns, input.channels)
  std::vector<float> batch_;
  std::vector<float> outputs_;
  std::vector<uint8_t> wanted_;
  std::vector<float> labels_;
  std::vector<float> values_;
  std::vector<uint8_t> verdicts_;
};

// The strides below the patch's side that the dense pass offers, finest first: the divisors of the
// natural one and, where that is coarser, kFineStride. Of 0: none.
std::vector<int> OfferedStrides(int natural_stride);

// ErrorName, and the names of what only a scan says.
const char* ScanErrorName(ErrorCode code);

}  // namespace insitu
