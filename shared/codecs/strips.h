// A picture of any size, read by strips: encoded bytes go in as they come, bands of rows come out,
// reduced where that was asked for. What it holds does not grow with the picture.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "shared/codecs/box_reducer.h"
#include "shared/codecs/limits.h"
#include "shared/formats/pixels.h"
#include "shared/result.h"

namespace insitu {

enum class StripKind : int {
  kPng = 0,   // over white, 8 bits, as shared/formats/png.h reads it; reduced by means of squares
  kJpeg = 1,  // baseline and progressive, grey or RGB; reduced by its DCT up to 8, then by means
};

struct StripHeader {
  int full_width = 0;  // as stored
  int full_height = 0;
  int width = 0;  // of the rows that come: ceil(full_width / reduction)
  int height = 0;
  int channels = 0;  // 1 grey, 3 RGB
};

// Errors of its calls: those of the formats; kImageTooLarge for more than kMaxStripPixels, sides
// beyond kMaxStripSide, a progressive JPEG whose coefficients take more than kMaxProgressiveBytes,
// an interlaced PNG whose rows take more than kMaxInterlacedBytes, a chunk of a PNG beyond
// kMaxPngChunkBytes. After an error no more calls.
class StripDecoder {
 public:
  // reduction: a power of two up to kMaxReduction. file_bytes: of the whole file, which cannot hold
  // any number of pixels. Errors: kInvalidArgument, kOutOfMemory.
  static Result<std::unique_ptr<StripDecoder>> Create(StripKind kind, int reduction,
                                                      int64_t file_bytes);
  virtual ~StripDecoder() = default;
  StripDecoder(const StripDecoder&) = delete;
  StripDecoder& operator=(const StripDecoder&) = delete;

  // Copies the bytes, at most kMaxPushBytes. Errors: kOutOfMemory, kInvalidArgument.
  Status Push(std::span<const uint8_t> bytes);
  // No more bytes come.
  virtual void End() = 0;
  // Decodes the next band. Number of its rows; 0: more bytes are needed, or the picture is
  // complete.
  Result<int> Advance();

  bool has_header() const { return has_header_; }
  const StripHeader& header() const { return header_; }
  const uint8_t* rows() const { return band_.get(); }  // (rows, width, channels)
  int first_row() const { return first_row_; }         // of the band, in the reduced picture
  bool is_finished() const { return is_finished_; }
  virtual int orientation() const = 0;  // EXIF, 1..8; a PNG may say it at its end only

 protected:
  StripDecoder(int reduction, int64_t file_bytes)
      : reduction_(reduction), file_bytes_(file_bytes) {}

  virtual Status Take(std::span<const uint8_t> bytes) = 0;
  // Decodes until the band is full, or bytes are missing.
  virtual Status Fill() = 0;

  int reduction() const { return reduction_; }
  int64_t file_bytes() const { return file_bytes_; }

  // Whether a picture of this size may be read. Errors: kImageTooLarge, kImageCorrupt.
  static Status CheckSize(const char* format, int64_t width, int64_t height);
  // Rows (row_width, channels) will be reduced by means of box. spare_rows: how many may come after
  // the band is full. Errors: kOutOfMemory.
  Status SetUpBand(const StripHeader& header, int row_width, int row_count, int box,
                   int64_t spare_rows);
  bool IsBandFull() const { return band_rows_ >= wanted_rows_; }
  bool HasAllRows() const { return rows_in_ == row_count_; }
  // Takes the next row. False: there is no room for it.
  bool AddRow(const uint8_t* row);
  void Finish() { is_finished_ = true; }

 private:
  const int reduction_;
  const int64_t file_bytes_;
  bool has_header_ = false;
  bool is_finished_ = false;
  StripHeader header_;
  BoxReducer box_;
  int box_factor_ = 1;
  int row_count_ = 0;  // before the box
  int rows_in_ = 0;
  Memory band_;
  int64_t band_capacity_ = 0;  // rows
  int wanted_rows_ = 0;
  int band_rows_ = 0;
  int first_row_ = 0;
};

}  // namespace insitu
