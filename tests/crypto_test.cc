#include "backend/crypto.h"

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/encoding.h"
#include "tests/hex.h"

namespace insitu {
namespace {

std::string Range(int first, int last) {
  std::string bytes;
  for (int i = first; i <= last; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST_CASE("SHA-256 gives FIPS 180-4's examples", "[crypto][vectors]") {
  CHECK(ToHex(Sha256Bytes("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(ToHex(Sha256Bytes("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("HMAC-SHA-256 gives RFC 4231's vectors", "[crypto][vectors]") {
  CHECK(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(ToHex(HmacSha256(std::string(131, '\xaa'),
                         "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HMAC-SHA-1 gives RFC 2202's vectors", "[crypto][vectors]") {
  CHECK(ToHex(HmacSha1(std::string(20, '\x0b'), "Hi There")) ==
        "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(ToHex(HmacSha1("Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST_CASE("HKDF gives RFC 5869's test case 1", "[crypto][vectors]") {
  CHECK(ToHex(HkdfSha256(std::string(22, '\x0b'), Range(0x00, 0x0c), Range(0xf0, 0xf9), 42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST_CASE("HKDF gives RFC 5869's test case 2, with longer inputs", "[crypto][vectors]") {
  CHECK(ToHex(HkdfSha256(Range(0x00, 0x4f), Range(0x60, 0xaf), Range(0xb0, 0xff), 82)) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e"
        "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

TEST_CASE("HKDF gives RFC 5869's test case 3, without salt and info", "[crypto][vectors]") {
  CHECK(ToHex(HkdfSha256(std::string(22, '\x0b'), "", "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("HKDF gives as many bytes as are asked for, each a prefix of more", "[crypto]") {
  const std::string most = HkdfSha256("key", "salt", "info", 255 * kSha256Bytes);
  CHECK(most.size() == 8'160);
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{64}}) {
    CAPTURE(bytes);
    CHECK(HkdfSha256("key", "salt", "info", bytes) == most.substr(0, bytes));
  }
}

TEST_CASE("HKDF's outputs for two uses have nothing in common", "[crypto]") {
  CHECK(HkdfSha256("key", "", "insitu/auth/v1", 32) != HkdfSha256("key", "", "insitu/kek/v1", 32));
}

TEST_CASE("AES-256-GCM gives the vectors of its specification", "[crypto][vectors]") {
  const std::string zeros(kAesKeyBytes, '\0');
  const std::string nonce(kGcmNonceBytes, '\0');
  CHECK(ToHex(Seal(zeros, nonce, "", "")) == "530f8afbc74536b9a963b4f1c4cb738b");  // case 13
  CHECK(ToHex(Seal(zeros, nonce, std::string(16, '\0'), "")) ==                    // case 14
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST_CASE("AES-256-GCM binds further bytes as in the specification's case 16",
          "[crypto][vectors]") {
  const std::string half = FromHex("feffe9928665731c6d6a8f9467308308");
  const std::string nonce = FromHex("cafebabefacedbaddecaf888");
  const std::string plain = FromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39");
  const std::string bound = FromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string sealed = Seal(half + half, nonce, plain, bound);
  CHECK(ToHex(sealed) ==
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056"
        "828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  CHECK(Open(half + half, nonce, sealed, bound) == plain);
}

TEST_CASE("What was sealed opens with the same key, nonce and bound bytes only", "[crypto]") {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string nonce = RandomBytes(kGcmNonceBytes);
  const std::string sealed = Seal(key, nonce, "an image", "object 1");
  CHECK(Open(key, nonce, sealed, "object 1") == "an image");
  CHECK_FALSE(Open(RandomBytes(kAesKeyBytes), nonce, sealed, "object 1"));
  CHECK_FALSE(Open(key, RandomBytes(kGcmNonceBytes), sealed, "object 1"));
  CHECK_FALSE(Open(key, nonce, sealed, "object 2"));
  CHECK_FALSE(Open(key, nonce, sealed, ""));
}

TEST_CASE("Any changed bit of sealed bytes shows", "[crypto]") {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string nonce = RandomBytes(kGcmNonceBytes);
  const std::string sealed = Seal(key, nonce, "an image", "");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    CAPTURE(bit);
    CHECK_FALSE(Open(key, nonce, changed, ""));
  }
}

TEST_CASE("Sealed bytes that are cut or lengthened do not open", "[crypto]") {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string sealed = SealWithNonce(key, "an image", "");
  for (size_t size = 0; size < sealed.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(OpenWithNonce(key, sealed.substr(0, size), ""));
  }
  CHECK_FALSE(OpenWithNonce(key, sealed + '\0', ""));
  CHECK(OpenWithNonce(key, sealed, "") == "an image");
}

TEST_CASE("Sealing nothing still binds what is beside it", "[crypto]") {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string sealed = SealWithNonce(key, "", "beside");
  CHECK(sealed.size() == kGcmNonceBytes + kGcmTagBytes);
  CHECK(OpenWithNonce(key, sealed, "beside") == "");
  CHECK_FALSE(OpenWithNonce(key, sealed, "besides"));
}

TEST_CASE("Sealing the same twice gives other bytes", "[crypto]") {
  const std::string key = RandomBytes(kAesKeyBytes);
  CHECK(SealWithNonce(key, "an image", "") != SealWithNonce(key, "an image", ""));
}

TEST_CASE("65,536 random nonces are all different", "[crypto]") {
  std::set<std::string> nonces;
  for (int i = 0; i < 65'536; ++i) nonces.insert(RandomBytes(kGcmNonceBytes));
  CHECK(nonces.size() == 65'536);
}

TEST_CASE("Comparison in constant time compares", "[crypto]") {
  CHECK(EqualInConstantTime("", ""));
  CHECK(EqualInConstantTime("abc", "abc"));
  CHECK_FALSE(EqualInConstantTime("abc", "abd"));
  CHECK_FALSE(EqualInConstantTime("abc", "ab"));
  CHECK_FALSE(EqualInConstantTime("", "a"));
  CHECK_FALSE(EqualInConstantTime(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST_CASE("A cleansed secret is empty, and its old bytes are overwritten", "[crypto]") {
  std::string secret(100, 's');
  const char* const bytes = secret.data();
  Cleanse(&secret);
  CHECK(secret.empty());
  // The string still owns these bytes, up to its capacity.
  CHECK(std::string(bytes + 1, 99) == std::string(99, '\0'));
}

}  // namespace
}  // namespace insitu
