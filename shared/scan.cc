#include "shared/scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "shared/classifier.h"
#include "shared/film_map.h"
#include "shared/gate_features.h"

namespace insitu {
namespace {

constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

// Patches that the network is given at a time.
constexpr int kBatch = 8;

size_t Samples(int width, int height, int channels) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels);
}

void Round(const std::vector<float>& row, std::vector<uint8_t>* pixels) {
  for (const float value : row) pixels->push_back(NearestSample(value));
}

PlanOptions Images() { return PlanOptions::ForImages(); }

}  // namespace

Result<Scanner> Scanner::Create(std::span<const uint8_t> model) {
  std::optional<Scanner> scanner;
  {
    // Checks the file, its metadata and its known answer; its network goes.
    ASSIGN_OR_RETURN(const Classifier classifier, Classifier::Create(model));
    scanner.emplace(Scanner(classifier.info(), classifier.sha256(), {model.begin(), model.end()}));
  }
  RETURN_IF_ERROR(scanner->FindForm());
  return std::move(*scanner);
}

Status Scanner::FindForm() {
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model_));
  const auto form =
      MakeFullyConvolutional(&onnx, {.height = info_.input.height, .width = info_.input.width});
  if (form.ok()) {
    form_ = form.value();
  } else {
    why_not_dense_ = form.error().message;
  }
  return {};
}

Status Scanner::Plan(const ScanImage& image, int stride, ScanWay way, int block_side) {
  ASSIGN_OR_RETURN(plan_, MakeScanPlan(image, info_, stride, block_side));
  method_ = {};
  dense_.reset();  // before another takes as much memory
  RETURN_IF_ERROR(PlanPatches());
  method_.multiply_adds = static_cast<double>(patches_->MultiplyAdds());
  if (way == ScanWay::kPatches) return {};
  if (!form_) {
    if (way == ScanWay::kChoose) return {};
    return Fail(ErrorCode::kModelUnsupported, why_not_dense_);
  }
  // Patches that do not overlap share nothing, and to plan a pass takes longer than some of them.
  const bool overlap = plan_.stride < plan_.patch_width || plan_.stride < plan_.patch_height;
  if (way == ScanWay::kChoose && !overlap) return {};
  auto pass =
      DensePass::Create(model_, *form_, plan_.stride, plan_.block_columns, plan_.block_rows);
  if (way == ScanWay::kChoose && !pass.ok()) return {};  // the patches are there
  ASSIGN_OR_RETURN(dense_, std::move(pass));
  if (way == ScanWay::kDense && !dense_) {
    return Fail(ErrorCode::kModelUnsupported,
                "No dense pass has places % pixels apart; choose another stride.", stride);
  }
  const double multiply_adds = dense_ ? dense_->MultiplyAdds() : HUGE_VAL;
  if (way == ScanWay::kDense || multiply_adds < method_.multiply_adds) {
    method_ = {true, multiply_adds};
  } else {
    dense_.reset();
  }
  return {};
}

Status Scanner::PlanPatches() {
  if (patches_) return {};
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model_));
  ASSIGN_OR_RETURN(patches_, Network::Create(std::move(onnx), Images()));
  return patches_->Reserve(kBatch);
}

int64_t Scanner::ArenaBytes() const {
  return (patches_ ? patches_->ArenaBytes() : 0) + (dense_ ? dense_->ArenaBytes() : 0);
}

Status Scanner::Run(int index, const Image& pixels) {
  if (index < 0 || plan_.stride == 0 || index >= plan_.block_count()) {
    return Fail(ErrorCode::kInvalidArgument, "There is no block % to scan.", index);
  }
  const ScanBlock block = plan_.Block(index);
  if (pixels.width != block.width || pixels.height != block.height ||
      pixels.channels != plan_.image.channels ||
      pixels.pixels.size() != Samples(block.width, block.height, plan_.image.channels)) {
    return Fail(ErrorCode::kInvalidArgument, "Block % is of % x % x % samples.", index, block.width,
                block.height, plan_.image.channels);
  }
  values_.assign(Samples(block.columns, block.rows, 1), kNothing);
  verdicts_.assign(values_.size(), kJudgedCell);
  Resample(block, pixels);
  if (plan_.film) {
    JudgeFilm();
  } else {
    JudgeTiles(block);
  }
  RETURN_IF_ERROR(method_.dense ? RunDense(block) : RunPatches(block));
  if (plan_.film) SmoothFilm();
  return {};
}

