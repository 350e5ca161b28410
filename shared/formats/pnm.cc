#include "shared/formats/pnm.h"

#include "shared/formats/pixels.h"

namespace insitu {
namespace {

constexpr uint32_t kLargestMaximum = 65535;
constexpr uint32_t kLargestNumber = 100'000'000;  // far beyond any that can be right

Failed Bad(std::string_view reason) { return Corrupt("PNM", reason); }

bool IsSpace(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool IsDigit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

// Reads numbers that white space and comments, from # to the end of the line, keep apart.
class Numbers {
 public:
  Numbers(std::span<const uint8_t> bytes, size_t at) : bytes_(bytes), at_(at) {}

  // Errors: kImageTruncated at the end of the file, kImageCorrupt for anything but a number, and
  // for one beyond `largest`.
  Result<uint32_t> Next(uint32_t largest) {
    SkipSpace();
    if (at_ == bytes_.size()) return Truncated("PNM");
    if (!IsDigit(bytes_[at_])) return Bad("something other than a number stands among its numbers");
    uint32_t number = 0;
    for (; at_ < bytes_.size() && IsDigit(bytes_[at_]); ++at_) {
      number = number * 10 + (bytes_[at_] - uint32_t{'0'});
      if (number > largest) return Bad("a number is larger than it may be");
    }
    return number;
  }

  size_t at() const { return at_; }

 private:
  void SkipSpace() {
    bool comment = false;
    for (; at_ < bytes_.size(); ++at_) {
      const uint8_t byte = bytes_[at_];
      if (byte == '#') comment = true;
      if (comment && (byte == '\n' || byte == '\r')) comment = false;
      if (!comment && !IsSpace(byte)) return;
    }
  }

  std::span<const uint8_t> bytes_;
  size_t at_;
};

struct PnmHeader {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t maximum = 0;
  int channels = 1;
  bool text = false;
};

Result<PnmHeader> ReadHeader(uint8_t kind, Numbers* numbers) {
  PnmHeader header{.channels = kind == '3' || kind == '6' ? 3 : 1,
                   .text = kind == '2' || kind == '3'};
  ASSIGN_OR_RETURN(header.width, numbers->Next(kLargestNumber));
  ASSIGN_OR_RETURN(header.height, numbers->Next(kLargestNumber));
  RETURN_IF_ERROR(CheckImageSize(header.width, header.height));
  ASSIGN_OR_RETURN(header.maximum, numbers->Next(kLargestMaximum));
  if (header.maximum == 0) return Bad("its largest value is 0");
  return header;
}

Status ReadText(const PnmHeader& header, Numbers* numbers, std::vector<uint8_t>* pixels) {
  for (uint8_t& pixel : *pixels) {
    ASSIGN_OR_RETURN(const uint32_t sample, numbers->Next(header.maximum));
    pixel = To8Bits(sample, header.maximum);
  }
  return {};
}

// bytes hold all samples.
Status ReadBytes(const PnmHeader& header, std::span<const uint8_t> bytes,
                 std::vector<uint8_t>* pixels) {
  const bool wide = header.maximum > 255;
  for (size_t i = 0; i < pixels->size(); ++i) {
    const uint32_t sample = wide ? BigEndian16(bytes, i * 2) : bytes[i];
    if (sample > header.maximum) return Bad("a sample is larger than the largest value");
    (*pixels)[i] = To8Bits(sample, header.maximum);
  }
  return {};
}

}  // namespace

Result<Image> DecodePnm(std::span<const uint8_t> bytes) {
  if (bytes.size() < 2) return Truncated("PNM");
  Numbers numbers(bytes, 2);
  ASSIGN_OR_RETURN(const PnmHeader header, ReadHeader(bytes[1], &numbers));
  const size_t samples =
      size_t{header.width} * header.height * static_cast<size_t>(header.channels);
  const size_t rest = bytes.size() - numbers.at();
  // After the space that ends the header: 1 or 2 bytes a sample, or a digit and a space, of which
  // the last may be missing. Known before memory is taken.
  const size_t needed = header.text             ? samples * 2
                        : header.maximum <= 255 ? samples + 1
                                                : samples * 2 + 1;
  if (rest < needed) return Truncated("PNM");
  if (!IsSpace(bytes[numbers.at()])) return Bad("no space follows its header");
  ASSIGN_OR_RETURN(Image image, NewImage(header.width, header.height, header.channels));
  if (header.text) {
    RETURN_IF_ERROR(ReadText(header, &numbers, &image.pixels));
  } else {
    RETURN_IF_ERROR(ReadBytes(header, bytes.subspan(numbers.at() + 1), &image.pixels));
  }
  return image;
}

}  // namespace insitu
