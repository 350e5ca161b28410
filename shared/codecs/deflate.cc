#include "shared/codecs/deflate.h"

#include <zlib.h>

#include "shared/codecs/limits.h"
#include "shared/formats/pixels.h"

namespace insitu {
namespace {

Failed TooLong() {
  return Fail(ErrorCode::kImageTooLarge,
              "What is packed by Deflate unpacks to more than its size.");
}

Failed TooShort() {
  return Fail(ErrorCode::kImageTruncated,
              "What is packed by Deflate unpacks to less than its size.");
}

Failed Damaged() {
  return Fail(ErrorCode::kImageCorrupt, "What is packed by Deflate cannot be unpacked.");
}

// The stream is as far as out goes: whether it has more, by one byte beside it.
Status CheckEnd(z_stream* stream) {
  uint8_t beyond = 0;
  stream->next_out = &beyond;
  stream->avail_out = 1;
  const int code = inflate(stream, Z_NO_FLUSH);
  if (stream->avail_out == 0) return TooLong();
  if (code == Z_STREAM_END || code == Z_BUF_ERROR || code == Z_OK) return {};
  return Damaged();
}

Status Inflate(z_stream* stream, std::span<uint8_t> out) {
  stream->next_out = out.data();
  stream->avail_out = static_cast<uInt>(out.size());
  const int code = inflate(stream, Z_FINISH);
  const bool is_full = stream->avail_out == 0;
  if (code == Z_STREAM_END) return is_full ? Status() : TooShort();
  if (code == Z_MEM_ERROR) return OutOfMemory();
  if (code != Z_OK && code != Z_BUF_ERROR) return Damaged();
  return is_full ? CheckEnd(stream) : TooShort();  // its bytes end before it does
}

}  // namespace

Status UnpackDeflate(std::span<const uint8_t> packed, std::span<uint8_t> out) {
  if (out.size() > kMaxInflatedBytes || packed.size() > kMaxDeflatedBytes) return TooLong();
  z_stream stream = {};
  // zlib only reads what it is given here; its own declaration lacks the const.
  stream.next_in = const_cast<uint8_t*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  if (inflateInit(&stream) != Z_OK) return OutOfMemory();
  const Status status = Inflate(&stream, out);
  inflateEnd(&stream);
  return status;
}

}  // namespace insitu
