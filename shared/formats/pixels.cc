#include "shared/formats/pixels.h"

#include <utility>

#include "shared/limits.h"

namespace insitu {
namespace {

size_t SampleCount(int64_t width, int64_t height, int channels) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels);
}

}  // namespace

Status CheckImageSize(int64_t width, int64_t height) {
  if (width < 1 || height < 1) {
    return Fail(ErrorCode::kImageCorrupt,
                "The image says that it is % x % pixels, so it holds nothing to read. Save it "
                "again and drop it again.",
                width, height);
  }
  if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels) {
    return Fail(ErrorCode::kImageTooLarge,
                "The image is % x % pixels; InSitu reads up to % on a side and % million in all. "
                "Cut out the region of interest or reduce the image, and drop it again.",
                width, height, kMaxImageSide, kMaxImagePixels / 1'000'000);
  }
  return {};
}

Result<Image> NewImage(int64_t width, int64_t height, int channels) {
  Image image{.width = static_cast<int>(width),
              .height = static_cast<int>(height),
              .channels = channels,
              .pixels = {}};
  const size_t size = SampleCount(width, height, channels);
  // A vector without memory aborts, so whether there is enough is tried first.
  if (AllocateMemory(size) == nullptr) return OutOfMemory();
  image.pixels = std::vector<uint8_t>(size);
  return image;
}

Memory AllocateMemory(size_t size) {
  // Volatile, since a compiler may leave out an allocation that nothing uses.
  void* volatile memory = std::malloc(size);
  return Memory(static_cast<uint8_t*>(memory));
}

Failed Truncated(std::string_view format) {
  return Fail(ErrorCode::kImageTruncated,
              "This % file ends before its image does. Copy or save it again and drop it again.",
              format);
}

Failed Corrupt(std::string_view format, std::string_view reason) {
  return Fail(ErrorCode::kImageCorrupt,
              "This % file is damaged: %. Copy or save it again and drop it again.", format,
              reason);
}

Failed OutOfMemory() {
  return Fail(ErrorCode::kOutOfMemory,
              "There is not enough memory for this image. Close other pages or reduce the image, "
              "and drop it again.");
}

// Orientations 5..8 exchange rows and columns; in each, the stored origin lies in another corner.
Result<Image> Oriented(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  const bool mirrored =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool upside_down =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const auto width = static_cast<ptrdiff_t>(transposed ? image.height : image.width);
  const auto height = static_cast<ptrdiff_t>(transposed ? image.width : image.height);
  ASSIGN_OR_RETURN(Image shown, NewImage(width, height, image.channels));

  const auto channels = static_cast<ptrdiff_t>(image.channels);
  const ptrdiff_t stride = image.width * channels;
  const ptrdiff_t step_x = (transposed ? stride : channels) * (mirrored ? -1 : 1);
  const ptrdiff_t step_y = (transposed ? channels : stride) * (upside_down ? -1 : 1);
  const uint8_t* row = image.pixels.data() + (mirrored ? -(width - 1) * step_x : 0) +
                       (upside_down ? -(height - 1) * step_y : 0);
  uint8_t* out = shown.pixels.data();
  for (ptrdiff_t y = 0; y < height; ++y, row += step_y) {
    for (ptrdiff_t x = 0; x < width; ++x) {
      for (ptrdiff_t c = 0; c < channels; ++c) *out++ = row[x * step_x + c];
    }
  }
  return shown;
}

}  // namespace insitu
