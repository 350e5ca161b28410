#include "shared/formats/signature.h"

#include <algorithm>
#include <string_view>

#include "shared/formats/bmp.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n"sv;

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool IsPnm(std::string_view text) {
  if (text.size() < 2 || text[0] != 'P') return false;
  if ("2356"sv.find(text[1]) == std::string_view::npos) return false;
  return text.size() == 2 || " \t\n\v\f\r#"sv.find(text[2]) != std::string_view::npos;
}

struct Known {
  size_t at;  // offset of the signature
  std::string_view signature;
  std::string_view name;  // "This is ..."
};

constexpr std::string_view kTiff = "a TIFF file";
constexpr std::string_view kHeif = "a HEIF image, as phones take them";
constexpr std::string_view kJpeg2000 = "a JPEG 2000 image";
constexpr std::string_view kJpegXl = "a JPEG XL image";
constexpr std::string_view kBitmap = "a PBM image, which holds only black and white";

constexpr Known kKnown[] = {
    {0, "GIF8"sv, "a GIF image"},
    {0, "II*\0"sv, kTiff},
    {0, "MM\0*"sv, kTiff},
    {0, "II+\0"sv, kTiff},  // BigTIFF
    {0, "MM\0+"sv, kTiff},
    {8, "WEBP"sv, "a WebP image"},
    {128, "DICM"sv, "a DICOM file"},
    {4, "ftypavif"sv, "an AVIF image"},
    {4, "ftyphei"sv, kHeif},
    {4, "ftyphev"sv, kHeif},
    {4, "ftypmif1"sv, kHeif},
    {4, "ftypmsf1"sv, kHeif},
    {0, "\0\0\0\x0cjP  "sv, kJpeg2000},
    {0, "\xff\x4f\xff\x51"sv, kJpeg2000},
    {0, "\0\0\0\x0cJXL "sv, kJpegXl},
    {0, "\xff\x0a"sv, kJpegXl},
    {0, "8BPS"sv, "a Photoshop file"},
    {0, "%PDF"sv, "a PDF document"},
    {0, "PK\x03\x04"sv, "a ZIP archive"},
    {0, "P1"sv, kBitmap},
    {0, "P4"sv, kBitmap},
    {0, "P7\n"sv, "a PAM image"},
    {0, "BM"sv, "a BMP of a kind that is not read here"},
};

// UTF-8 is let through without a check: what matters is that there are no control characters.
bool LooksLikeText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 127 || (byte < 32 && !(byte >= 9 && byte <= 13));
  });
}

std::string_view NameOf(std::string_view text) {
  constexpr size_t kEnough = 1024;
  const std::string_view start = text.substr(0, kEnough);
  if (LooksLikeText(start) && !IsPnm(start)) {
    if (start.find("<svg") != start.npos) return "an SVG drawing";
    if (start.starts_with("%PDF")) return "a PDF document";
    if (start.starts_with("P1") || start.starts_with("P4")) return kBitmap;
    return "a text file";
  }
  for (const Known& known : kKnown) {
    if (text.size() >= known.at && text.substr(known.at).starts_with(known.signature)) {
      return known.name;
    }
  }
  return "";
}

}  // namespace

Format RecogniseFormat(std::span<const uint8_t> bytes) {
  const std::string_view text = AsText(bytes);
  const size_t compared = std::min(text.size(), kPngSignature.size());
  if (compared > 0 && text.substr(0, compared) == kPngSignature.substr(0, compared)) {
    return Format::kPng;
  }
  if (text.starts_with("\xff\xd8"sv) || text == "\xff"sv) return Format::kJpeg;
  if (IsBmp(bytes)) return Format::kBmp;
  if (IsPnm(text)) return Format::kPnm;
  return Format::kOther;
}

Failed UnknownFormat(std::span<const uint8_t> bytes) {
  const std::string_view name = NameOf(AsText(bytes));
  const std::string what =
      name.empty() ? "This file is no image that InSitu knows" : StrCat("This is ", name);
  return Fail(ErrorCode::kImageUnknown,
              "%; InSitu reads PNG, JPEG, BMP, PGM and PPM. Save it as PNG and drop it again.",
              what);
}

}  // namespace insitu
