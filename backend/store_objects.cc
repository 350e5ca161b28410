#include "backend/store_objects.h"

#include <limits>

#include "backend/limits.h"
#include "backend/sql.h"

namespace insitu {
namespace {

constexpr int64_t kSweptAtOnce = 100;

ObjectState StateOf(std::string_view name) {
  if (name == "ready") return ObjectState::kReady;
  return name == "pending" ? ObjectState::kPending : ObjectState::kDeleting;
}

Object ReadObject(const Statement& row) {
  Object object;
  object.id = row.Text(0);
  object.user_id = row.Text(1);
  object.state = StateOf(row.Text(2));
  object.mode = row.Text(3);
  object.body_bytes = row.Integer(4);
  object.body_sha256 = row.Blob(5);
  object.has_body = row.Integer(6) != 0;
  object.wrapped_key = row.OptionalBlob(7);
  object.key_id = row.OptionalText(8);
  object.record = row.Blob(9);
  object.record_version = row.Integer(10);
  object.created_at = row.Integer(11);
  object.updated_at = row.Integer(12);
  return object;
}

Result<std::optional<Object>> ReadOneObject(Statement& statement) {
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return std::optional<Object>();
  return std::optional<Object>(ReadObject(statement));
}

// What an object takes of its owner's quota.
int64_t UsedBy(const Object& object) {
  return object.body_bytes + static_cast<int64_t>(object.record.size());
}

// False, and nothing is taken, if it is more than there is. Negative gives back.
Result<bool> TakeQuota(Transaction& transaction, std::string_view user_id, int64_t bytes) {
  return transaction.Prepare(sql::kTakeQuota).Bind(1, user_id).Bind(2, bytes).RunToOne();
}

Result<ReserveOutcome> ReserveAgain(Transaction& transaction, const Object& there,
                                    const Object& object, int64_t now) {
  if (there.user_id != object.user_id) return ReserveOutcome::kNotFound;
  if (there.body_sha256 != object.body_sha256 || there.body_bytes != object.body_bytes ||
      there.mode != object.mode) {
    return ReserveOutcome::kDiffers;
  }
  if (there.has_body) return ReserveOutcome::kThere;
  RETURN_IF_ERROR(
      transaction.Prepare(sql::kTouchObject).Bind(1, object.id).Bind(2, now).RunToStatus());
  return ReserveOutcome::kReserved;
}

}  // namespace

Result<ReserveOutcome> ReserveObject(Transaction& transaction, const Object& object, int64_t now) {
  ASSIGN_OR_RETURN(const std::optional<Object> there,
                   ReadOneObject(transaction.Prepare(sql::kFindAnyObject).Bind(1, object.id)));
  if (there) return ReserveAgain(transaction, *there, object, now);

  Statement& user = transaction.Prepare(sql::kFindUser).Bind(1, object.user_id);
  ASSIGN_OR_RETURN(const bool has_user, user.Step());
  if (!has_user) return ReserveOutcome::kNotFound;
  Statement& count = transaction.Prepare(sql::kCountObjects).Bind(1, object.user_id);
  ASSIGN_OR_RETURN(const bool row, count.Step());
  if (row && count.Integer(0) >= kMaxObjectsPerUser) return ReserveOutcome::kQuotaExceeded;
  ASSIGN_OR_RETURN(const bool taken, TakeQuota(transaction, object.user_id, object.body_bytes));
  if (!taken) return ReserveOutcome::kQuotaExceeded;
  RETURN_IF_ERROR(transaction.Prepare(sql::kReserveObject)
                      .Bind(1, object.id)
                      .Bind(2, object.user_id)
                      .Bind(3, object.mode)
                      .Bind(4, object.body_bytes)
                      .BindBlob(5, object.body_sha256)
                      .BindBlob(6, std::string_view())
                      .Bind(7, now)
                      .RunToStatus());
  return ReserveOutcome::kReserved;
}

Result<bool> MarkBodyWritten(Transaction& transaction, std::string_view user_id,
                             std::string_view id, std::string_view body_sha256,
                             std::string_view file_sha256, int64_t now) {
  return transaction.Prepare(sql::kMarkBodyWritten)
      .Bind(1, id)
      .Bind(2, user_id)
      .BindBlob(3, body_sha256)
      .Bind(4, now)
      .BindBlob(5, file_sha256)
      .RunToOne();
}

Result<RecordOutcome> PutRecord(Transaction& transaction, std::string_view user_id,
                                std::string_view id, const std::optional<std::string>& wrapped_key,
                                const std::optional<std::string>& key_id, std::string_view record,
                                int64_t record_version, int64_t now) {
  ASSIGN_OR_RETURN(const std::optional<Object> object,
                   FindReservedObject(transaction, user_id, id));
  if (!object || !object->has_body) return RecordOutcome::kNotFound;
  if (object->record_version == record_version && object->record == record &&
      object->wrapped_key == wrapped_key) {
    return RecordOutcome::kUpdated;
  }
  if (record_version != object->record_version + 1) return RecordOutcome::kChanged;
  const int64_t more =
      static_cast<int64_t>(record.size()) - static_cast<int64_t>(object->record.size());
  ASSIGN_OR_RETURN(const bool taken, TakeQuota(transaction, user_id, more));
  if (!taken) return RecordOutcome::kQuotaExceeded;
  RETURN_IF_ERROR(transaction.Prepare(sql::kPutRecord)
                      .Bind(1, id)
                      .Bind(2, user_id)
                      .BindBlob(3, wrapped_key)
                      .Bind(4, key_id)
                      .BindBlob(5, record)
                      .Bind(6, record_version)
                      .Bind(7, now)
                      .RunToStatus());
  return record_version == 1 ? RecordOutcome::kCreated : RecordOutcome::kUpdated;
}

Result<std::optional<Object>> FindObject(Transaction& transaction, std::string_view user_id,
                                         std::string_view id) {
  ASSIGN_OR_RETURN(std::optional<Object> object, FindReservedObject(transaction, user_id, id));
  if (object && object->state != ObjectState::kReady) object.reset();
  return object;
}

Result<std::optional<Object>> FindReservedObject(Transaction& transaction, std::string_view user_id,
                                                 std::string_view id) {
  return ReadOneObject(transaction.Prepare(sql::kFindObject).Bind(1, id).Bind(2, user_id));
}

Result<std::vector<Object>> ListObjects(Transaction& transaction, std::string_view user_id,
                                        const std::optional<ObjectCursor>& after, int64_t limit) {
  const ObjectCursor newest{.created_at = std::numeric_limits<int64_t>::max(), .id = ""};
  const ObjectCursor& from = after ? *after : newest;
  Statement& list = transaction.Prepare(sql::kListObjects)
                        .Bind(1, user_id)
                        .Bind(2, from.created_at)
                        .Bind(3, from.id)
                        .Bind(4, limit);
  std::vector<Object> objects;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return objects;
    objects.push_back(ReadObject(list));
  }
}

