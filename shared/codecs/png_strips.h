#pragma once

#include <cstdint>
#include <memory>

#include "shared/codecs/strips.h"

namespace insitu {

// A StripDecoder of a PNG, by libpng, the one file that sees <png.h>. Errors: kOutOfMemory.
Result<std::unique_ptr<StripDecoder>> NewPngStrips(int reduction, int64_t file_bytes);

}  // namespace insitu
