#include "shared/codecs/strips.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shared/codecs/jpeg_strips.h"
#include "shared/codecs/png_strips.h"

namespace insitu {
namespace {

constexpr int64_t kBandBytes = int64_t{1} << 20;
constexpr int64_t kBandRows = 256;

}  // namespace

Result<std::unique_ptr<StripDecoder>> StripDecoder::Create(StripKind kind, int reduction,
                                                           int64_t file_bytes) {
  const bool is_power_of_two = reduction > 0 && (reduction & (reduction - 1)) == 0;
  if (!is_power_of_two || reduction > kMaxReduction) {
    return Fail(ErrorCode::kInvalidArgument,
                "A picture is reduced by a power of two up to %, not by %.", kMaxReduction,
                reduction);
  }
  if (kind == StripKind::kJpeg) return NewJpegStrips(reduction, file_bytes);
  return NewPngStrips(reduction, file_bytes);
}

Status StripDecoder::Push(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxPushBytes) {
    return Fail(ErrorCode::kInvalidArgument, "At most % bytes are taken at once, not %.",
                kMaxPushBytes, bytes.size());
  }
  return Take(bytes);
}

Result<int> StripDecoder::Advance() {
  first_row_ += band_rows_;
  band_rows_ = 0;
  RETURN_IF_ERROR(Fill());
  return band_rows_;
}

Status StripDecoder::CheckSize(const char* format, int64_t width, int64_t height) {
  if (width < 1 || height < 1) return Corrupt(format, "it has no pixels");
  if (width > kMaxStripSide || height > kMaxStripSide || width * height > kMaxStripPixels) {
    return Fail(ErrorCode::kImageTooLarge,
                "This % is % x % pixels; InSitu reads up to % on a side and % million in all. Cut "
                "out the region of interest, or save it as a TIFF in tiles.",
                format, width, height, kMaxStripSide, kMaxStripPixels / 1'000'000);
  }
  return {};
}

Status StripDecoder::SetUpBand(const StripHeader& header, int row_width, int row_count, int box,
                               int64_t spare_rows) {
  header_ = header;
  box_factor_ = box;
  row_count_ = row_count;
  if (box > 1) RETURN_IF_ERROR(box_.SetUp(row_width, header.channels, box));
  const int64_t row_bytes = int64_t{header.width} * header.channels;
  wanted_rows_ = static_cast<int>(std::clamp<int64_t>(kBandBytes / row_bytes, 1, kBandRows));
  band_capacity_ = std::min<int64_t>(wanted_rows_ + spare_rows, header.height);
  band_ = AllocateMemory(static_cast<size_t>(band_capacity_ * row_bytes));
  if (band_ == nullptr) return OutOfMemory();
  has_header_ = true;
  return {};
}

bool StripDecoder::AddRow(const uint8_t* row) {
  if (band_rows_ >= band_capacity_ || HasAllRows()) return false;
  ++rows_in_;
  const int64_t row_bytes = int64_t{header_.width} * header_.channels;
  uint8_t* out = &band_[static_cast<size_t>(band_rows_ * row_bytes)];
  if (box_factor_ == 1) {
    std::memcpy(out, row, static_cast<size_t>(row_bytes));
    ++band_rows_;
  } else if (box_.Add(row, HasAllRows(), out)) {
    ++band_rows_;
  }
  return true;
}

}  // namespace insitu
