#include "shared/sha256.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace insitu {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string HexOf(std::string_view text) { return HexDigits(Sha256(Bytes(text))); }

TEST_CASE("SHA-256 gives the digests of FIPS 180-4's examples", "[sha256]") {
  CHECK(HexOf("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(HexOf("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(HexOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(HexOf("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
              "klmnopqrlmnopqrsmnopqrstnopqrstu") ==
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(HexOf(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("Bytes that come in parts give the digest of the whole, wherever they are split",
          "[sha256]") {
  std::vector<uint8_t> bytes(200);  // three blocks and some
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  for (const size_t size : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U, 200U}) {
    const auto whole = std::span(bytes).first(size);
    for (size_t split = 0; split <= size; ++split) {
      Sha256Stream stream;
      stream.Update(whole.first(split));
      stream.Update(whole.subspan(split));
      INFO(split << " of " << size << " bytes first");
      CHECK(stream.Finish() == Sha256(whole));
    }
  }
}

TEST_CASE("Bytes that come in odd pieces, some of them empty, give the digest of the whole",
          "[sha256]") {
  std::vector<uint8_t> bytes(1000);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  for (const size_t piece : {1U, 3U, 63U, 64U, 65U, 129U}) {
    Sha256Stream stream;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      stream.Update({});
      stream.Update(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    INFO("pieces of " << piece);
    CHECK(stream.Finish() == Sha256(bytes));
  }
}

TEST_CASE("A digest is 64 lower-case hexadecimal digits, high half of a byte first", "[sha256]") {
  Sha256Digest digest = {};
  digest[0] = 0x0f;
  digest[31] = 0xa5;
  CHECK(HexDigits(digest) == "0f" + std::string(60, '0') + "a5");
}

}  // namespace
}  // namespace insitu
