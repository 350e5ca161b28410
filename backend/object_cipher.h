// Server-side encryption of what people keep (storage = "server"), as files lie on the disk:
//
//   header   "insituo1", the id of the key file's key (12), the wrapped data key (60)
//   chunks   of 1 MiB each, the last one shorter or whole: AES-256-GCM under the data key, 16 bytes
//            of tag behind each; at least one, which may be empty
//
// Each body has a random data key of its own, wrapped by a key that the key file gives
// (key_file.h). What is sealed is bound to its user, its object, and its place: no chunk can be
// moved, left out, put in another's file or at another's end. Whoever has the key file opens all of
// it: this keeps out who has the disk or a backup alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend/key_file.h"

namespace insitu {

inline constexpr int64_t kSealedChunkBytes = int64_t{1} << 20;  // before sealing
inline constexpr int64_t kSealedHeaderBytes = 80;

// Whose part of what: "body" or "record".
struct ObjectPart {
  std::string user_id;
  std::string object_id;
};

// The size on the disk of a body of so many bytes, and back. The latter is negative for a size that
// no sealed body has.
int64_t SealedSize(int64_t plain_bytes);
int64_t PlainSize(int64_t sealed_bytes);

// Seals one body as it comes. For one thread.
class BodySealer {
 public:
  BodySealer(const KeyFile& keys, const ObjectPart& part, int64_t plain_bytes);

  int64_t plain_bytes() const { return plain_bytes_; }

  // What is kept of the SHA-256 of the plain bytes, to know them when they are sent again: 32 bytes
  // that tell a thief of the disk nothing, even of an image he can guess. Another once the key file
  // has a new first key.
  std::string Mark(std::string_view plain_sha256) const;

  // The next bytes for the file. Finish is called once, after the last Update.
  std::string Update(std::span<const char> plain);
  std::string Finish();

 private:
  std::string SealChunk(std::string_view plain, bool last);

  const ObjectPart part_;
  const int64_t plain_bytes_;
  const Secret mark_key_;
  Secret data_key_;
  std::string header_;  // until it is handed out
  std::string held_;    // less than a chunk, or one that may be the last
  uint64_t chunk_ = 0;
};

// Opens one body as it is read. For one thread.
class BodyOpener {
 public:
  // Takes the first kSealedHeaderBytes of a file. Nothing if they are not the header of that
  // object's body, or its key is not in the key file.
  static std::optional<BodyOpener> Make(const KeyFile& keys, const ObjectPart& part,
                                        std::string_view header);

  // One whole chunk with its tag, in their order. Nothing if it is not the one of this place.
  std::optional<std::string> Open(std::string_view sealed, bool last);

 private:
  BodyOpener(ObjectPart part, std::string data_key)
      : part_(std::move(part)), data_key_(std::move(data_key)) {}

  ObjectPart part_;
  Secret data_key_;
  uint64_t chunk_ = 0;
};

// A record, as the database keeps it.
struct SealedRecord {
  std::string bytes;
  std::string wrapped_key;
  std::string key_id;
};
SealedRecord SealRecord(const KeyFile& keys, const ObjectPart& part, int64_t version,
                        std::string_view record);
std::optional<std::string> OpenRecord(const KeyFile& keys, const ObjectPart& part, int64_t version,
                                      const SealedRecord& sealed);

}  // namespace insitu
