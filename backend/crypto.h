// Cryptographic primitives. crypto.cc is the one file that sees OpenSSL's. Byte strings are
// std::string; a key or nonce of a wrong size is a programming error and aborts, and so does a
// system without randomness, since nothing that is made then is secret.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace insitu {

inline constexpr size_t kSha256Bytes = 32;
inline constexpr size_t kAesKeyBytes = 32;
inline constexpr size_t kGcmNonceBytes = 12;
inline constexpr size_t kGcmTagBytes = 16;

// From the operating system's generator, through OpenSSL's.
std::string RandomBytes(size_t count);

// FIPS 180-4, 32 bytes.
std::string Sha256Bytes(std::string_view bytes);

// RFC 2104: 32 bytes, and 20 bytes for TOTP, which authenticator apps compute with SHA-1.
std::string HmacSha256(std::string_view key, std::string_view message);
std::string HmacSha1(std::string_view key, std::string_view message);

// RFC 5869, extract and expand; at most 8,160 bytes.
std::string HkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                       size_t bytes);

// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces, each at most once with a key. Sealed bytes are
// the ciphertext and 16 bytes of tag; `bound` is authenticated beside them. Open gives nothing for
// bytes that were not sealed just so.
std::string Seal(std::string_view key, std::string_view nonce, std::string_view plain,
                 std::string_view bound);
std::optional<std::string> Open(std::string_view key, std::string_view nonce,
                                std::string_view sealed, std::string_view bound);

// The same with a random nonce in front of the sealed bytes, for keys that seal little.
std::string SealWithNonce(std::string_view key, std::string_view plain, std::string_view bound);
std::optional<std::string> OpenWithNonce(std::string_view key, std::string_view sealed,
                                         std::string_view bound);

// Takes the same time wherever they differ; the lengths are no secret.
bool EqualInConstantTime(std::string_view a, std::string_view b);

// Overwrites a secret, in a way that is not optimised away, and empties it.
void Cleanse(std::string* secret);

// A secret that is overwritten when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { Cleanse(&bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace insitu
