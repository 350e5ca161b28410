#pragma once

#include <cstdint>
#include <memory>

#include "shared/codecs/strips.h"

namespace insitu {

// A StripDecoder of a JPEG. Errors: kOutOfMemory.
Result<std::unique_ptr<StripDecoder>> NewJpegStrips(int reduction, int64_t file_bytes);

}  // namespace insitu