void Scanner::Resample(const ScanBlock& block, const Image& pixels) {
  across_ = plan_.PixelsOfColumns(block.column, block.columns);
  down_ = plan_.PixelsOfRows(block.row, block.rows);
  ResampleWeights columns(plan_.image.width, plan_.scaled_width, across_.first, across_.count);
  ResampleWeights rows(plan_.image.height, plan_.scaled_height, down_.first, down_.count);
  columns.BeginAt(block.x);
  rows.BeginAt(block.y);
  const Normalisation normalised(info_.input);
  const auto channels = static_cast<size_t>(info_.input.channels);
  const bool luma = (channels == 1 || plan_.film) && pixels.channels == 3;
  Resampler resampler(pixels, columns, rows, /*luma=*/false);
  std::optional<Resampler> grey;
  if (luma) grey.emplace(pixels, columns, rows, /*luma=*/true);
  scaled_ = {across_.count, down_.count, pixels.channels, {}};
  film_ = {across_.count, down_.count, 1, {}};
  input_.resize(Samples(scaled_.width, scaled_.height, info_.input.channels));
  float* to = input_.data();
  for (int y = 0; y < down_.count; ++y) {
    Round(resampler.Row(y), &scaled_.pixels);
    const std::vector<float>& row = (luma ? *grey : resampler).Row(y);
    const size_t from = luma ? 1 : static_cast<size_t>(pixels.channels);
    for (size_t x = 0; x < static_cast<size_t>(across_.count); ++x) {
      for (size_t c = 0; c < channels; ++c) {
        *to++ = normalised(row[x * from + (from == 1 ? 0 : c)], c);
      }
    }
    if (plan_.film && from == 1) Round(row, &film_.pixels);
  }
}

// The gate judges each tile by itself, so what it says does not depend on the block.
void Scanner::JudgeTiles(const ScanBlock& block) {
  const int first_across = plan_.TileOfColumn(block.column);
  const int first_down = plan_.TileOfRow(block.row);
  const int across = plan_.TileOfColumn(block.column + block.columns - 1) - first_across + 1;
  const int down = plan_.TileOfRow(block.row + block.rows - 1) - first_down + 1;
  std::vector<uint8_t> tiles;
  for (int row = 0; row < down; ++row) {
    for (int column = 0; column < across; ++column) {
      const Span x = plan_.TileAcross(first_across + column);
      const Span y = plan_.TileDown(first_down + row);
      Image tile{x.count, y.count, scaled_.channels, {}};
      const size_t line = Samples(x.count, 1, scaled_.channels);
      for (int i = 0; i < y.count; ++i) {
        const uint8_t* from = &scaled_.pixels[(static_cast<size_t>(y.first - down_.first + i) *
                                                   static_cast<size_t>(scaled_.width) +
                                               static_cast<size_t>(x.first - across_.first)) *
                                              static_cast<size_t>(scaled_.channels)];
        tile.pixels.insert(tile.pixels.end(), from, from + line);
      }
      const GateVerdict verdict = JudgeImage(tile, ImageKind::kHistology);
      uint8_t cell = kJudgedCell;
      if (!verdict.accepted) {
        const bool glass = verdict.reason == GateReason::kGlass;
        cell = glass ? kNoTissueCell : RefusedCell(verdict.reason);
      }
      tiles.push_back(cell);
    }
  }
  size_t at = 0;
  for (int row = 0; row < block.rows; ++row) {
    const int tile_row = plan_.TileOfRow(block.row + row) - first_down;
    for (int column = 0; column < block.columns; ++column) {
      const int tile_column = plan_.TileOfColumn(block.column + column) - first_across;
      verdicts_[at++] = tiles[static_cast<size_t>(tile_row) * static_cast<size_t>(across) +
                              static_cast<size_t>(tile_column)];
    }
  }
}

// What a cell is that the gate refuses for that.
uint8_t Scanner::RefusedCell(GateReason reason) const {
  const uint8_t base = plan_.image.gate.judge_anyway ? kJudgedAnywayCell : kRefusedCell;
  return static_cast<uint8_t>(base + static_cast<int>(reason));
}

void Scanner::JudgeFilm() {
  const GateVerdict verdict = plan_.image.gate.says_film
                                  ? JudgeStatedFilm(scaled_)
                                  : JudgeImage(scaled_, ImageKind::kMammogram);
  const uint8_t breast_cell = verdict.accepted ? kJudgedCell : RefusedCell(verdict.reason);
  if (!IsJudged(breast_cell)) {
    verdicts_.assign(verdicts_.size(), breast_cell);
    return;
  }
  const BreastMask breast = FindBreast(film_);
  size_t at = 0;
  for (int row = 0; row < plan_.rows; ++row) {
    for (int column = 0; column < plan_.columns; ++column) {
      const int x = column * plan_.stride + plan_.patch_width / 2;
      const int y = row * plan_.stride + plan_.patch_height / 2;
      verdicts_[at++] = breast.Contains(x, y) ? breast_cell : kNoTissueCell;
    }
  }
}

