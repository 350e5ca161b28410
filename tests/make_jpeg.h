// JPEG files made by code, for tests: baseline and progressive, from the same coefficients.
#pragma once

#include "shared/image.h"
#include "tests/make_image.h"

namespace insitu {

struct JpegOptions {
  bool progressive = false;  // with successive approximation in all its four kinds of scan
  int chroma_step = 1;       // 2: chroma halved in both directions
  int quantiser = 1;         // of every coefficient; 1 loses almost nothing
  int restart_interval = 0;  // in MCUs; 0 none
  Bytes exif = {};           // a block as ExifBlock makes it
};
Bytes EncodeJpeg(const Image& image, const JpegOptions& options = {});

}  // namespace insitu
