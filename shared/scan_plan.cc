#include "shared/scan_plan.h"

#include <algorithm>
#include <cmath>

#include "shared/film_map.h"
#include "shared/gate_features.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// A tile of an axis of so many pixels.
Span TileAlong(int tile, int length) {
  const int side = std::min(kGateTileSide, length);
  return {std::min(tile * kGateTileSide, length - side), side};
}

Span PixelsOf(int first, int count, int stride, int patch, int length) {
  const int last = first + count - 1;
  const Span first_tile = TileAlong((first * stride + patch / 2) / kGateTileSide, length);
  const Span last_tile = TileAlong((last * stride + patch / 2) / kGateTileSide, length);
  const int begin = std::min(first * stride, first_tile.first);
  const int end = std::max(last * stride + patch, last_tile.first + last_tile.count);
  return {begin, end - begin};
}

// The pixels of the image that those at the model's scale are made of.
Span SourceOf(int from, int to, Span pixels) {
  const ResampleWeights weights(from, to, pixels.first, pixels.count);
  return {weights.lowest(), weights.end() - weights.lowest()};
}

Status CheckScale(const ScanImage& image, double magnification) {
  if (!(image.um_per_pixel > 0) || !std::isfinite(image.um_per_pixel)) {
    return Fail(ErrorCode::kInvalidArgument,
                "The scale has to be known: give the image's µm per pixel.");
  }
  if (magnification > kMostMagnification) {
    return Fail(ErrorCode::kScaleTooCoarse,
                "The image shows too little: it would have to be enlarged more than % times for "
                "this model. Give a finer one, or check the µm per pixel.",
                static_cast<int>(kMostMagnification));
  }
  return {};
}

Failed TooFine() {
  return Fail(ErrorCode::kScaleTooFine,
              "The image is finer than can be read at once for this model. Give a reduced one, or "
              "check the µm per pixel.");
}

// Cells on either side of a block, so that it reads no more pixels than it may.
Status SizeBlocks(int block_side, ScanPlan* plan) {
  const double longest = std::sqrt(static_cast<double>(kMaxBlockPixels)) * plan->magnification;
  // A tile of the gate reaches less than its side beyond the patches.
  const int patch = std::max(plan->patch_width, plan->patch_height);
  const double room = longest - 2 - 2 * plan->magnification - patch - 2 * kGateTileSide;
  if (room < 0) return TooFine();
  const int side = static_cast<int>(std::min<double>(block_side, room));
  plan->block_columns = plan->block_rows = std::max(1, side / plan->stride);
  return {};
}

}  // namespace

int ScanPlan::TileOfColumn(int column) const {
  return (column * stride + patch_width / 2) / kGateTileSide;
}

int ScanPlan::TileOfRow(int row) const { return (row * stride + patch_height / 2) / kGateTileSide; }

Span ScanPlan::TileAcross(int tile) const { return TileAlong(tile, scaled_width); }

Span ScanPlan::TileDown(int tile) const { return TileAlong(tile, scaled_height); }

Span ScanPlan::PixelsOfColumns(int first, int count) const {
  return film ? Span{0, scaled_width} : PixelsOf(first, count, stride, patch_width, scaled_width);
}

Span ScanPlan::PixelsOfRows(int first, int count) const {
  return film ? Span{0, scaled_height}
              : PixelsOf(first, count, stride, patch_height, scaled_height);
}

ScanBlock ScanPlan::Block(int index) const {
  ScanBlock block;
  block.column = index % blocks_across() * block_columns;
  block.row = index / blocks_across() * block_rows;
  block.columns = std::min(block_columns, columns - block.column);
  block.rows = std::min(block_rows, rows - block.row);
  const Span across =
      SourceOf(image.width, scaled_width, PixelsOfColumns(block.column, block.columns));
  const Span down = SourceOf(image.height, scaled_height, PixelsOfRows(block.row, block.rows));
  block.x = across.first;
  block.y = down.first;
  block.width = across.count;
  block.height = down.count;
  return block;
}

Result<ScanPlan> MakeScanPlan(const ScanImage& image, const ModelInfo& info, int stride,
                              int block_side) {
  if (image.width < 1 || image.height < 1 || (image.channels != 1 && image.channels != 3) ||
      stride < 0) {
    return Fail(ErrorCode::kInvalidArgument, "There is no such image or stride to scan.");
  }
  if (std::max(image.width, image.height) > kMaxLevelSide) {
    return Fail(ErrorCode::kImageTooLarge, "The image has a side of more than % pixels.",
                kMaxLevelSide);
  }
  ScanPlan plan;
  plan.image = image;
  plan.film = info.kind == "mammogram";
  plan.um_per_pixel = info.um_per_pixel;
  plan.magnification = image.um_per_pixel / info.um_per_pixel;
  RETURN_IF_ERROR(CheckScale(image, plan.magnification));
  const auto scaled = [&plan](int side) {
    return static_cast<int>(std::max<int64_t>(1, std::llround(side * plan.magnification)));
  };
  plan.scaled_width = scaled(image.width);
  plan.scaled_height = scaled(image.height);
  plan.patch_width = info.input.width;
  plan.patch_height = info.input.height;
  plan.stride = stride;
  if (stride == 0) plan.stride = plan.film ? kMapStride : plan.patch_width;
  if (plan.scaled_width < plan.patch_width || plan.scaled_height < plan.patch_height) {
    return Fail(ErrorCode::kImageTooSmall,
                "The image shows less than one patch of the model, % x % µm. Give a larger field "
                "of view, or check the µm per pixel.",
                static_cast<int64_t>(plan.patch_width * plan.um_per_pixel),
                static_cast<int64_t>(plan.patch_height * plan.um_per_pixel));
  }
  plan.columns = (plan.scaled_width - plan.patch_width) / plan.stride + 1;
  plan.rows = (plan.scaled_height - plan.patch_height) / plan.stride + 1;
  if (int64_t{plan.columns} * plan.rows > kMaxMapCells) {
    return Fail(
        ErrorCode::kImageTooLarge,
        "The map would have more than % million places. Choose a larger stride or a part of "
        "the image.",
        kMaxMapCells / 1'000'000);
  }
  if (!plan.film) {
    RETURN_IF_ERROR(SizeBlocks(block_side, &plan));
    return plan;
  }
  if (int64_t{image.width} * image.height > kMaxImagePixels) {
    return Fail(ErrorCode::kImageTooLarge,
                "The film has more than % megapixels. Give a reduced one.",
                kMaxImagePixels / 1'000'000);
  }
  plan.block_columns = plan.columns;
  plan.block_rows = plan.rows;
  return plan;
}

}  // namespace insitu
