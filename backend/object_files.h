// The bodies of objects: files objects/ab/<id> in the data folder, where ab are the last two digits
// of the id, which is a checked UUID; nothing else of a client ever becomes a path. A row is there
// before its file is and stays until the file is gone, so no crash leaves a file that no row names.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.h"
#include "backend/descriptor.h"
#include "backend/object_cipher.h"
#include "backend/store_objects.h"
#include "shared/result.h"

namespace insitu {

enum class PutBodyOutcome {
  kCreated,
  kThere,     // the same body was there before
  kDiffers,   // the id has another body
  kNotFound,  // the id is another's, being deleted or was deleted meanwhile
  kQuotaExceeded,
  kDigestMismatch,  // the bytes that came are not those announced; nothing is kept
  kLengthMismatch,  // too few or too many came; nothing is kept
  kSourceFailed,    // the client is gone or too slow; nothing is kept
};

struct PutBodyResult {
  PutBodyOutcome outcome = PutBodyOutcome::kCreated;
  std::string source_message;  // with kSourceFailed: what the source said
};

// Gives up to bytes.size() more bytes of a body; 0 at its end.
using ReadMore = std::function<Result<size_t>(std::span<char>)>;

// An open body, which can be read to its end even if the object is deleted meanwhile.
class BodyFile {
 public:
  BodyFile(int file, int64_t bytes) : file_(file), bytes_(bytes) {}

  int64_t bytes() const { return bytes_; }
  Result<size_t> Read(std::span<char> into);  // 0 at the end

 private:
  const Descriptor file_;
  const int64_t bytes_;
};

// Any number of threads may use it. One for a data folder.
class ObjectFiles {
 public:
  // Makes the folders and removes what uploads left that a crash cut off.
  static Result<std::unique_ptr<ObjectFiles>> Open(Database* database);
  ObjectFiles(const ObjectFiles&) = delete;  // its locks are the folder's
  ObjectFiles& operator=(const ObjectFiles&) = delete;

  // Takes a body in: reserves it (object.id, user_id, mode, body_bytes and body_sha256), streams it
  // into a temporary file while checking length and digest, syncs, and moves it into its place.
  // A failure is a fault of the storage; nothing is kept then either, but the reservation, which
  // the client may use again and the sweep ends.
  //
  // With a sealer, the file is what that makes of the bytes: the length is then of what is read
  // (sealer->plain_bytes()), object.body_sha256 the sealer's Mark of its digest, and
  // object.body_bytes the file's size.
  Result<PutBodyResult> Put(const Object& object, const ReadMore& read,
                            BodySealer* sealer = nullptr);

  // The body of an object that FindObject found; nothing if it was deleted meanwhile. A body
  // that the row promises and the disk does not have is a fault.
  Result<std::shared_ptr<BodyFile>> Open(const Object& object);

  // Deletes a user's object, row and file. False if there is none. The row goes first, so a file
  // that cannot be removed now is removed by a later sweep.
  Result<bool> Delete(std::string_view user_id, std::string_view id);

  // Removes the bodies of deleted objects and users, and pending objects that nobody touched for an
  // hour. Call it after DeleteUser, and every few minutes. Returns how many bodies are gone.
  Result<int64_t> Sweep();

  // Where the body of an id lies; nothing for what is not a UUID.
  std::optional<std::filesystem::path> PathOf(std::string_view id) const;

 private:
  explicit ObjectFiles(Database* database);

  std::filesystem::path Incoming() const;
  std::mutex& LockFor(std::string_view id);
  Result<PutBodyResult> Place(const Object& object, const std::string& file_sha256,
                              const std::function<Status(const std::filesystem::path&)>& move);
  Status RemoveBodies(const std::vector<std::string>& ids);

  Database* const database_;
  const std::filesystem::path folder_;
  std::atomic<uint64_t> uploads_ = 0;
  // An id's file and row change together under the lock that the id falls to.
  std::array<std::mutex, 16> locks_;
};

// A pending object older than this is swept.
inline constexpr int64_t kPendingObjectTime = 3'600'000;

}  // namespace insitu
