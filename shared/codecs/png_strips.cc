#include "shared/codecs/png_strips.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/formats/exif.h"
#include "shared/formats/png_samples.h"

namespace insitu {
namespace {

constexpr size_t kHeadBytes = 33;  // signature and IHDR
constexpr size_t kWidthAt = 16, kHeightAt = 20, kDepthAt = 24, kColourAt = 25, kInterlaceAt = 28;

// Deflate cannot shrink data further than this.
constexpr int64_t kMaxDeflateRatio = 1032;

// libpng is given so many bytes at once, since it makes all the rows of them in one go.
constexpr size_t kSliceBytes = 512;

// A chunk: length, type, data, CRC.
constexpr size_t kSignatureBytes = 8;
constexpr size_t kChunkHeadBytes = 8;
constexpr size_t kChunkFrameBytes = 12;
constexpr uint8_t kAncillaryBit = 0x20;  // of its type: it may be left out

enum class Problem { kNone, kLibrary, kPalette, kNoRoom };

bool Contains(const char* text, std::string_view part) {
  return std::string_view(text).find(part) != std::string_view::npos;
}

Failed ChunkTooLarge() {
  return Fail(ErrorCode::kImageTooLarge,
              "This PNG has a part beside its pixels that is larger than % bytes. Save it again "
              "without such data.",
              kMaxPngChunkBytes);
}

class PngStrips final : public StripDecoder {
 public:
  PngStrips(int reduction, int64_t file_bytes) : StripDecoder(reduction, file_bytes) {}
  ~PngStrips() override { png_destroy_read_struct(&png_, &info_, nullptr); }

  Status SetUp();
  void End() override { ended_ = true; }
  int orientation() const override { return orientation_; }

 protected:
  Status Take(std::span<const uint8_t> bytes) override;
  Status Fill() override;

 private:
  static PngStrips* Of(png_structp png) {
    return static_cast<PngStrips*>(png_get_progressive_ptr(png));
  }
  [[noreturn]] static void OnError(png_structp png, png_const_charp message);
  static void OnWarning(png_structp, png_const_charp) {}
  static void OnInfo(png_structp png, png_infop) { Of(png)->StartRows(); }
  static void OnRow(png_structp png, png_bytep row, png_uint_32 y, int) {
    if (row != nullptr) Of(png)->TakeRow(row, y);
  }
  static void OnEnd(png_structp png, png_infop) { Of(png)->has_end_ = true; }

  template <typename Call>
  bool Guard(Call call);
  Failed Failure() const;
  Status ReadHead();
  Result<size_t> NextPart();
  void StartRows();
  void TakeRow(png_bytep row, uint32_t y);
  void AddRaw(const uint8_t* raw);
  void ReadOrientation();
  Status EmitHeld();

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_;
  Problem problem_ = Problem::kNone;
  char message_[96] = {};
  std::vector<uint8_t> input_;  // at most what is pushed at once, and the head
  size_t at_ = 0;
  uint64_t chunk_left_ = kSignatureBytes;  // bytes of the chunk that is being read
  bool is_pixels_ = false;                 // IDAT
  bool is_passed_over_ = false;
  bool is_head_read_ = false;
  bool ended_ = false;
  bool has_end_ = false;
  int orientation_ = 1;
  PngFile file_;  // size, depth, colour, palette and transparency; without data
  std::vector<uint8_t> palette_;
  std::vector<uint8_t> transparency_;
  std::optional<PngSamples> samples_;
  Memory row_;   // after the samples were made 8 bits
  Memory held_;  // all raw rows of an interlaced picture
  size_t raw_bytes_ = 0;
  uint32_t rows_emitted_ = 0;  // of those held
};

void PngStrips::OnError(png_structp png, png_const_charp message) {
  auto* strips = static_cast<PngStrips*>(png_get_error_ptr(png));
  if (strips->problem_ == Problem::kNone) strips->problem_ = Problem::kLibrary;
  std::strncpy(strips->message_, message, sizeof(strips->message_) - 1);
  std::longjmp(strips->jump_, 1);
}

// Calls libpng; false: it failed, as Failure() says. What the call does must own nothing.
template <typename Call>
bool PngStrips::Guard(Call call) {
  if (setjmp(jump_) != 0) return false;
  call();
  return true;
}

Failed PngStrips::Failure() const {
  if (problem_ == Problem::kPalette) return Corrupt("PNG", "a pixel points outside the palette");
  if (Contains(message_, "memory")) return OutOfMemory();
  if (Contains(message_, "CRC")) return Corrupt("PNG", "a checksum differs");
  if (Contains(message_, "critical")) {
    return Fail(ErrorCode::kImageUnknown,
                "This PNG has a part that InSitu does not know. Save it again as a plain PNG.");
  }
  return Corrupt("PNG", "its data cannot be decoded");
}

Status PngStrips::SetUp() {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, OnError, OnWarning);
  if (png_ == nullptr) return OutOfMemory();
  const bool done = Guard([this] {
    info_ = png_create_info_struct(png_);
    png_set_progressive_read_fn(png_, this, OnInfo, OnRow, OnEnd);
    png_set_user_limits(png_, uint32_t{kMaxStripSide}, uint32_t{kMaxStripSide});
    png_set_chunk_malloc_max(png_, kMaxPngChunkBytes);
  });
  if (!done || info_ == nullptr) return OutOfMemory();
  return {};
}

Status PngStrips::Take(std::span<const uint8_t> bytes) {
  input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(at_));
  at_ = 0;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  return {};
}

