#include "shared/codecs/deflate.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "shared/codecs/limits.h"
#include "tests/make_image.h"
#include "wasm/codecs_api.h"

namespace insitu {
namespace {

// The name of the error, or "unpacked" where out is exactly what was packed.
std::string Unpack(const Bytes& packed, const Bytes& expected) {
  Bytes out(expected.size() + 1, 0xee);
  const int code = insitu_inflate(packed.data(), packed.size(), out.data(), expected.size());
  CHECK(out.back() == 0xee);  // nothing is written beyond it
  if (code != 0) return insitu_codecs_error_name();
  out.pop_back();
  return out == expected ? "unpacked" : "other bytes";
}

Bytes Numbers(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i * i / 7);
  return bytes;
}

}  // namespace

TEST_CASE("What is packed by Deflate comes as it was", "[codecs]") {
  for (const size_t size : {size_t{1}, size_t{3}, size_t{1'000}, size_t{200'000}}) {
    CHECK(Unpack(ZlibStored(Numbers(size)), Numbers(size)) == "unpacked");
    CHECK(Unpack(ZlibZeros(size), Bytes(size)) == "unpacked");
  }
  CHECK(Unpack(ZlibStored({}), {}) == "unpacked");
}

TEST_CASE("What unpacks to more or less than its size is refused as such", "[codecs]") {
  for (const Bytes& packed : {ZlibStored(Numbers(1'000)), ZlibZeros(1'000)}) {
    CHECK(Unpack(packed, Bytes(999)) == "image_too_large");
    CHECK(Unpack(packed, {}) == "image_too_large");
    CHECK(Unpack(packed, Bytes(1'001)) == "image_truncated");
  }
  // A bomb, of which nothing beyond the tile is unpacked.
  CHECK(Unpack(ZlibZeros(kMaxInflatedBytes), Bytes(4'096)) == "image_too_large");
}

TEST_CASE("Packed bytes may lack their checksum, and where it is there it has to be right",
          "[codecs]") {
  const Bytes all = Numbers(1'000);
  const Bytes packed = ZlibStored(all);
  for (size_t missing = 1; missing <= 4; ++missing) {
    const Bytes cut(packed.begin(), packed.end() - static_cast<ptrdiff_t>(missing));
    CHECK(Unpack(cut, all) == "unpacked");
  }
  Bytes wrong = packed;
  wrong.back() ^= 1;
  CHECK(Unpack(wrong, all) == "image_corrupt");
  Bytes filled = packed;  // what follows the end is not looked at
  filled.resize(packed.size() + 100);
  CHECK(Unpack(filled, all) == "unpacked");
}

TEST_CASE("Packed bytes that end too early or are none are refused", "[codecs]") {
  const Bytes all = Numbers(1'000);
  const Bytes packed = ZlibStored(all);
  CHECK(Unpack({}, all) == "image_truncated");
  CHECK(Unpack(Bytes(packed.begin(), packed.begin() + 500), all) == "image_truncated");
  CHECK(Unpack(Bytes(100, 0xff), all) == "image_corrupt");
  Bytes dictionary = packed;
  dictionary[0] = 0x78;
  dictionary[1] = 0xbb;  // needs one that nobody has
  CHECK(Unpack(dictionary, all) == "image_corrupt");
}

TEST_CASE("A tile and its packed bytes have limits", "[codecs]") {
  const Bytes zeros(kMaxInflatedBytes);
  CHECK(Unpack(ZlibZeros(kMaxInflatedBytes), zeros) == "unpacked");
  CHECK(Unpack(ZlibZeros(kMaxInflatedBytes + 1), Bytes(kMaxInflatedBytes + 1)) ==
        "image_too_large");
  Bytes packed = ZlibZeros(10);
  packed.resize(kMaxDeflatedBytes);
  CHECK(Unpack(packed, Bytes(10)) == "unpacked");
  packed.push_back(0);
  CHECK(Unpack(packed, Bytes(10)) == "image_too_large");
}

}  // namespace insitu
