#include "wasm/scan_api.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "shared/scan.h"
#include "shared/scan_summary.h"

struct insitu_scanner {
  insitu::Scanner scanner;
  std::vector<int> strides;  // that the dense pass offers
  bool planned = false;
  insitu::Image pixels;  // of the next block
  std::string summary;
};

namespace {

// The texts of the last failure.
insitu::Error last_error{insitu::ErrorCode::kOk, ""};  // NOLINT: one instance, one thread

int Report(const insitu::Status& status) {
  if (status.ok()) return 0;
  last_error = status.error();
  return static_cast<int>(last_error.code);
}

double ModelNumber(const insitu_scanner& held, int32_t key, int32_t index) {
  const insitu::ModelInfo& info = held.scanner.info();
  switch (key) {
    case INSITU_SCAN_UM_PER_PIXEL:
      return info.um_per_pixel;
    case INSITU_SCAN_PATCH_WIDTH:
      return info.input.width;
    case INSITU_SCAN_PATCH_HEIGHT:
      return info.input.height;
    case INSITU_SCAN_CHANNELS:
      return info.input.channels;
    case INSITU_SCAN_THRESHOLD:
      return info.threshold;
    case INSITU_SCAN_NATURAL_STRIDE:
      return held.scanner.natural_stride();
    case INSITU_SCAN_STRIDE_COUNT:
      return static_cast<double>(held.strides.size());
    case INSITU_SCAN_STRIDE_OFFERED:
      if (index < 0 || static_cast<size_t>(index) >= held.strides.size()) return NAN;
      return held.strides[static_cast<size_t>(index)];
    case INSITU_SCAN_WARN_MAGNIFICATION:
      return insitu::kWarnMagnification;
    case INSITU_SCAN_MOST_MAGNIFICATION:
      return insitu::kMostMagnification;
    default:
      return NAN;
  }
}

double PlanNumber(const insitu::Scanner& scanner, int32_t key) {
  const insitu::ScanPlan& plan = scanner.plan();
  switch (key) {
    case INSITU_SCAN_COLUMNS:
      return plan.columns;
    case INSITU_SCAN_ROWS:
      return plan.rows;
    case INSITU_SCAN_STRIDE:
      return plan.stride;
    case INSITU_SCAN_SCALED_WIDTH:
      return plan.scaled_width;
    case INSITU_SCAN_SCALED_HEIGHT:
      return plan.scaled_height;
    case INSITU_SCAN_MAGNIFICATION:
      return plan.magnification;
    case INSITU_SCAN_IS_DENSE:
      return scanner.method().dense ? 1 : 0;
    case INSITU_SCAN_BLOCK_COUNT:
      return plan.block_count();
    case INSITU_SCAN_MULTIPLY_ADDS:
      return scanner.method().multiply_adds;
    default:
      return NAN;
  }
}

double BlockNumber(const insitu::ScanPlan& plan, int32_t key, int32_t index) {
  if (index < 0 || index >= plan.block_count()) return NAN;
  const insitu::ScanBlock block = plan.Block(index);
  switch (key) {
    case INSITU_SCAN_BLOCK_X:
      return block.x;
    case INSITU_SCAN_BLOCK_Y:
      return block.y;
    case INSITU_SCAN_BLOCK_WIDTH:
      return block.width;
    case INSITU_SCAN_BLOCK_HEIGHT:
      return block.height;
    case INSITU_SCAN_BLOCK_COLUMN:
      return block.column;
    case INSITU_SCAN_BLOCK_ROW:
      return block.row;
    case INSITU_SCAN_BLOCK_COLUMNS:
      return block.columns;
    case INSITU_SCAN_BLOCK_ROWS:
      return block.rows;
    default:
      return NAN;
  }
}

}  // namespace

void* insitu_scanner_alloc(size_t size) { return std::malloc(size); }

void insitu_scanner_free(void* memory) { std::free(memory); }

insitu_scanner* insitu_scanner_create(const uint8_t* model, size_t size) {
  insitu::Result<insitu::Scanner> scanner = insitu::Scanner::Create({model, size});
  if (!scanner.ok()) {
    last_error = scanner.error();
    return nullptr;
  }
  std::vector<int> strides = insitu::OfferedStrides(scanner.value().natural_stride());
  return new insitu_scanner{std::move(scanner.value()), std::move(strides), false, {}, {}};
}

