// Where the patches of a scan lie, and by which rectangles of pixels it is worked out.
//
// A *cell* (column, row) of a map stands for the patch whose top left pixel is
// (column * stride, row * stride) at the model's scale. It is drawn as the square of side `stride`
// around that patch's centre. Patches that do not fit into the image are not judged.
// A *block* is a rectangle of cells that is computed at a time, from one rectangle of the image.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/divide_up.h"
#include "shared/model_info.h"
#include "shared/network/dense.h"
#include "shared/resample.h"
#include "shared/result.h"

namespace insitu {

// Limits of a scan. An image that would have to be enlarged by more than kWarnMagnification is
// scanned with a warning, beyond kMostMagnification not at all.
inline constexpr double kWarnMagnification = 1.5;
inline constexpr double kMostMagnification = 4;
inline constexpr int64_t kMaxMapCells = 20'000'000;
inline constexpr int kMaxLevelSide = 2'000'000;  // pixels of the image that is read
// Pixels of the image that one block reads: blocks are made smaller to stay below it. Where a
// single patch has more, the image is too fine, and one of its coarser levels has to be read. A
// film, which is one block, has kMaxImagePixels.
inline constexpr int64_t kMaxBlockPixels = 24'000'000;

// Side of a block's cells, at the model's scale.
inline constexpr int kBlockSide = 384;

struct ScanBlock {
  int x = 0;  // pixels of the image
  int y = 0;
  int width = 0;
  int height = 0;
  int column = 0;  // cells
  int row = 0;
  int columns = 0;
  int rows = 0;
};

// How far the gate (gate.h) is heeded.
struct ScanGate {
  // The image's file says that it is a mammogram, as DICOM does by the modality MG: whether a film
  // looks like one is not asked then (JudgeStatedFilm).
  bool says_film = false;
  // A person asks for it: what the gate refuses is judged, and its verdict says so. Where there is
  // no tissue nothing is judged all the same.
  bool judge_anyway = false;
};

// What is scanned.
struct ScanImage {
  int width = 0;
  int height = 0;
  int channels = 0;  // 1 or 3
  double um_per_pixel = 0;
  ScanGate gate = {};
};

struct Span {
  int first = 0;
  int count = 0;
};

struct ScanPlan {
  ScanImage image;
  bool film = false;         // one block: the whole film, with its breast and marks
  double um_per_pixel = 0;   // of the model
  double magnification = 1;  // pixels at the model's scale for one of the image; beyond 1 enlarged
  int scaled_width = 0;      // of the image at the model's scale
  int scaled_height = 0;
  int patch_width = 0;
  int patch_height = 0;
  int stride = 0;
  int columns = 0;
  int rows = 0;
  int block_columns = 0;  // of a block that is not the last
  int block_rows = 0;

  bool warns() const { return magnification > kWarnMagnification; }
  int blocks_across() const { return DivideUp(columns, block_columns); }
  int block_count() const { return blocks_across() * DivideUp(rows, block_rows); }

  // The gate judges squares of kGateTileSide that tile the image at the model's scale; the last of
  // a row begins early enough to lie within. Which of them the centre of a cell's patch lies in.
  int TileOfColumn(int column) const;
  int TileOfRow(int row) const;
  Span TileAcross(int tile) const;  // pixels at the model's scale
  Span TileDown(int tile) const;

  // The pixels at the model's scale that cells [first, first + count) and their tiles need.
  Span PixelsOfColumns(int first, int count) const;
  Span PixelsOfRows(int first, int count) const;

  ScanBlock Block(int index) const;  // index: below block_count()
};

// stride: 0 for the patches side by side or, of a film, the stride that its marks are made for.
// Errors: kInvalidArgument, kScaleTooCoarse, kScaleTooFine, kImageTooSmall, kImageTooLarge.
// block_side: as kBlockSide, for tests.
Result<ScanPlan> MakeScanPlan(const ScanImage& image, const ModelInfo& info, int stride,
                              int block_side = kBlockSide);

}  // namespace insitu