// x, y: at the model's scale.
void Scanner::GatherPatch(int x, int y, float* to) const {
  const auto channels = static_cast<size_t>(info_.input.channels);
  const size_t length = static_cast<size_t>(plan_.patch_width) * channels;
  for (int row = y - down_.first; row < y - down_.first + plan_.patch_height; ++row) {
    const size_t first = static_cast<size_t>(row) * static_cast<size_t>(across_.count) +
                         static_cast<size_t>(x - across_.first);
    to = std::copy_n(&input_[first * channels], length, to);
  }
}

// outputs: one a label.
Status Scanner::Keep(std::span<float> outputs, bool logits, float* value) {
  for (const float output : outputs) {
    if (!std::isfinite(output)) {
      return Fail(ErrorCode::kNotFinite,
                  "The network returned something that is not a number; no map is made.");
    }
  }
  labels_.assign(outputs.begin(), outputs.end());
  Calibrate(info_, logits, &labels_);
  *value = labels_[static_cast<size_t>(info_.positive)];
  return {};
}

Status Scanner::RunPatches(const ScanBlock& block) {
  const size_t patch = Samples(plan_.patch_width, plan_.patch_height, info_.input.channels);
  const size_t labels = info_.labels.size();
  batch_.resize(patch * kBatch);
  outputs_.resize(labels * kBatch);
  size_t cells[kBatch];
  size_t waiting = 0;
  for (size_t at = 0; at <= values_.size(); ++at) {
    if (at < values_.size()) {
      if (!IsJudged(verdicts_[at])) continue;
      const auto columns = static_cast<size_t>(block.columns);
      const int column = block.column + static_cast<int>(at % columns);
      const int row = block.row + static_cast<int>(at / columns);
      GatherPatch(column * plan_.stride, row * plan_.stride, &batch_[waiting * patch]);
      cells[waiting++] = at;
    }
    if (waiting == 0 || (waiting < kBatch && at < values_.size())) continue;
    const std::span<float> outputs(outputs_.data(), waiting * labels);
    RETURN_IF_ERROR(patches_->Run(static_cast<int>(waiting),
                                  std::span<const float>(batch_.data(), waiting * patch), outputs));
    for (size_t i = 0; i < waiting; ++i) {
      RETURN_IF_ERROR(
          Keep(outputs.subspan(i * labels, labels), info_.outputs_logits, &values_[cells[i]]));
    }
    waiting = 0;
  }
  return {};
}

Status Scanner::RunDense(const ScanBlock& block) {
  const size_t labels = info_.labels.size();
  outputs_.assign(values_.size() * labels, 0);
  wanted_.clear();
  for (const uint8_t verdict : verdicts_) wanted_.push_back(IsJudged(verdict) ? 1 : 0);
  DensePlaces places;
  places.image = {input_.data(), across_.count, down_.count, info_.input.channels};
  places.x = block.column * plan_.stride - across_.first;
  places.y = block.row * plan_.stride - down_.first;
  places.columns = block.columns;
  places.rows = block.rows;
  places.wanted = wanted_;
  places.answers = outputs_;
  RETURN_IF_ERROR(dense_->Run(places));
  for (size_t cell = 0; cell < values_.size(); ++cell) {
    if (wanted_[cell] == 0) continue;
    RETURN_IF_ERROR(Keep(places.answers.subspan(cell * labels, labels),
                         info_.outputs_logits || form_->outputs_logits, &values_[cell]));
  }
  return {};
}

void Scanner::SmoothFilm() {
  FilmMap map{plan_.stride, plan_.columns, plan_.rows, {}};
  for (const float value : values_) {
    map.values.push_back(std::isnan(value) ? FilmMap::kOutside : double{value});
  }
  for (int i = 0; i < kSmoothings; ++i) map = Smoothed(map);
  for (size_t i = 0; i < values_.size(); ++i) {
    if (IsJudged(verdicts_[i])) values_[i] = static_cast<float>(map.values[i]);
  }
}

std::vector<int> OfferedStrides(int natural_stride) {
  std::vector<int> strides;
  for (int stride = 1; stride <= natural_stride; ++stride) {
    if (natural_stride % stride == 0 || stride == kFineStride) strides.push_back(stride);
  }
  return strides;
}

const char* ScanErrorName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kScaleTooCoarse:
      return "scale_too_coarse";
    case ErrorCode::kScaleTooFine:
      return "scale_too_fine";
    case ErrorCode::kImageTooSmall:
      return "image_too_small";
    default:
      return ErrorName(code);
  }
}

}  // namespace insitu
