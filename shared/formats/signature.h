// Which format a file is of, by its first bytes.
#pragma once

#include <cstdint>
#include <span>

#include "shared/result.h"

namespace insitu {

enum class Format { kPng, kJpeg, kBmp, kPnm, kOther };

// A file cut short within its signature counts as of that format, if it could be of no other.
Format RecogniseFormat(std::span<const uint8_t> bytes);

// kImageUnknown for a file of Format::kOther: names what it is, where its first bytes tell, and
// says what to do.
Failed UnknownFormat(std::span<const uint8_t> bytes);

}  // namespace insitu
