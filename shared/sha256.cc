#include "shared/sha256.h"

#include <algorithm>
#include <bit>

namespace insitu {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kLengthBytes = 8;  // of the message's length, at the end of the last block

bool IsPrime(int number) {
  int divisor = 2;
  while (number % divisor != 0) ++divisor;
  return divisor == number;
}

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). As
// numbers they would be a quarter of a kilobyte of the download that no compression makes smaller.
std::array<uint32_t, 64> RoundConstants() {
  std::array<uint32_t, 64> constants;
  int prime = 1;
  for (uint32_t& constant : constants) {
    do ++prime;
    while (!IsPrime(prime));
    double root = 4;
    for (int i = 0; i < 8; ++i) root -= (root - prime / (root * root)) / 3;  // Newton's method
    constant = static_cast<uint32_t>(static_cast<uint64_t>(root * 0x1p32));
  }
  return constants;
}

uint32_t BigEndian32(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

void Sha256Stream::Compress(const uint8_t* block) {
  static const std::array<uint32_t, 64> kRound = RoundConstants();
  std::array<uint32_t, 64> w;
  for (size_t t = 0; t < 16; ++t) w[t] = BigEndian32(block + t * 4);
  for (size_t t = 16; t < 64; ++t) {
    const uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
    const uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (size_t t = 0; t < 64; ++t) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::array<uint32_t, 8> added = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < added.size(); ++i) state_[i] += added[i];
}

void Sha256Stream::Update(std::span<const uint8_t> bytes) {
  size_ += bytes.size();
  if (filled_ > 0) {
    const size_t count = std::min(bytes.size(), kBlockBytes - filled_);
    std::copy_n(bytes.begin(), count, block_.begin() + static_cast<ptrdiff_t>(filled_));
    filled_ += count;
    bytes = bytes.subspan(count);
    if (filled_ < kBlockBytes) return;
    Compress(block_.data());
    filled_ = 0;
  }
  while (bytes.size() >= kBlockBytes) {
    Compress(bytes.data());
    bytes = bytes.subspan(kBlockBytes);
  }
  std::copy(bytes.begin(), bytes.end(), block_.begin());
  filled_ = bytes.size();
}

Sha256Digest Sha256Stream::Finish() {
  const uint64_t bits = size_ * 8;
  std::array<uint8_t, kBlockBytes + kLengthBytes> padding = {0x80};
  const size_t used = (filled_ + 1 + kLengthBytes) % kBlockBytes;
  const size_t zeros = (kBlockBytes - used) % kBlockBytes;
  const size_t length_at = 1 + zeros;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    padding[length_at + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  }
  Update(std::span(padding).first(length_at + kLengthBytes));
  Sha256Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

Sha256Digest Sha256(std::span<const uint8_t> bytes) {
  Sha256Stream stream;
  stream.Update(bytes);
  return stream.Finish();
}

std::string HexDigits(const Sha256Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  char text[2 * sizeof(digest)];
  for (size_t i = 0; i < sizeof(text); ++i) {
    text[i] = kDigits[(i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2]) & 15];
  }
  return {text, sizeof(text)};
}

}  // namespace insitu
