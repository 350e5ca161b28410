// The limits of limits.h on an image's size, checked from its header.
#pragma once

#include <cstdint>

#include "shared/limits.h"
#include "shared/result.h"
#include "shared/str_cat.h"

namespace insitu {

inline Status CheckImageSize(int64_t width, int64_t height) {
  if (width <= kMaxImageSide && height <= kMaxImageSide && width * height <= kMaxImagePixels) {
    return {};
  }
  return Error{ErrorCode::kImageTooLarge,
               StrCat("The image is ", width, "×", height, " pixels; up to ",
                      kMaxImagePixels / 1'000'000, " megapixels and ", kMaxImageSide,
                      " pixels a side are read. Cut out or reduce the part of interest.")};
}

}  // namespace insitu
