#include "backend/encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace insitu {
namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kHex = "0123456789abcdef";

// Bits from the front, `bits` a digit; the last digit is filled up with zeros.
std::string Encode(std::string_view bytes, unsigned bits, std::string_view digits) {
  std::string text;
  text.reserve(bytes.size() * 8 / bits + 1);
  uint32_t held = 0;
  unsigned held_bits = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    held_bits += 8;
    while (held_bits >= bits) {
      held_bits -= bits;
      text.push_back(digits[held >> held_bits & ((1U << bits) - 1)]);
    }
    held &= (1U << held_bits) - 1;
  }
  if (held_bits > 0) text.push_back(digits[held << (bits - held_bits)]);
  return text;
}

std::optional<std::string> Decode64(std::string_view text, std::string_view digits) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t held = 0;
  unsigned held_bits = 0;
  for (const char c : text) {
    const size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<uint32_t>(digit);
    held_bits += 6;
    if (held_bits < 8) continue;
    held_bits -= 8;
    bytes.push_back(static_cast<char>(held >> held_bits));
    held &= (1U << held_bits) - 1;
  }
  if (held != 0) return std::nullopt;  // bits that no byte has: a second text for the same bytes
  return bytes;
}

unsigned char ByteAt(std::string_view text, size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// Length of the code point at i, or 0 if there is none (Unicode 15, table 3-7).
size_t CodePointBytes(std::string_view text, size_t i) {
  const unsigned char lead = ByteAt(text, i);
  if (lead < 0x80) return 1;
  const unsigned char second = ByteAt(text, i + 1);
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (second < low || second > high) return 0;
  for (size_t k = 2; k < length; ++k) {
    if ((ByteAt(text, i + k) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string ToBase64Url(std::string_view bytes) { return Encode(bytes, 6, kBase64Url); }

std::optional<std::string> FromBase64Url(std::string_view text) {
  return Decode64(text, kBase64Url);
}

std::string ToBase64(std::string_view bytes) { return Encode(bytes, 6, kBase64); }

std::optional<std::string> FromBase64(std::string_view text) { return Decode64(text, kBase64); }

std::string ToPaddedBase64(std::string_view bytes) {
  std::string text = ToBase64(bytes);
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<std::string> FromPaddedBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return FromBase64(text);
}

std::string ToBase32(std::string_view bytes) { return Encode(bytes, 5, kBase32); }

std::string ToCrockford(std::string_view bytes, size_t characters) {
  if (bytes.size() * 8 < characters * 5) std::abort();
  return Encode(bytes, 5, kCrockford).substr(0, characters);
}

std::optional<std::string> NormalizeCrockford(std::string_view typed) {
  std::string text;
  for (char c : typed) {
    if (c == ' ' || c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (kCrockford.find(c) == std::string_view::npos) return std::nullopt;
    text.push_back(c);
  }
  return text;
}

std::string ToHex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = CodePointBytes(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace insitu
