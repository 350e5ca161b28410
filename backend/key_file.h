// The server's key file: what a thief of the database alone lacks. One line a key, 32 random bytes
// as base64url; '#' begins a comment. The first key is used for what is made new, every key still
// opens what was made with it, so a key is changed by putting a new line on top.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "backend/crypto.h"
#include "shared/result.h"

namespace insitu {

// What a key of the file is used for; each use has a key of its own, derived from it.
enum class KeyUse {
  kPepper,       // HMAC over password hashes and recovery codes
  kTotp,         // sealed TOTP secrets
  kObjects,      // wrapped data keys of server-encrypted objects
  kKnownDevice,  // signatures of the known-device cookie
  kBodyMark,     // HMAC over the digests of server-encrypted bodies
};

// Immutable: any number of threads may use it.
class KeyFile {
 public:
  // Fails with what to do if the file is missing, holds no key or a broken one, or if others than
  // its owner may read it.
  static Result<KeyFile> Load(const std::filesystem::path& path);

  // The same, but a missing file is made first, with one new key and mode 0600, in a folder of mode
  // 0700. A file that exists is never written.
  static Result<KeyFile> LoadOrMake(const std::filesystem::path& path);

  // 12 hexadecimal digits that stand for a key and tell nothing of it.
  const std::string& current_id() const { return keys_.front().id; }
  bool Has(std::string_view id) const { return Find(id) != nullptr; }

  // 32 bytes. The key must be in the file.
  std::string Derive(std::string_view id, KeyUse use) const;
  std::string Derive(KeyUse use) const { return Derive(current_id(), use); }

 private:
  struct Key {
    std::string id;
    Secret bytes;
  };

  static Result<KeyFile> Parse(std::string_view text, const std::filesystem::path& path);
  const Key* Find(std::string_view id) const;

  std::vector<Key> keys_;  // at least one
};

}  // namespace insitu
