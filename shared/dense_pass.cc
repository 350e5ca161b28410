#include "shared/dense_pass.h"

#include <algorithm>
#include <numeric>

#include "shared/divide_up.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// Side of what is run over at a time, pixels beside a patch: what neighbours compute twice is
// little.
constexpr int kPassSide = 384;

// Pixels between the places of a phase, at most: with more, patches are what is quicker.
constexpr int64_t kMostPassStep = 4096;

// Of a phase and the shared map; a pass is made smaller to stay below it.
constexpr int64_t kMaxPassBytes = int64_t{64} << 20;

// Copies every step-th place of a grid from (x, y) on; beyond the grid there are zeros.
void Gather(const Grid& grid, int x, int y, int step, int columns, int rows, float* to) {
  const auto channels = static_cast<size_t>(grid.channels);
  const int within = std::clamp(DivideUp(grid.columns - x, step), 0, columns);
  for (int row = 0; row < rows; ++row) {
    float* const end = to + static_cast<size_t>(columns) * channels;
    const int line = y + row * step;
    if (line < grid.rows) {
      const float* from =
          grid.data +
          (static_cast<size_t>(line) * static_cast<size_t>(grid.columns) + static_cast<size_t>(x)) *
              channels;
      // Neighbours lie side by side.
      const size_t length = step == 1 ? static_cast<size_t>(within) * channels : channels;
      for (int i = 0; i < within; i += step == 1 ? within : 1) {
        to = std::copy_n(from, length, to);
        from += static_cast<size_t>(step) * channels;
      }
    }
    std::fill(to, end, 0.0F);
    to = end;
  }
}

size_t At(int row, int column, int columns) {
  return static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
}

}  // namespace

Result<std::optional<DensePass>> DensePass::Create(std::span<const uint8_t> model,
                                                   const DenseForm& form, int stride, int columns,
                                                   int rows) {
  const int64_t both = std::lcm<int64_t>(stride, form.stride);
  if (both > kMostPassStep) return std::optional<DensePass>();
  DensePass pass(form, stride);
  pass.step_ = static_cast<int>(both);
  pass.phases_ = pass.step_ / stride;
  int cells = std::max(
      1, std::min(kPassSide / pass.step_, DivideUp(std::max(columns, rows), pass.phases_)));
  RETURN_IF_ERROR(pass.FindCut(model));
  for (;; cells /= 2) {
    RETURN_IF_ERROR(pass.PlanPhase(model, cells));
    if (pass.phase_->ArenaBytes() + pass.MapBytes() <= kMaxPassBytes || cells == 1) break;
  }
  if (pass.form_.cut.step > 0) RETURN_IF_ERROR(pass.PlanShared(model));
  return std::optional<DensePass>(std::move(pass));
}

// The cut depends on the stride alone, so that it is looked for once, over one patch.
Status DensePass::FindCut(std::span<const uint8_t> model) {
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model));
  ASSIGN_OR_RETURN(form_,
                   MakeFullyConvolutional(
                       &onnx, {.height = form_.height, .width = form_.width, .stride = stride_}));
  return {};
}

// The network of one phase, over what it takes of the shared map if there is one.
Status DensePass::PlanPhase(std::span<const uint8_t> model, int cells) {
  cells_ = cells;
  DenseRequest request;
  request.pick = step_ / form_.stride;
  request.stride = stride_;
  const int more = (cells - 1) * step_;
  request.height = form_.height + more;
  request.width = form_.width + more;
  if (const DenseCut& cut = form_.cut; cut.step > 0) {
    request.part = DensePart::kRest;
    request.height = cut.rest_height + more / (cut.step * cut.stride);
    request.width = cut.rest_width + more / (cut.step * cut.stride);
    const int beyond = (phases_ - 1) * stride_ / cut.step + 1;
    map_columns_ = std::max(cut.width, (request.width - 1) * cut.stride + beyond);
    map_rows_ = std::max(cut.height, (request.height - 1) * cut.stride + beyond);
  }
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model));
  ASSIGN_OR_RETURN(form_, MakeFullyConvolutional(&onnx, request));
  ASSIGN_OR_RETURN(phase_, Network::Create(std::move(onnx), PlanOptions::ForImages()));
  return {};
}

// As low as a patch, so that what lies between its layers stays in a cache.
Status DensePass::PlanShared(std::span<const uint8_t> model) {
  const DenseCut& cut = form_.cut;
  DenseRequest request;
  request.part = DensePart::kShared;
  request.stride = stride_;
  request.pick = step_ / form_.stride;
  request.height = form_.height;
  request.width = form_.width + (map_columns_ - cut.width) * cut.step;
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model));
  ASSIGN_OR_RETURN(form_, MakeFullyConvolutional(&onnx, request));
  PlanOptions options = PlanOptions::ForImages();
  options.image_output = true;
  ASSIGN_OR_RETURN(shared_, Network::Create(std::move(onnx), options));
  const Shape strip = {1, cut.channels, cut.height, map_columns_};
  if (shared_->outputs()[0].shape != strip) {
    return Fail(ErrorCode::kModelUnsupported, "The model's first layers cannot be shared.");
  }
  if (MapBytes() > kMaxArenaBytes) {
    return Fail(ErrorCode::kOutOfMemory, "There is not enough memory to run the model.");
  }
  map_.resize(static_cast<size_t>(MapBytes()) / sizeof(float));
  return {};
}