// The size, before libpng sees anything of it.
Status PngStrips::ReadHead() {
  const std::span<const uint8_t> head(input_);
  file_.width = BigEndian32(head, kWidthAt);
  file_.height = BigEndian32(head, kHeightAt);
  file_.depth = head[kDepthAt];
  file_.colour = static_cast<PngColour>(head[kColourAt]);
  file_.interlaced = head[kInterlaceAt] != 0;
  if (png_sig_cmp(input_.data(), 0, 8) != 0 || std::memcmp(&input_[12], "IHDR", 4) != 0) {
    return Corrupt("PNG", "it does not begin as a PNG does");
  }
  constexpr uint8_t kColours[] = {0, 2, 3, 4, 6};
  const uint32_t depth = file_.depth;
  const bool has_colour =
      std::find(std::begin(kColours), std::end(kColours), head[kColourAt]) != std::end(kColours);
  const bool has_depth = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
  if (!has_colour || !has_depth) return Corrupt("PNG", "what it says contradicts itself");
  RETURN_IF_ERROR(CheckSize("PNG", file_.width, file_.height));
  raw_bytes_ = PngRowBytes(file_, file_.width);
  const auto all = static_cast<int64_t>(raw_bytes_) * file_.height;
  if (all / kMaxDeflateRatio > file_bytes()) {
    return Corrupt("PNG", "it holds less than its size promises");
  }
  if (file_.interlaced && all > kMaxInterlacedBytes) {
    return Fail(
        ErrorCode::kImageTooLarge,
        "This PNG of % x % pixels is interlaced, so all of it would have to be held at once. "
        "Save it without interlacing, or as a TIFF in tiles.",
        file_.width, file_.height);
  }
  StripHeader header;
  header.full_width = static_cast<int>(file_.width);
  header.full_height = static_cast<int>(file_.height);
  header.width = (header.full_width - 1) / reduction() + 1;
  header.height = (header.full_height - 1) / reduction() + 1;
  const bool is_grey = file_.colour == PngColour::kGrey || file_.colour == PngColour::kGreyAlpha;
  header.channels = is_grey ? 1 : 3;
  row_ = AllocateMemory(size_t{file_.width} * static_cast<size_t>(header.channels));
  if (row_ == nullptr) return OutOfMemory();
  if (file_.interlaced) {
    held_ = AllocateMemory(static_cast<size_t>(all));
    if (held_ == nullptr) return OutOfMemory();
    std::memset(held_.get(), 0, static_cast<size_t>(all));
  }
  const int64_t per_slice =
      static_cast<int64_t>(kSliceBytes) * kMaxDeflateRatio / static_cast<int64_t>(raw_bytes_ + 1);
  is_head_read_ = true;
  return SetUpBand(header, header.full_width, header.full_height, reduction(), per_slice + 2);
}

