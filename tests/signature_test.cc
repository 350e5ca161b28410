#include "shared/formats/signature.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <string_view>

#include "tests/make_image.h"
#include "tests/make_jpeg.h"

namespace insitu {
namespace {

using namespace std::string_literals;

Format Recognised(const std::string& text) { return RecogniseFormat(FromText(text)); }

// What the refusal of such a file says that it is.
std::string NameOf(const std::string& text) {
  const Failed failed = UnknownFormat(FromText(text));
  CHECK(failed.error().code == ErrorCode::kImageUnknown);
  const std::string& message = failed.error().message;
  CHECK(message.find("InSitu reads PNG, JPEG, BMP, PGM and PPM") != std::string::npos);
  CHECK(message.find("drop it again") != std::string::npos);
  return message.substr(0, message.find(';'));
}

TEST_CASE("A file is recognised by its first bytes", "[signature]") {
  CHECK(RecogniseFormat(EncodePng(NoiseImage(1, 1, 3))) == Format::kPng);
  CHECK(RecogniseFormat(EncodeJpeg(NoiseImage(1, 1, 3))) == Format::kJpeg);
  CHECK(RecogniseFormat(EncodeBmp(NoiseImage(1, 1, 3))) == Format::kBmp);
  for (const char kind : {'2', '3', '5', '6'}) {
    CHECK(RecogniseFormat(EncodePnm(NoiseRaster(1, 1, 3, 8), kind, 255)) == Format::kPnm);
  }
  CHECK(Recognised("P5#comment\n") == Format::kPnm);
  CHECK(Recognised("a text") == Format::kOther);
  CHECK(Recognised("P5 or so"s.replace(2, 1, "x")) == Format::kOther);
  CHECK(Recognised("\x89PNG\r\n\x1a\r") == Format::kOther);
  CHECK(RecogniseFormat({}) == Format::kOther);
}

TEST_CASE("A file cut within its signature counts as of that format", "[signature]") {
  const Bytes png = PngSignature();
  for (size_t size = 1; size <= png.size(); ++size) {
    CHECK(RecogniseFormat(std::span(png).first(size)) == Format::kPng);
  }
  CHECK(Recognised("\xff") == Format::kJpeg);
  CHECK(Recognised("BM") == Format::kBmp);
  CHECK(Recognised("P6") == Format::kPnm);
}

TEST_CASE("A file of another known format is refused by its name", "[signature]") {
  const std::string control = "\1\2\3\0"s;  // so that it is no text
  CHECK(NameOf("GIF89a" + control) == "This is a GIF image");
  CHECK(NameOf("GIF87a" + control) == "This is a GIF image");
  CHECK(NameOf("II*\0"s) == "This is a TIFF file");
  CHECK(NameOf("MM\0*"s) == "This is a TIFF file");
  CHECK(NameOf("II+\0"s) == "This is a TIFF file");
  CHECK(NameOf("MM\0+"s) == "This is a TIFF file");
  CHECK(NameOf("RIFF\1\0\0\0WEBPVP8 "s) == "This is a WebP image");
  CHECK(NameOf(std::string(128, '\0') + "DICM") == "This is a DICOM file");
  CHECK(NameOf("\0\0\x20"s + "ftypavif") != "This is an AVIF image");  // one byte short
  CHECK(NameOf("\0\0\0\x20"s + "ftypavif") == "This is an AVIF image");
  for (const char* brand : {"heic", "heix", "hevc", "mif1", "msf1"}) {
    CHECK(NameOf("\0\0\0\x18"s + "ftyp" + brand) == "This is a HEIF image, as phones take them");
  }
  CHECK(NameOf("\0\0\0\x0cjP  \r\n\x87\n"s) == "This is a JPEG 2000 image");
  CHECK(NameOf("\xff\x4f\xff\x51\0\x2f"s) == "This is a JPEG 2000 image");
  CHECK(NameOf("\0\0\0\x0cJXL \r\n\x87\n"s) == "This is a JPEG XL image");
  CHECK(NameOf("\xff\x0a" + control) == "This is a JPEG XL image");
  CHECK(NameOf("8BPS" + control) == "This is a Photoshop file");
  CHECK(NameOf("%PDF-1.7" + control) == "This is a PDF document");
  CHECK(NameOf("%PDF-1.7\n") == "This is a PDF document");
  CHECK(NameOf("PK\x03\x04" + control) == "This is a ZIP archive");
  CHECK(NameOf("P1\n1 1\n1\n") == "This is a PBM image, which holds only black and white");
  CHECK(NameOf("P4\n1 1\n" + control) == "This is a PBM image, which holds only black and white");
  CHECK(NameOf("P7\nWIDTH 1\n" + control) == "This is a PAM image");
  CHECK(NameOf("BM" + std::string(30, '\0')) == "This is a BMP of a kind that is not read here");
  CHECK(NameOf("<?xml version=\"1.0\"?>\n<svg>") == "This is an SVG drawing");
}

TEST_CASE("A text is called one, in any language, and other bytes are not", "[signature]") {
  CHECK(NameOf("case,label\r\n1,0\r\n") == "This is a text file");
  CHECK(NameOf("Brustkrebs: Gewebeprobe für später") == "This is a text file");
  CHECK(NameOf("\x01\x02\x03") == "This file is no image that InSitu knows");
  CHECK(NameOf("text\0"s) == "This file is no image that InSitu knows");
}

}  // namespace
}  // namespace insitu
