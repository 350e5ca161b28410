// Password hashes: Argon2id (RFC 9106) as PHC strings with a pepper,
//   $argon2id$v=19$m=19456,t=2,p=1,keyid=<id>$<salt>$<hash>
// where hash is HMAC-SHA-256 under the key file's key of that id over Argon2's 32 bytes: the
// database alone cannot check a password. Made and checked behind the HashGate, since each takes
// its memory and tens of milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backend/key_file.h"

namespace insitu {

struct Argon2Parameters {
  uint32_t memory_kib = 19'456;
  uint32_t passes = 2;
  uint32_t lanes = 1;

  bool operator==(const Argon2Parameters&) const = default;
};

// Argon2id version 1.3 itself, on this thread. Aborts for parameters that RFC 9106 does not allow.
// Nothing if there is no memory for it.
std::optional<std::string> Argon2id(std::string_view password, std::string_view salt,
                                    const Argon2Parameters& parameters, size_t bytes,
                                    std::string_view secret = {}, std::string_view associated = {});

// A PHC string in its parts.
struct PhcString {
  Argon2Parameters parameters;
  std::string key_id;
  std::string salt;
  std::string hash;
};

// Nothing unless it is exactly what FormatPhc writes of parameters within the limits of limits.h.
std::optional<PhcString> ParsePhc(std::string_view text);
std::string FormatPhc(const PhcString& phc);

// Immutable: any number of threads may use it.
class PasswordHasher {
 public:
  // The keys must outlive it.
  explicit PasswordHasher(const KeyFile& keys, const Argon2Parameters& parameters = {});

  // With a new salt and the current key. Nothing if there is no memory for it.
  std::optional<std::string> Hash(std::string_view password) const;

  // kWrong also for a string that is no hash of ours or whose key is gone.
  enum class Verdict { kRight, kWrong, kNoMemory };
  Verdict Verify(std::string_view password, std::string_view phc) const;

  // True if it was not made with the parameters and the key that Hash uses now.
  bool IsOutdated(std::string_view phc) const;

  // The hash of a password that nobody has: checked where there is no user, for the same time.
  const std::string& dummy() const { return dummy_; }

 private:
  const KeyFile& keys_;
  const Argon2Parameters parameters_;
  std::string dummy_;
};

}  // namespace insitu
