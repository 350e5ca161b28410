#include "shared/formats/jpeg_markers.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "shared/divide_up.h"
#include "shared/formats/pixels.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using namespace std::string_view_literals;

// ITU-T T.81, table B.1.
enum Marker : uint8_t {
  kStuffing = 0x00,  // FF 00: a byte FF of coded data
  kSof0 = 0xc0,      // baseline
  kSof1 = 0xc1,      // extended, 8 bits here
  kSof2 = 0xc2,      // progressive
  kHuffmanTables = 0xc4,
  kSof15 = 0xcf,
  kRestart0 = 0xd0,
  kRestart7 = 0xd7,
  kStart = 0xd8,
  kEnd = 0xd9,
  kScan = 0xda,
  kQuantTables = 0xdb,
  kLineCount = 0xdc,
  kRestartInterval = 0xdd,
  kApp0 = 0xe0,
  kApp1 = 0xe1,
  kApp15 = 0xef,
  kComment = 0xfe,
  kFill = 0xff,
};

constexpr std::string_view kExifName = "Exif\0\0"sv;
constexpr int kBlock = 8;  // pixels on a side of what is transformed at once

Failed Bad(std::string_view reason) { return Corrupt("JPEG", reason); }

Failed Unsupported(std::string_view what) {
  return Fail(
      ErrorCode::kImageUnknown,
      "This is a JPEG with %, which InSitu does not read. Save it as PNG and drop it again.", what);
}

struct Component {
  uint8_t id = 0;
  int horizontal = 1;  // sampling factors
  int vertical = 1;
  size_t quant_table = 0;
  bool scanned = false;  // at least its first coefficient
};

class MarkerReader {
 public:
  explicit MarkerReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Result<JpegFile> Read();

 private:
  // Moves behind the next marker. Before the frame, other bytes may stand between.
  Result<uint8_t> NextMarker();
  // Moves behind the segment that follows the marker; its data without the length.
  Result<std::span<const uint8_t>> Segment();
  Status ReadSegment(uint8_t marker);
  Status ReadTables(uint8_t marker, std::span<const uint8_t> data);
  Status ReadQuantTables(std::span<const uint8_t> data);
  Status ReadHuffmanTables(std::span<const uint8_t> data);
  Status ReadFrame(uint8_t marker, std::span<const uint8_t> data);
  Status ReadComponents(std::span<const uint8_t> data);
  Status ReadScan(std::span<const uint8_t> data);
  Status CheckScanTables(const Component& component, uint8_t tables, bool direct,
                         bool coefficients);
  Status SkipCodedData(int64_t restarts);
  int64_t RestartsOf(std::span<const size_t> scanned) const;

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  JpegFile file_;
  std::array<Component, 3> components_;
  bool has_frame_ = false;
  bool progressive_ = false;
  int scans_ = 0;
  int64_t restart_interval_ = 0;  // in MCUs; 0 none
  std::array<bool, 4> has_quant_ = {};
  std::array<bool, 4> has_direct_ = {};        // Huffman tables of the first coefficient
  std::array<bool, 4> has_coefficients_ = {};  // and of the others
};

Result<uint8_t> MarkerReader::NextMarker() {
  while (!has_frame_ && at_ < bytes_.size() && bytes_[at_] != kFill) ++at_;
  if (at_ == bytes_.size()) return Truncated("JPEG");
  if (bytes_[at_] != kFill) return Bad("something other than a marker stands after a part");
  while (at_ < bytes_.size() && bytes_[at_] == kFill) ++at_;
  if (at_ == bytes_.size()) return Truncated("JPEG");
  return bytes_[at_++];
}

Result<std::span<const uint8_t>> MarkerReader::Segment() {
  const size_t rest = bytes_.size() - at_;
  if (rest < 2) return Truncated("JPEG");
  const size_t length = BigEndian16(bytes_, at_);
  if (length < 2) return Bad("the length of a part is wrong");
  if (length > rest) return Truncated("JPEG");
  const std::span<const uint8_t> data = bytes_.subspan(at_ + 2, length - 2);
  at_ += length;
  return data;
}

Result<JpegFile> MarkerReader::Read() {
  if (bytes_.size() < 2) return Truncated("JPEG");
  at_ = 2;
  for (;;) {
    ASSIGN_OR_RETURN(const uint8_t marker, NextMarker());
    if (marker == kEnd) break;
    RETURN_IF_ERROR(ReadSegment(marker));
  }
  if (!has_frame_) return Bad("it holds no image");
  for (int i = 0; i < file_.channels; ++i) {
    if (!components_[static_cast<size_t>(i)].scanned) return Bad("a part of its image is missing");
  }
  file_.size = at_;
  return file_;
}