Result<bool> MarkObjectDeleting(Transaction& transaction, std::string_view user_id,
                                std::string_view id, int64_t now) {
  ASSIGN_OR_RETURN(const std::optional<Object> object,
                   FindReservedObject(transaction, user_id, id));
  if (!object) return false;
  ASSIGN_OR_RETURN([[maybe_unused]] const bool given,
                   TakeQuota(transaction, user_id, -UsedBy(*object)));
  RETURN_IF_ERROR(transaction.Prepare(sql::kMarkObjectDeleting)
                      .Bind(1, id)
                      .Bind(2, user_id)
                      .BindBlob(3, std::string_view())
                      .Bind(4, now)
                      .RunToStatus());
  return true;
}

Result<int64_t> MarkAllObjectsDeleting(Transaction& transaction, std::string_view user_id,
                                       int64_t now) {
  ASSIGN_OR_RETURN(const int64_t changed, transaction.Prepare(sql::kMarkAllObjectsDeleting)
                                              .Bind(1, user_id)
                                              .BindBlob(2, std::string_view())
                                              .Bind(3, now)
                                              .Run());
  RETURN_IF_ERROR(transaction.Prepare(sql::kZeroUsedBytes).Bind(1, user_id).RunToStatus());
  return changed;
}

Result<int64_t> MarkStaleObjectsDeleting(Transaction& transaction, int64_t touched_before,
                                         int64_t now) {
  struct Stale {
    std::string id;
    std::string user_id;
  };
  Statement& list =
      transaction.Prepare(sql::kListStaleObjects).Bind(1, touched_before).Bind(2, kSweptAtOnce);
  std::vector<Stale> stale;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    stale.push_back({.id = list.Text(0), .user_id = list.Text(1)});
  }
  for (const Stale& object : stale) {
    ASSIGN_OR_RETURN([[maybe_unused]] const bool marked,
                     MarkObjectDeleting(transaction, object.user_id, object.id, now));
  }
  return static_cast<int64_t>(stale.size());
}

Result<std::vector<std::string>> ListDeletingObjects(Transaction& transaction, int64_t limit) {
  Statement& list = transaction.Prepare(sql::kListDeletingObjects).Bind(1, limit);
  std::vector<std::string> ids;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return ids;
    ids.push_back(list.Text(0));
  }
}

Status ForgetDeletedObject(Transaction& transaction, std::string_view id) {
  return transaction.Prepare(sql::kForgetDeletedObject).Bind(1, id).RunToStatus();
}

}  // namespace insitu