void insitu_scanner_destroy(insitu_scanner* scanner) { delete scanner; }

int insitu_scanner_plan(insitu_scanner* scanner, int32_t width, int32_t height, int32_t channels,
                        double um_per_pixel, int32_t stride, int32_t gate) {
  const insitu::ScanGate heeded{(gate & INSITU_SCAN_SAYS_FILM) != 0,
                                (gate & INSITU_SCAN_JUDGE_ANYWAY) != 0};
  const int code =
      Report(scanner->scanner.Plan({width, height, channels, um_per_pixel, heeded}, stride));
  scanner->planned = code == 0;
  return code;
}

uint8_t* insitu_scanner_pixels(insitu_scanner* scanner, int32_t block) {
  const insitu::ScanPlan& plan = scanner->scanner.plan();
  if (!scanner->planned || block < 0 || block >= plan.block_count()) {
    Report(
        insitu::Fail(insitu::ErrorCode::kInvalidArgument, "There is no block % to scan.", block));
    return nullptr;
  }
  const insitu::ScanBlock at = plan.Block(block);
  scanner->pixels = {at.width, at.height, plan.image.channels, std::move(scanner->pixels.pixels)};
  scanner->pixels.pixels.resize(static_cast<size_t>(at.width) * static_cast<size_t>(at.height) *
                                static_cast<size_t>(plan.image.channels));
  return scanner->pixels.pixels.data();
}

int insitu_scanner_run(insitu_scanner* scanner, int32_t block) {
  if (!scanner->planned) {
    return Report(
        insitu::Fail(insitu::ErrorCode::kInvalidArgument, "There is no plan to scan by."));
  }
  return Report(scanner->scanner.Run(block, scanner->pixels));
}

const float* insitu_scanner_values(const insitu_scanner* scanner) {
  const std::vector<float>& values = scanner->scanner.values();
  return values.empty() ? nullptr : values.data();
}

const uint8_t* insitu_scanner_verdicts(const insitu_scanner* scanner) {
  const std::vector<uint8_t>& verdicts = scanner->scanner.verdicts();
  return verdicts.empty() ? nullptr : verdicts.data();
}

const char* insitu_scanner_summary(insitu_scanner* scanner, const float* values,
                                   const uint8_t* verdicts, double threshold) {
  const insitu::ScanPlan& plan = scanner->scanner.plan();
  const size_t cells =
      scanner->planned ? static_cast<size_t>(plan.columns) * static_cast<size_t>(plan.rows) : 0;
  const auto summary = insitu::Summarise(plan, scanner->scanner.info(), {values, cells},
                                         {verdicts, cells}, threshold);
  if (!summary.ok()) {
    last_error = summary.error();
    return nullptr;
  }
  scanner->summary = insitu::SummaryJson(plan, summary.value());
  return scanner->summary.c_str();
}

const char* insitu_scanner_text(const insitu_scanner* scanner, int32_t key, int32_t index) {
  const insitu::ModelInfo& info = scanner->scanner.info();
  switch (key) {
    case INSITU_SCAN_MODEL_ID:
      return info.id.c_str();
    case INSITU_SCAN_MODEL_VERSION:
      return info.version.c_str();
    case INSITU_SCAN_MODEL_KIND:
      return info.kind.c_str();
    case INSITU_SCAN_MODEL_SHA256:
      return scanner->scanner.sha256().c_str();
    case INSITU_SCAN_REASON_NAME: {
      if (index < 0 || index > static_cast<int>(insitu::GateReason::kTooSmall)) return nullptr;
      return insitu::ReasonName(static_cast<insitu::GateReason>(index));
    }
    default:
      return nullptr;
  }
}

double insitu_scanner_number(const insitu_scanner* scanner, int32_t key, int32_t index) {
  if (key < INSITU_SCAN_COLUMNS) return ModelNumber(*scanner, key, index);
  if (!scanner->planned) return NAN;
  if (key < INSITU_SCAN_BLOCK_X) return PlanNumber(scanner->scanner, key);
  return BlockNumber(scanner->scanner.plan(), key, index);
}

const char* insitu_scanner_error_name(void) { return insitu::ScanErrorName(last_error.code); }

const char* insitu_scanner_error_message(void) { return last_error.message.c_str(); }
