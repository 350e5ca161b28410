#include "backend/object_cipher.h"

#include <algorithm>
#include <utility>

#include "backend/crypto.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kMagic = "insituo1";
constexpr size_t kKeyIdBytes = 12;
constexpr int64_t kTagBytes = kGcmTagBytes;

std::string BoundKey(const ObjectPart& part, std::string_view what) {
  return StrCat("insitu/server/data-key/v1|", part.user_id, "|", part.object_id, "|", what);
}

std::string BoundChunk(const ObjectPart& part, uint64_t chunk, bool last) {
  return StrCat("insitu/server/chunk/v1|", part.user_id, "|", part.object_id, "|body|", chunk,
                last ? "|last" : "|more");
}

std::string BoundRecord(const ObjectPart& part, int64_t version) {
  return StrCat("insitu/server/record/v1|", part.user_id, "|", part.object_id, "|record|", version);
}

// Never twice with one data key: the chunk's number, and whether it is the last.
std::string ChunkNonce(uint64_t chunk, bool last) {
  std::string nonce(kGcmNonceBytes, '\0');
  for (size_t i = 0; i < 8; ++i) nonce[i] = static_cast<char>(chunk >> (56 - 8 * i));
  nonce.back() = last ? '\1' : '\0';
  return nonce;
}

}  // namespace

int64_t SealedSize(int64_t plain_bytes) {
  const int64_t chunks =
      std::max<int64_t>(1, (plain_bytes + kSealedChunkBytes - 1) / kSealedChunkBytes);
  return kSealedHeaderBytes + plain_bytes + chunks * kTagBytes;
}

int64_t PlainSize(int64_t sealed_bytes) {
  const int64_t sealed_chunk = kSealedChunkBytes + kTagBytes;
  const int64_t chunks = (sealed_bytes - kSealedHeaderBytes + sealed_chunk - 1) / sealed_chunk;
  return sealed_bytes - kSealedHeaderBytes - chunks * kTagBytes;
}

BodySealer::BodySealer(const KeyFile& keys, const ObjectPart& part, int64_t plain_bytes)
    : part_(part),
      plain_bytes_(plain_bytes),
      mark_key_(keys.Derive(KeyUse::kBodyMark)),
      data_key_(RandomBytes(kAesKeyBytes)) {
  header_ = StrCat(
      kMagic, keys.current_id(),
      SealWithNonce(keys.Derive(KeyUse::kObjects), data_key_.bytes(), BoundKey(part_, "body")));
}

std::string BodySealer::Mark(std::string_view plain_sha256) const {
  return HmacSha256(mark_key_.bytes(),
                    StrCat(part_.user_id, "|", part_.object_id, "|", plain_sha256));
}

std::string BodySealer::SealChunk(std::string_view plain, bool last) {
  std::string sealed =
      Seal(data_key_.bytes(), ChunkNonce(chunk_, last), plain, BoundChunk(part_, chunk_, last));
  ++chunk_;
  return sealed;
}

std::string BodySealer::Update(std::span<const char> plain) {
  std::string out = std::exchange(header_, std::string());
  held_.append(plain.data(), plain.size());
  // A whole chunk is held back: it may be the last.
  const auto chunk_bytes = static_cast<size_t>(kSealedChunkBytes);
  while (held_.size() > chunk_bytes) {
    out += SealChunk(std::string_view(held_).substr(0, chunk_bytes), /*last=*/false);
    held_.erase(0, chunk_bytes);
  }
  return out;
}

std::string BodySealer::Finish() {
  std::string out = std::exchange(header_, std::string());
  out += SealChunk(held_, /*last=*/true);
  Cleanse(&held_);
  return out;
}

std::optional<BodyOpener> BodyOpener::Make(const KeyFile& keys, const ObjectPart& part,
                                           std::string_view header) {
  if (header.size() != static_cast<size_t>(kSealedHeaderBytes) || !header.starts_with(kMagic)) {
    return std::nullopt;
  }
  const std::string_view key_id = header.substr(kMagic.size(), kKeyIdBytes);
  if (!keys.Has(key_id)) return std::nullopt;
  std::optional<std::string> data_key =
      OpenWithNonce(keys.Derive(key_id, KeyUse::kObjects),
                    header.substr(kMagic.size() + kKeyIdBytes), BoundKey(part, "body"));
  if (!data_key) return std::nullopt;
  return BodyOpener(part, std::move(*data_key));
}

std::optional<std::string> BodyOpener::Open(std::string_view sealed, bool last) {
  std::optional<std::string> plain = insitu::Open(data_key_.bytes(), ChunkNonce(chunk_, last),
                                                  sealed, BoundChunk(part_, chunk_, last));
  ++chunk_;
  return plain;
}

SealedRecord SealRecord(const KeyFile& keys, const ObjectPart& part, int64_t version,
                        std::string_view record) {
  const Secret data_key(RandomBytes(kAesKeyBytes));
  return {SealWithNonce(data_key.bytes(), record, BoundRecord(part, version)),
          SealWithNonce(keys.Derive(KeyUse::kObjects), data_key.bytes(), BoundKey(part, "record")),
          keys.current_id()};
}

std::optional<std::string> OpenRecord(const KeyFile& keys, const ObjectPart& part, int64_t version,
                                      const SealedRecord& sealed) {
  if (!keys.Has(sealed.key_id)) return std::nullopt;
  std::optional<std::string> data_key = OpenWithNonce(keys.Derive(sealed.key_id, KeyUse::kObjects),
                                                      sealed.wrapped_key, BoundKey(part, "record"));
  if (!data_key) return std::nullopt;
  const Secret key(std::move(*data_key));
  return OpenWithNonce(key.bytes(), sealed.bytes, BoundRecord(part, version));
}

}  // namespace insitu
