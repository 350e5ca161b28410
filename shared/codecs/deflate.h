// What was packed by Deflate in zlib's frame (RFC 1950), into memory of the size that it has to
// have: by zlib's inflate.
#pragma once

#include <cstdint>
#include <span>

#include "shared/result.h"

namespace insitu {

// Fills out, which must be what packed unpacks to, no more and no less; nothing is written beyond
// it, whatever packed goes on to. A checksum that is there has to be right; one that is cut off is
// no matter. Errors: kImageTooLarge where packed unpacks to more than out holds, or either is
// beyond its limit (limits.h); kImageTruncated where to less; kImageCorrupt.
Status UnpackDeflate(std::span<const uint8_t> packed, std::span<uint8_t> out);

}  // namespace insitu
