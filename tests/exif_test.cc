#include "shared/formats/exif.h"

#include <catch_amalgamated.hpp>

#include "tests/make_image.h"

namespace insitu {
namespace {

TEST_CASE("The orientation is read in both byte orders", "[exif]") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CHECK(ReadExifOrientation(ExifBlock(orientation, true)) == orientation);
    CHECK(ReadExifOrientation(ExifBlock(orientation, false)) == orientation);
  }
}

TEST_CASE("An orientation that EXIF does not have counts as upright", "[exif]") {
  for (const int orientation : {0, 9, 255, 65535}) {
    CHECK(ReadExifOrientation(ExifBlock(orientation, true)) == 1);
  }
}

TEST_CASE("An orientation of another type or count counts as upright", "[exif]") {
  constexpr size_t kEntry = 8 + 2 + 12;  // of the orientation
  Bytes exif = ExifBlock(6, true);
  exif[kEntry + 2] = 4;  // a long
  CHECK(ReadExifOrientation(exif) == 1);
  exif = ExifBlock(6, true);
  exif[kEntry + 4] = 2;  // two of them
  CHECK(ReadExifOrientation(exif) == 1);
}

TEST_CASE("An EXIF block cut anywhere is read to its end and not beyond", "[exif]") {
  const Bytes whole = ExifBlock(6, true);
  constexpr size_t kLastEntryEnds = 8 + 2 + 2 * 12;
  for (size_t size = 0; size <= whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    CHECK(ReadExifOrientation(cut) == (size >= kLastEntryEnds ? 6 : 1));
  }
}

TEST_CASE("A directory that lies outside the block, or in its last byte, counts as upright",
          "[exif]") {
  for (const uint32_t offset : {33U, 37U, 38U, 39U, 1000U, 0x7fffffffU, 0xfffffff0U, 0xffffffffU}) {
    Bytes exif = ExifBlock(6, true);
    for (size_t i = 0; i < 4; ++i) exif[4 + i] = static_cast<uint8_t>(offset >> (8 * i));
    CHECK(ReadExifOrientation(exif) == 1);
  }
}

TEST_CASE("A directory that claims more entries than there are ends with the block", "[exif]") {
  Bytes exif = ExifBlock(6, true);
  exif[8] = 0xff;
  exif[9] = 0xff;
  CHECK(ReadExifOrientation(exif) == 6);
  exif[8 + 2 + 12] = 0;  // no orientation any more
  CHECK(ReadExifOrientation(exif) == 1);
}

TEST_CASE("What is not a TIFF block counts as upright", "[exif]") {
  Bytes exif = ExifBlock(6, true);
  exif[2] = 43;
  CHECK(ReadExifOrientation(exif) == 1);
  exif = ExifBlock(6, true);
  exif[1] = 'M';
  CHECK(ReadExifOrientation(exif) == 1);
}

}  // namespace
}  // namespace insitu
