#include "shared/codecs/jpeg_strips.h"

#include <algorithm>
#include <utility>

#include "shared/codecs/jpeg_reader.h"

namespace insitu {
namespace {

constexpr int kMostByDct = 8;

class JpegStrips final : public StripDecoder {
 public:
  JpegStrips(int reduction, int64_t file_bytes) : StripDecoder(reduction, file_bytes) {}

  void End() override { reader_.End(); }
  int orientation() const override { return reader_.header().orientation; }

 protected:
  Status Take(std::span<const uint8_t> bytes) override { return reader_.Append(bytes); }
  Status Fill() override;

 private:
  Result<bool> Prepare();

  JpegReader reader_;
  bool is_read_ = false;  // the header
  bool is_started_ = false;
  Memory row_;
};

// Whether rows can be read.
Result<bool> JpegStrips::Prepare() {
  if (!is_read_) {
    ASSIGN_OR_RETURN(is_read_, reader_.ReadHeader());
    if (!is_read_) return false;
    const JpegHeader& jpeg = reader_.header();
    RETURN_IF_ERROR(CheckSize("JPEG", jpeg.width, jpeg.height));
    if (int64_t{jpeg.width} * jpeg.height > file_bytes() * kMaxJpegPixelsPerByte) {
      return Corrupt("JPEG", "it holds less than its size promises");
    }
    if (jpeg.coefficient_bytes > kMaxProgressiveBytes) {
      return Fail(ErrorCode::kImageTooLarge,
                  "This JPEG of % x % pixels is progressive, so all of it would have to be held at "
                  "once. Save it as a baseline JPEG, or as a TIFF in tiles.",
                  jpeg.width, jpeg.height);
    }
    const int by_dct = std::min(reduction(), kMostByDct);
    StripHeader header;
    header.full_width = jpeg.width;
    header.full_height = jpeg.height;
    header.width = (jpeg.width - 1) / reduction() + 1;
    header.height = (jpeg.height - 1) / reduction() + 1;
    header.channels = jpeg.components;
    const int row_width = (jpeg.width - 1) / by_dct + 1;
    row_ = AllocateMemory(static_cast<size_t>(row_width) * static_cast<size_t>(header.channels));
    if (row_ == nullptr) return OutOfMemory();
    RETURN_IF_ERROR(
        SetUpBand(header, row_width, (jpeg.height - 1) / by_dct + 1, reduction() / by_dct, 0));
  }
  if (!is_started_) {
    ASSIGN_OR_RETURN(is_started_,
                     reader_.Start(JpegColour::kAuto, std::min(reduction(), kMostByDct)));
  }
  return is_started_;
}

Status JpegStrips::Fill() {
  ASSIGN_OR_RETURN(const bool is_ready, Prepare());
  if (!is_ready) return {};
  while (!IsBandFull() && !HasAllRows()) {
    ASSIGN_OR_RETURN(const bool is_there, reader_.ReadRow(row_.get()));
    if (!is_there) return {};
    AddRow(row_.get());
  }
  if (HasAllRows()) Finish();
  return {};
}

}  // namespace

Result<std::unique_ptr<StripDecoder>> NewJpegStrips(int reduction, int64_t file_bytes) {
  return std::unique_ptr<StripDecoder>(std::make_unique<JpegStrips>(reduction, file_bytes));
}

}  // namespace insitu
