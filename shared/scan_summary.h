// What a map says as a whole: areas, the positive part, the largest focus, the most suspicious
// places; of a film its score and marks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/model_info.h"
#include "shared/scan.h"
#include "shared/scan_plan.h"

namespace insitu {

// Places that a summary names at most; their patches do not overlap.
inline constexpr size_t kSuspiciousPlaces = 5;

struct ScanPlace {
  int column = 0;
  int row = 0;
  int x = 0;  // centre of its patch, pixels at the model's scale
  int y = 0;
  double probability = 0;
  std::optional<CalibrationPoint> interval;  // absent when the model has none
};

// Judged cells at or above the threshold that touch by their sides.
struct ScanFocus {
  size_t cells = 0;
  int left = 0;  // of what its cells cover, pixels at the model's scale
  int top = 0;
  int width = 0;
  int height = 0;
  double x = 0;  // mean of its cells' centres
  double y = 0;
};

// Judged cells that are no answer: of a probability in [low, high), positive or not.
struct ScanUncertain {
  size_t cells = 0;
  UncertainBand band;  // as it is in force: UncertainAt
};

struct ScanSummary {
  double threshold = 0;
  double cell_mm2 = 0;
  double image_mm2 = 0;
  // Of what is nearer to the image's edge than its outermost cells, and so not in the map.
  double rim_mm2 = 0;
  size_t judged = 0;  // cells
  size_t no_tissue = 0;
  size_t outside_region = 0;
  std::array<size_t, 256 - kRefusedCell> refused = {};                      // by GateReason
  std::array<size_t, kRefusedCell - kJudgedAnywayCell> judged_anyway = {};  // of judged, the same
  size_t positive = 0;  // judged, at or above the threshold
  // Those of them whose calibration interval is wholly at or above it; and all of which a part is.
  // Absent when the model has no interval.
  std::optional<std::array<size_t, 2>> positive_bounds;
  std::optional<ScanUncertain> uncertain;  // absent when the model has no band
  std::optional<ScanFocus> focus;
  std::vector<ScanPlace> suspicious;  // most probable first
  std::vector<ScanPlace> marks;       // of a film, strongest first
};

// values, verdicts: (plan.rows, plan.columns), as the blocks gave them. Errors: kInvalidArgument
// when they are of another size.
Result<ScanSummary> Summarise(const ScanPlan& plan, const ModelInfo& info,
                              std::span<const float> values, std::span<const uint8_t> verdicts,
                              double threshold);

// {"threshold", "cell": {"columns", "rows", "stride", "um_per_pixel"},
//  "gate": {"says_film", "judge_anyway"},
//  "area_mm2": {"image", "rim", "judged", "judged_anyway": {REASON: …}, "no_tissue",
//    "outside_region", "refused": {REASON: …}},
//  "positive": {"cells", "area_mm2", "fraction", "interval": [low, high] or null},
//  "uncertain": {"cells", "area_mm2", "fraction", "low", "high", "coverage"} or null,
//  "largest_focus": {"cells", "area_mm2", "x", "y", "left", "top", "width", "height"} or null,
//  "suspicious": [{"column", "row", "x", "y", "probability", "interval"}…],
//  "film": {"score", "marks": [{"column", …}…]} or null}
// gate: as it was heeded (ScanGate). judged_anyway: the part of judged that the gate refused.
// fraction and interval: of the judged area; fraction null when there is none. low, high: of the
// band in force; coverage: what the model's own was made for (insitu.uncertain). x, y, left, top,
// width and height: pixels at the model's scale. score: of the strongest mark, null without one.
std::string SummaryJson(const ScanPlan& plan, const ScanSummary& summary);

}  // namespace insitu