Status MarkerReader::ReadSegment(uint8_t marker) {
  const bool stands_alone = marker <= 1 || (marker >= kRestart0 && marker <= kStart);
  if (stands_alone) return Bad("a marker stands where it must not");
  ASSIGN_OR_RETURN(const std::span<const uint8_t> data, Segment());
  if (marker >= kApp0 && marker <= kApp15) {
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    if (marker == kApp1 && file_.exif.empty() && text.starts_with(kExifName)) {
      file_.exif = data.subspan(kExifName.size());
    }
    return {};
  }
  if (marker == kScan) return ReadScan(data);
  if (marker == kComment) return {};
  return ReadTables(marker, data);
}

Status MarkerReader::ReadTables(uint8_t marker, std::span<const uint8_t> data) {
  switch (marker) {
    case kSof0:
    case kSof1:
    case kSof2:
      return ReadFrame(marker, data);
    case kQuantTables:
      return ReadQuantTables(data);
    case kHuffmanTables:
      return ReadHuffmanTables(data);
    case kRestartInterval:
      if (data.size() != 2) return Bad("its restart interval has the wrong length");
      restart_interval_ = BigEndian16(data, 0);
      return {};
    case kLineCount:
      if (!has_frame_ || data.size() != 2 || BigEndian16(data, 0) != file_.height) {
        return Bad("its height contradicts its header");
      }
      return {};
    default:
      break;
  }
  if (marker > kSof2 && marker <= kSof15 && !has_frame_) {
    return Unsupported("arithmetic, lossless or hierarchical coding");
  }
  if (marker >= 0xf0 && !has_frame_) return Unsupported("an extension such as JPEG-LS");
  return Bad("it has a marker that JPEG does not have there");
}

Status MarkerReader::ReadQuantTables(std::span<const uint8_t> data) {
  while (!data.empty()) {
    const size_t precision = data[0] >> 4;
    const size_t index = data[0] & 15;
    const size_t size = 1 + 64 * (precision + 1);
    if (precision > 1 || index > 3 || data.size() < size)
      return Bad("a quantisation table is wrong");
    has_quant_[index] = true;
    data = data.subspan(size);
  }
  return {};
}

Status MarkerReader::ReadHuffmanTables(std::span<const uint8_t> data) {
  constexpr size_t kLengths = 16;
  while (!data.empty()) {
    const size_t table_class = data[0] >> 4;
    const size_t index = data[0] & 15;
    if (table_class > 1 || index > 3 || data.size() < 1 + kLengths) {
      return Bad("a Huffman table is wrong");
    }
    size_t symbols = 0;
    uint32_t code = 0;  // the next free code of the present length
    for (size_t length = 1; length <= kLengths; ++length) {
      symbols += data[length];
      code += data[length];
      if (code > (1U << length)) return Bad("a Huffman table is wrong");
      code <<= 1;
    }
    const size_t size = 1 + kLengths + symbols;
    if (symbols == 0 || symbols > 256 || data.size() < size) return Bad("a Huffman table is wrong");
    (table_class == 0 ? has_direct_ : has_coefficients_)[index] = true;
    data = data.subspan(size);
  }
  return {};
}

Status MarkerReader::ReadFrame(uint8_t marker, std::span<const uint8_t> data) {
  constexpr size_t kFixedBytes = 6;
  constexpr size_t kComponentBytes = 3;
  if (has_frame_) return Bad("it has two headers");
  if (data.size() < kFixedBytes) return Bad("its header has the wrong length");
  file_.height = BigEndian16(data, 1);
  file_.width = BigEndian16(data, 3);
  file_.channels = data[5];
  if (file_.height == 0) return Unsupported("its height after the image");
  RETURN_IF_ERROR(CheckImageSize(file_.width, file_.height));
  if (data[0] != 8) return Unsupported(StrCat(data[0], " bits per sample"));
  if (file_.channels == 4) return Unsupported("four channels (CMYK), as for printing");
  if (file_.channels != 1 && file_.channels != 3) {
    return Bad("its header gives a number of channels that images do not have");
  }
  if (data.size() != kFixedBytes + kComponentBytes * static_cast<size_t>(file_.channels)) {
    return Bad("its header has the wrong length");
  }
  progressive_ = marker == kSof2;
  has_frame_ = true;
  return ReadComponents(data.subspan(kFixedBytes));
}

Status MarkerReader::ReadComponents(std::span<const uint8_t> data) {
  int most_horizontal = 1;
  int most_vertical = 1;
  for (size_t i = 0; i < static_cast<size_t>(file_.channels); ++i) {
    Component& component = components_[i];
    component.id = data[i * 3];
    component.horizontal = data[i * 3 + 1] >> 4;
    component.vertical = data[i * 3 + 1] & 15;
    component.quant_table = data[i * 3 + 2];
    const bool sampled = component.horizontal >= 1 && component.horizontal <= 4 &&
                         component.vertical >= 1 && component.vertical <= 4;
    if (!sampled || component.quant_table > 3) return Bad("its header describes a channel wrongly");
    for (size_t j = 0; j < i; ++j) {
      if (components_[j].id == component.id) return Bad("two of its channels have the same name");
    }
    most_horizontal = std::max(most_horizontal, component.horizontal);
    most_vertical = std::max(most_vertical, component.vertical);
  }
  for (size_t i = 0; i < static_cast<size_t>(file_.channels); ++i) {
    if (most_horizontal % components_[i].horizontal != 0 ||
        most_vertical % components_[i].vertical != 0) {
      return Unsupported("channels reduced by a fraction");
    }
  }
  return {};
}

