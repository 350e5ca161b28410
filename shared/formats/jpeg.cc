#include "shared/formats/jpeg.h"

#include <utility>

#include "shared/formats/exif.h"
#include "shared/formats/jpeg_markers.h"
#include "shared/formats/pixels.h"
#include "shared/formats/stb.h"

namespace insitu {

Result<Image> DecodeJpeg(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const JpegFile file, ReadJpegMarkers(bytes));
  ASSIGN_OR_RETURN(Image image, DecodeJpegPixels(bytes.first(file.size), file.channels));
  return Oriented(std::move(image), ReadExifOrientation(file.exif));
}

}  // namespace insitu