double DensePass::MultiplyAdds() const {
  const auto places = static_cast<double>(cells_) * cells_;
  const double phase = static_cast<double>(phase_->MultiplyAdds()) / places;
  if (!shared_) return phase;
  const double strips = static_cast<double>(map_rows_) / form_.cut.height;
  return phase +
         static_cast<double>(shared_->MultiplyAdds()) * strips / (places * phases_ * phases_);
}

int64_t DensePass::ArenaBytes() const {
  return phase_->ArenaBytes() + (shared_ ? shared_->ArenaBytes() : 0) + MapBytes();
}

int64_t DensePass::MapBytes() const {
  return int64_t{map_columns_} * map_rows_ * form_.cut.channels *
         static_cast<int64_t>(sizeof(float));
}

// The shared map from that pixel on, strip by strip; the last begins early enough to lie within.
Status DensePass::RunShared(const Grid& image, int x, int y) {
  const DenseCut& cut = form_.cut;
  const auto line = static_cast<size_t>(map_columns_) * static_cast<size_t>(cut.channels);
  const int width = form_.width + (map_columns_ - cut.width) * cut.step;
  for (int row = 0; row < map_rows_; row += cut.height) {
    const int first = std::min(row, map_rows_ - cut.height);
    Gather(image, x, y + first * cut.step, 1, width, form_.height, shared_->InputMemory().data());
    RETURN_IF_ERROR(shared_->RunInPlace());
    std::copy_n(shared_->OutputMemory().data(), static_cast<size_t>(cut.height) * line,
                map_.data() + static_cast<size_t>(first) * line);
  }
  return {};
}

Status DensePass::RunPhase(const DensePlaces& places, int column, int row) {
  found_.clear();
  for (int i = 0; i < cells_ && row + i * phases_ < places.rows; ++i) {
    for (int j = 0; j < cells_ && column + j * phases_ < places.columns; ++j) {
      const size_t place = At(row + i * phases_, column + j * phases_, places.columns);
      if (places.wanted[place] != 0) found_.push_back({place, At(i, j, cells_)});
    }
  }
  if (found_.empty()) return {};
  const PlannedEnd& input = phase_->inputs()[0];
  const auto height = static_cast<int>(input.shape[2]);
  const auto width = static_cast<int>(input.shape[3]);
  float* to = phase_->InputMemory().data();
  if (shared_) {
    const DenseCut& cut = form_.cut;
    const Grid map{map_.data(), map_columns_, map_rows_, cut.channels};
    const auto offset = [&](int place) { return place % (cells_ * phases_) * stride_ / cut.step; };
    Gather(map, offset(column), offset(row), cut.stride, width, height, to);
  } else {
    Gather(places.image, places.x + column * stride_, places.y + row * stride_, 1, width, height,
           to);
  }
  RETURN_IF_ERROR(phase_->RunInPlace());
  const std::span<const float> outputs = phase_->OutputMemory();
  const size_t labels = places.answers.size() / places.wanted.size();
  const size_t area = At(cells_, 0, cells_);
  if (outputs.size() != labels * area) {
    return Fail(ErrorCode::kInvalidArgument, "The network gives no % answers a place.", labels);
  }
  for (const Found& found : found_) {
    for (size_t label = 0; label < labels; ++label) {
      places.answers[found.place * labels + label] = outputs[label * area + found.output];
    }
  }
  return {};
}

Status DensePass::Run(const DensePlaces& places) {
  const int side = cells_ * phases_;
  for (int first_row = 0; first_row < places.rows; first_row += side) {
    for (int first_column = 0; first_column < places.columns; first_column += side) {
      const int rows = std::min(side, places.rows - first_row);
      const int columns = std::min(side, places.columns - first_column);
      bool any = false;
      for (int row = first_row; row < first_row + rows; ++row) {
        const uint8_t* wanted = &places.wanted[At(row, first_column, places.columns)];
        any = any || std::any_of(wanted, wanted + columns, [](uint8_t w) { return w != 0; });
      }
      if (!any) continue;
      if (shared_) {
        RETURN_IF_ERROR(RunShared(places.image, places.x + first_column * stride_,
                                  places.y + first_row * stride_));
      }
      for (int row = 0; row < phases_; ++row) {
        for (int column = 0; column < phases_; ++column) {
          RETURN_IF_ERROR(RunPhase(places, first_column + column, first_row + row));
        }
      }
    }
  }
  return {};
}

}  // namespace insitu