Status MarkerReader::ReadScan(std::span<const uint8_t> data) {
  if (!has_frame_) return Bad("its image stands before its header");
  if (++scans_ > kMaxJpegScans) {
    return Fail(ErrorCode::kImageTooLarge,
                "This JPEG has more than % scans, which would take too long to read. Save it as "
                "PNG and drop it again.",
                kMaxJpegScans);
  }
  const size_t count = data.empty() ? 0 : data[0];
  if (count < 1 || count > static_cast<size_t>(file_.channels) || data.size() != 4 + 2 * count) {
    return Bad("the header of a scan has the wrong length");
  }
  const uint8_t first = data[1 + 2 * count];
  const uint8_t last = data[2 + 2 * count];
  const bool refines = data[3 + 2 * count] >> 4 != 0;
  if (progressive_ && first > 0 && (count != 1 || last < first || last > 63)) {
    return Bad("the header of a scan is wrong");
  }
  std::array<size_t, 3> scanned = {};
  for (size_t i = 0; i < count; ++i) {
    const auto end = components_.begin() + file_.channels;
    const auto found = std::find_if(components_.begin(), end,
                                    [&](const Component& c) { return c.id == data[1 + 2 * i]; });
    if (found == end) return Bad("a scan names a channel that is not there");
    scanned[i] = static_cast<size_t>(found - components_.begin());
    if (std::find(&scanned[0], &scanned[i], scanned[i]) != &scanned[i]) {
      return Bad("a scan names a channel twice");
    }
    const bool direct = !progressive_ || (first == 0 && !refines);
    const bool coefficients = !progressive_ || first > 0;
    RETURN_IF_ERROR(CheckScanTables(*found, data[2 + 2 * i], direct, coefficients));
    if (first == 0 && !refines) found->scanned = true;
  }
  return SkipCodedData(RestartsOf({scanned.data(), count}));
}

Status MarkerReader::CheckScanTables(const Component& component, uint8_t tables, bool direct,
                                     bool coefficients) {
  const size_t direct_table = tables >> 4;
  const size_t coefficient_table = tables & 15;
  const bool missing = direct_table > 3 || coefficient_table > 3 ||
                       (direct && !has_direct_[direct_table]) ||
                       (coefficients && !has_coefficients_[coefficient_table]);
  if (missing) return Bad("a Huffman table is missing");
  if (!has_quant_[component.quant_table]) return Bad("a quantisation table is missing");
  return {};
}

// Restart markers that the scan's data has to hold: one between any two intervals.
int64_t MarkerReader::RestartsOf(std::span<const size_t> scanned) const {
  if (restart_interval_ == 0) return 0;
  int64_t most_horizontal = 1;
  int64_t most_vertical = 1;
  for (size_t i = 0; i < static_cast<size_t>(file_.channels); ++i) {
    most_horizontal = std::max<int64_t>(most_horizontal, components_[i].horizontal);
    most_vertical = std::max<int64_t>(most_vertical, components_[i].vertical);
  }
  int64_t across = DivideUp<int64_t>(file_.width, kBlock * most_horizontal);
  int64_t down = DivideUp<int64_t>(file_.height, kBlock * most_vertical);
  if (scanned.size() == 1) {
    const Component& component = components_[scanned[0]];
    across =
        DivideUp(DivideUp<int64_t>(file_.width * component.horizontal, most_horizontal), kBlock);
    down = DivideUp(DivideUp<int64_t>(file_.height * component.vertical, most_vertical), kBlock);
  }
  return DivideUp(across * down, restart_interval_) - 1;
}

// Moves to the marker that ends the coded data.
Status MarkerReader::SkipCodedData(int64_t restarts) {
  int64_t seen = 0;
  for (; at_ + 1 < bytes_.size(); ++at_) {
    if (bytes_[at_] != kFill) continue;
    const uint8_t marker = bytes_[at_ + 1];
    if (marker == kStuffing || marker == kFill) continue;
    if (marker < kRestart0 || marker > kRestart7) {
      return seen < restarts ? Bad("a piece of its image is missing") : Status();
    }
    if (restart_interval_ == 0 || marker - kRestart0 != seen % 8) {
      return Bad("the pieces of its image are out of order");
    }
    ++seen;
  }
  return Truncated("JPEG");
}

}  // namespace

Result<JpegFile> ReadJpegMarkers(std::span<const uint8_t> bytes) {
  return MarkerReader(bytes).Read();
}

}  // namespace insitu
