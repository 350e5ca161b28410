// libjpeg-turbo behind Results: a JPEG read row by row, of bytes that are all there or that come in
// parts. The one file that sees <jpeglib.h>, but for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/result.h"

namespace insitu {

// What the three components of a colour JPEG are. TIFF and DICOM say it beside the JPEG.
enum class JpegColour : int {
  kAuto = 0,   // as the JPEG says by its markers or the names of its components
  kRgb = 1,    // red, green and blue: not transformed
  kYcbcr = 2,  // transformed to red, green and blue
  kGrey = 3,   // only their brightness is wanted
};

struct JpegHeader {
  int width = 0;  // as stored, before any reduction
  int height = 0;
  int components = 0;             // 1 or 3
  int64_t coefficient_bytes = 0;  // what has to be held until all scans are there; 0: nothing
  int orientation = 1;            // EXIF, 1..8
};

// Baseline and progressive, 8 bits. Errors of all calls: kImageTruncated, kImageCorrupt,
// kOutOfMemory, kImageTooLarge (more scans than kMaxCodecJpegScans); kImageUnknown for 12 bits,
// arithmetic, lossless and hierarchical coding, and other than 1 or 3 components. After an error no
// more calls.
class JpegReader {
 public:
  JpegReader();
  ~JpegReader();
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Tables that the JPEG leaves out (TIFF's JPEGTables). First, if at all.
  Status ReadTables(std::span<const uint8_t> bytes);

  // All bytes at once; they have to outlive the reader.
  void Lend(std::span<const uint8_t> bytes);
  // Or bytes as they come, copied; End says that there are no more. Errors: kOutOfMemory.
  Status Append(std::span<const uint8_t> bytes);
  void End();

  // Each of these may find that bytes are missing so far: then it is called again when there are
  // more.
  // Whether the header is there.
  Result<bool> ReadHeader();
  const JpegHeader& header() const { return header_; }
  // Whether rows can be read. reduction: 1, 2, 4 or 8; sides are then ceil(side / reduction).
  Result<bool> Start(JpegColour colour, int reduction);
  int width() const;
  int height() const;
  int channels() const;  // 1 or 3
  // The next row, (width, channels); whether it was there.
  Result<bool> ReadRow(uint8_t* row);

 private:
  struct State;

  template <typename Call>
  bool Guard(Call call);
  Failed Failure() const;
  Result<bool> Starved() const;
  Status CheckComponents() const;
  Status CheckScans() const;

  std::unique_ptr<State> state_;
  JpegHeader header_;
  bool is_set_up_ = false;
};

}  // namespace insitu
