// SHA-256 (FIPS 180-4). OpenSSL, which the server has, would not fit the WebAssembly file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace insitu {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(std::span<const uint8_t> bytes);

// The same for bytes that come in parts: any number of Update, then Finish once.
class Sha256Stream {
 public:
  void Update(std::span<const uint8_t> bytes);
  Sha256Digest Finish();

 private:
  void Compress(const uint8_t* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> block_ = {};  // bytes that do not make a whole block yet
  size_t filled_ = 0;                   // of block_
  uint64_t size_ = 0;                   // bytes so far
};

// 64 lower-case hexadecimal digits.
std::string HexDigits(const Sha256Digest& digest);

}  // namespace insitu