// Called by libpng before the first row.
void PngStrips::StartRows() {
  png_colorp colours = nullptr;
  int count = 0;
  if (png_get_PLTE(png_, info_, &colours, &count) != 0) {
    for (int i = 0; i < count; ++i) {
      palette_.insert(palette_.end(), {colours[i].red, colours[i].green, colours[i].blue});
    }
  }
  png_bytep alphas = nullptr;
  png_color_16p key = nullptr;
  if (png_get_tRNS(png_, info_, &alphas, &count, &key) != 0) {
    const auto add = [this](uint16_t value) {
      transparency_.insert(transparency_.end(),
                           {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)});
    };
    if (file_.colour == PngColour::kPalette) {
      transparency_.assign(alphas, alphas + count);
    } else if (file_.colour == PngColour::kGrey) {
      add(key->gray);
    } else if (file_.colour == PngColour::kRgb) {
      add(key->red);
      add(key->green);
      add(key->blue);
    }
  }
  file_.palette = palette_;
  file_.transparency = transparency_;
  samples_.emplace(file_);
  ReadOrientation();
  if (file_.interlaced) png_set_interlace_handling(png_);
  png_start_read_image(png_);
}

void PngStrips::ReadOrientation() {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(png_, info_, &size, &exif) != 0) {
    orientation_ = ReadExifOrientation({exif, size});
  }
}

// Called by libpng.
void PngStrips::TakeRow(png_bytep row, uint32_t y) {
  if (held_ == nullptr) {
    AddRaw(row);
  } else if (y < file_.height) {
    png_progressive_combine_row(png_, &held_[y * raw_bytes_], row);
  }
}

void PngStrips::AddRaw(const uint8_t* raw) {
  if (!samples_->Expand(raw, file_.width, row_.get())) {
    problem_ = Problem::kPalette;
  } else if (!AddRow(row_.get())) {
    problem_ = Problem::kNoRoom;
  } else {
    return;
  }
  png_error(png_, "");
}

// How many of the next bytes are given to libpng, or passed over, in one go; 0: more are needed. A
// chunk of pixels goes in by slices, since libpng makes all rows of what it is given; another one
// whole, since libpng copies its beginning again with every part.
Result<size_t> PngStrips::NextPart() {
  const size_t there = input_.size() - at_;
  if (chunk_left_ == 0) {
    if (there < kChunkHeadBytes) return size_t{0};
    const std::span<const uint8_t> head(&input_[at_], kChunkHeadBytes);
    const std::string_view type(reinterpret_cast<const char*>(&head[4]), 4);
    chunk_left_ = uint64_t{BigEndian32(head, 0)} + kChunkFrameBytes;
    is_pixels_ = type == "IDAT";
    const bool may_be_skipped = (head[4] & kAncillaryBit) != 0;
    is_passed_over_ = may_be_skipped && type != "tRNS" && type != "eXIf";
    if (!is_pixels_ && !is_passed_over_ && chunk_left_ > kMaxPngChunkBytes + kChunkFrameBytes) {
      return ChunkTooLarge();
    }
  }
  const size_t part = static_cast<size_t>(std::min<uint64_t>(there, chunk_left_));
  if (is_passed_over_) return part;
  if (is_pixels_) return std::min(part, kSliceBytes);
  return part == chunk_left_ ? part : size_t{0};
}

// What an interlaced picture has become.
Status PngStrips::EmitHeld() {
  const bool done = Guard([this] {
    for (size_t y = rows_emitted_; !IsBandFull() && y < file_.height; ++y) {
      AddRaw(&held_[y * raw_bytes_]);
      ++rows_emitted_;
    }
  });
  if (!done) return Failure();
  return {};
}

Status PngStrips::Fill() {
  if (!is_head_read_) {
    if (input_.size() < kHeadBytes) {
      if (ended_) return Truncated("PNG");
      return {};
    }
    RETURN_IF_ERROR(ReadHead());
  }
  while (!IsBandFull() && !has_end_) {
    ASSIGN_OR_RETURN(const size_t size, NextPart());
    if (size == 0) break;
    uint8_t* part = &input_[at_];
    at_ += size;
    chunk_left_ -= size;
    if (is_passed_over_) continue;
    if (!Guard([&] { png_process_data(png_, info_, part, size); })) return Failure();
  }
  if (!has_end_) {
    if (ended_ && !IsBandFull()) return Truncated("PNG");
    return {};
  }
  if (held_ != nullptr) RETURN_IF_ERROR(EmitHeld());
  if (!HasAllRows() && held_ == nullptr) return Truncated("PNG");
  if (HasAllRows()) {
    ReadOrientation();
    Finish();
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StripDecoder>> NewPngStrips(int reduction, int64_t file_bytes) {
  auto strips = std::make_unique<PngStrips>(reduction, file_bytes);
  RETURN_IF_ERROR(strips->SetUp());
  return std::unique_ptr<StripDecoder>(std::move(strips));
}

}  // namespace insitu
