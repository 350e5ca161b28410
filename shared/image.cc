#include "shared/image.h"

#include "shared/formats/bmp.h"
#include "shared/formats/jpeg.h"
#include "shared/formats/png.h"
#include "shared/formats/pnm.h"
#include "shared/formats/signature.h"
#include "shared/limits.h"

namespace insitu {

Result<Image> DecodeImage(std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    return Fail(ErrorCode::kImageEmpty,
                "The file is empty. Copy or save it again and drop it again.");
  }
  if (bytes.size() > kMaxImageBytes) {
    return Fail(ErrorCode::kImageTooLarge,
                "The file is larger than % MB, the most that InSitu reads. Cut out the region of "
                "interest or reduce the image, and drop it again.",
                kMaxImageBytes >> 20);
  }
  switch (RecogniseFormat(bytes)) {
    case Format::kPng:
      return DecodePng(bytes);
    case Format::kJpeg:
      return DecodeJpeg(bytes);
    case Format::kBmp:
      return DecodeBmp(bytes);
    case Format::kPnm:
      return DecodePnm(bytes);
    case Format::kOther:
      break;
  }
  return UnknownFormat(bytes);
}

}  // namespace insitu
