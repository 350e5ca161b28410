// The rows of what people keep; the bodies are files, see object_files.h, which alone makes and
// removes them. Steps of a job, as in store_accounts.h. Every statement names the owner: another's
// object is one that does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.h"
#include "shared/result.h"

namespace insitu {

// pending: the body's place, or the body, but no record yet; counted against the quota all the
// same. ready: what a person sees. deleting: what nobody sees, until its body is gone from the
// disk.
enum class ObjectState { kPending, kReady, kDeleting };

struct Object {
  std::string id;  // a UUID that the client chose
  std::string user_id;
  ObjectState state = ObjectState::kPending;
  std::string mode;  // "e2e" or "server"
  int64_t body_bytes = 0;
  std::string body_sha256;  // 32 bytes; with mode "server": BodySealer::Mark of it
  bool has_body = false;    // the file is there, whole
  std::optional<std::string> wrapped_key;
  std::optional<std::string> key_id;  // with mode "server": the key that wraps it
  std::string record;
  int64_t record_version = 0;  // 0: none yet
  int64_t created_at = 0;
  int64_t updated_at = 0;
};

enum class ReserveOutcome {
  kReserved,  // write the body (again)
  kThere,     // the same body is already there
  kDiffers,   // the id has a body of another digest or length
  kNotFound,  // the id is another's, or being deleted; or the user is gone
  kQuotaExceeded,
};

// Makes the pending row of a body that is to come and takes its bytes from the user's quota.
Result<ReserveOutcome> ReserveObject(Transaction& transaction, const Object& object, int64_t now);

// The body of that digest lies whole in its place, as a file of that digest: the same, but in mode
// "server", where the file is the sealed body. False if the reservation is gone.
Result<bool> MarkBodyWritten(Transaction& transaction, std::string_view user_id,
                             std::string_view id, std::string_view body_sha256,
                             std::string_view file_sha256, int64_t now);

enum class RecordOutcome {
  kCreated,  // the object is ready now
  kUpdated,
  kChanged,   // record_version is not the next one
  kNotFound,  // no such object of that user, or its body is not there
  kQuotaExceeded,
};

// Writes a record: the first with version 1, each later one with the version that follows. A record
// that is there already, byte for byte, is written again without effect (kUpdated), so that a
// client that lost the answer may repeat itself. The wrapped key is written with the first record
// and may change with later ones.
Result<RecordOutcome> PutRecord(Transaction& transaction, std::string_view user_id,
                                std::string_view id, const std::optional<std::string>& wrapped_key,
                                const std::optional<std::string>& key_id, std::string_view record,
                                int64_t record_version, int64_t now);

// A ready object.
Result<std::optional<Object>> FindObject(Transaction& transaction, std::string_view user_id,
                                         std::string_view id);

// A pending or ready one.
Result<std::optional<Object>> FindReservedObject(Transaction& transaction, std::string_view user_id,
                                                 std::string_view id);

// Where a page of the list ended.
struct ObjectCursor {
  int64_t created_at = 0;
  std::string id;
};

// Ready objects, newest first, after `after`.
Result<std::vector<Object>> ListObjects(Transaction& transaction, std::string_view user_id,
                                        const std::optional<ObjectCursor>& after, int64_t limit);

// The object is gone for its owner and off the quota; key and record are overwritten at once. False
// if there is no such object. Then ObjectFiles::Sweep, or the next start, removes the body.
Result<bool> MarkObjectDeleting(Transaction& transaction, std::string_view user_id,
                                std::string_view id, int64_t now);

// The same for all of a user's objects; how many.
Result<int64_t> MarkAllObjectsDeleting(Transaction& transaction, std::string_view user_id,
                                       int64_t now);

// The same for pending ones that were last touched before then; how many.
Result<int64_t> MarkStaleObjectsDeleting(Transaction& transaction, int64_t touched_before,
                                         int64_t now);

// Ids of objects whose bodies are to be removed, and the end of their rows.
Result<std::vector<std::string>> ListDeletingObjects(Transaction& transaction, int64_t limit);
Status ForgetDeletedObject(Transaction& transaction, std::string_view id);

}  // namespace insitu
