#include "backend/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <memory>

namespace insitu {
namespace {

constexpr size_t kMaxHkdfBytes = 255 * kSha256Bytes;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Hmac(const EVP_MD* hash, std::string_view key, std::string_view message) {
  std::string code(static_cast<size_t>(EVP_MD_get_size(hash)), '\0');
  unsigned int length = 0;
  Require(HMAC(hash, key.data(), static_cast<int>(key.size()), Bytes(message), message.size(),
               Bytes(code), &length) != nullptr);
  return code;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

CipherContext MakeContext() {
  CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Require(context != nullptr);
  return context;
}

void RequireSizes(std::string_view key, std::string_view nonce, std::string_view text) {
  Require(key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes && text.size() < (1U << 30));
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  Require(RAND_bytes(Bytes(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

std::string Sha256Bytes(std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  Require(EVP_Digest(bytes.data(), bytes.size(), Bytes(digest), nullptr, EVP_sha256(), nullptr) ==
          1);
  return digest;
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  return Hmac(EVP_sha256(), key, message);
}

std::string HmacSha1(std::string_view key, std::string_view message) {
  return Hmac(EVP_sha1(), key, message);
}

std::string HkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                       size_t bytes) {
  Require(bytes <= kMaxHkdfBytes);
  const std::string extracted = HmacSha256(salt, key);  // no salt is the same as one of zeros
  std::string out;
  std::string block;
  for (unsigned char counter = 1; out.size() < bytes; ++counter) {
    block.append(info).push_back(static_cast<char>(counter));
    block = HmacSha256(extracted, block);
    out += block;
  }
  out.resize(bytes);
  return out;
}

std::string Seal(std::string_view key, std::string_view nonce, std::string_view plain,
                 std::string_view bound) {
  RequireSizes(key, nonce, plain);
  const CipherContext context = MakeContext();
  std::string sealed(plain.size() + kGcmTagBytes, '\0');
  int length = 0;
  Require(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), Bytes(nonce),
                              nullptr) == 1);
  Require(EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(bound),
                            static_cast<int>(bound.size())) == 1);
  Require(EVP_EncryptUpdate(context.get(), Bytes(sealed), &length, Bytes(plain),
                            static_cast<int>(plain.size())) == 1);
  Require(EVP_EncryptFinal_ex(context.get(), Bytes(sealed) + plain.size(), &length) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes,
                              Bytes(sealed) + plain.size()) == 1);
  return sealed;
}

std::optional<std::string> Open(std::string_view key, std::string_view nonce,
                                std::string_view sealed, std::string_view bound) {
  RequireSizes(key, nonce, sealed);
  if (sealed.size() < kGcmTagBytes) return std::nullopt;
  const size_t size = sealed.size() - kGcmTagBytes;
  std::string tag(sealed.substr(size));
  const CipherContext context = MakeContext();
  std::string plain(size, '\0');
  int length = 0;
  Require(EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), Bytes(nonce),
                              nullptr) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
  Require(EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(bound),
                            static_cast<int>(bound.size())) == 1);
  Require(EVP_DecryptUpdate(context.get(), Bytes(plain), &length, Bytes(sealed),
                            static_cast<int>(size)) == 1);
  if (EVP_DecryptFinal_ex(context.get(), Bytes(plain) + size, &length) != 1) {
    Cleanse(&plain);
    return std::nullopt;
  }
  return plain;
}

std::string SealWithNonce(std::string_view key, std::string_view plain, std::string_view bound) {
  const std::string nonce = RandomBytes(kGcmNonceBytes);
  return nonce + Seal(key, nonce, plain, bound);
}

std::optional<std::string> OpenWithNonce(std::string_view key, std::string_view sealed,
                                         std::string_view bound) {
  if (sealed.size() < kGcmNonceBytes + kGcmTagBytes) return std::nullopt;
  return Open(key, sealed.substr(0, kGcmNonceBytes), sealed.substr(kGcmNonceBytes), bound);
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Cleanse(std::string* secret) {
  // Also what it held before it shrank.
  secret->resize(secret->capacity());
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

}  // namespace insitu
