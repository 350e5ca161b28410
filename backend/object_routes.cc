#include "backend/object_routes.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "backend/content_digest.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "backend/object_body.h"
#include "backend/object_cipher.h"
#include "backend/query.h"
#include "backend/uuid.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int64_t kDefaultPage = 20;
constexpr size_t kWrappedKeyBytes = kGcmNonceBytes + kAesKeyBytes + kGcmTagBytes;

// Bodies and records of people whose browser has no key are sealed here.
bool ServerSeals(const Caller& caller) {
  return caller.user.credential && caller.user.credential->scheme == "password";
}

Response StorageOff() {
  return Problem(403, "storage_off",
                 "This server keeps nothing new. What was kept can still be read and deleted.");
}

Response SealBroken(const Accounts& accounts, std::string_view object_id) {
  accounts.log(StrCat("Object ", object_id,
                      " does not open: its key is not in the key file, or it was changed."));
  return ProblemOf(500);
}

OrReply<Object> FindOwn(Accounts& accounts, const Caller& caller, const std::string& id) {
  if (!IsUuid(id)) return ProblemOf(404);
  auto found = ReadFor<std::optional<Object>>(accounts, [&](Transaction& transaction) {
    return FindObject(transaction, caller.user.id, id);
  });
  if (!found.ok()) return found.reply();
  if (!found.value()) return ProblemOf(404);
  return std::move(*found.value());
}

// --- Bodies ---

Response ReplyTo(const PutBodyResult& put) {
  switch (put.outcome) {
    case PutBodyOutcome::kCreated:
      return JsonReply(201, Json::object());
    case PutBodyOutcome::kThere:
      return JsonReply(200, Json::object());
    case PutBodyOutcome::kDiffers:
      return Problem(409, "object_differs",
                     "Other bytes lie in this place already. Take a new id.");
    case PutBodyOutcome::kNotFound:
      return ProblemOf(404);
    case PutBodyOutcome::kQuotaExceeded:
      return Problem(507, "quota_exceeded",
                     "There is no room left in this account. Delete what is no longer needed.");
    case PutBodyOutcome::kDigestMismatch:
      return Problem(400, "digest_mismatch",
                     "The bytes that came are not those of the Content-Digest. Send them again.");
    case PutBodyOutcome::kLengthMismatch:
    case PutBodyOutcome::kSourceFailed:
      break;
  }
  return ProblemOf(408);
}

Response PutBody(Accounts& accounts, const Request& request, const PathParameters& parameters,
                 const Caller& caller) {
  const std::string& id = parameters["id"];
  if (!IsUuid(id)) return ProblemOf(404);
  if (accounts.settings.storage == StorageMode::kOff) return StorageOff();
  if (request.body_reader == nullptr || request.body_bytes.value_or(0) == 0) {
    return Problem(400, "object_empty", "The body has no bytes. Send what is to be kept.");
  }
  if (*request.body_bytes > static_cast<uint64_t>(accounts.settings.max_object_bytes)) {
    return Problem(413, "object_too_large",
                   StrCat("This server keeps at most ", accounts.settings.max_object_bytes,
                          " bytes in one piece. Keep a smaller image."));
  }
  const std::optional<std::string> digest =
      ParseContentDigest(request.Find("Content-Digest").value_or(std::string()));
  if (!digest) {
    return Problem(400, "digest_needed",
                   "Content-Digest: sha-256=:…: (RFC 9530) is missing or not understood.");
  }
  const auto plain_bytes = static_cast<int64_t>(*request.body_bytes);
  Object object;
  object.id = id;
  object.user_id = caller.user.id;
  object.mode = ServerSeals(caller) ? "server" : "e2e";
  object.body_bytes = ServerSeals(caller) ? SealedSize(plain_bytes) : plain_bytes;
  std::optional<BodySealer> sealer;
  if (ServerSeals(caller)) {
    sealer.emplace(accounts.keys, ObjectPart{caller.user.id, id}, plain_bytes);
  }
  object.body_sha256 = sealer ? sealer->Mark(*digest) : *digest;
  const Result<PutBodyResult> put = accounts.files.Put(
      object, [&](std::span<char> out) { return request.body_reader->Read(out); },
      sealer ? &*sealer : nullptr);
  if (!put.ok()) return StorageFault(accounts, put.error());
  return ReplyTo(put.value());
}

Response GetBody(Accounts& accounts, const Request&, const PathParameters& parameters,
                 const Caller& caller) {
  OrReply<Object> object = FindOwn(accounts, caller, parameters["id"]);
  if (!object.ok()) return object.reply();
  Result<std::shared_ptr<BodyFile>> file = accounts.files.Open(object.value());
  if (!file.ok()) return StorageFault(accounts, file.error());
  if (!file.value()) return ProblemOf(404);
  Response reply;
  reply.content_type = "application/octet-stream";
  // Bytes of a person are never a page of this server.
  reply.headers = {{"Content-Disposition", "attachment"},
                   {"Content-Security-Policy", "default-src 'none'; sandbox"}};
  if (object.value().mode == "e2e") {
    reply.stream = std::make_shared<StoredBody>(file.value());
    return reply;
  }
  reply.stream =
      OpenSealedBody(accounts.keys, ObjectPart{caller.user.id, object.value().id}, file.value());
  if (!reply.stream) return SealBroken(accounts, object.value().id);
  return reply;
}

// --- Records ---

// What a client sends of a record.
struct NewRecord {
  std::optional<std::string> wrapped_key;
  std::optional<std::string> key_id;
  std::string bytes;
  int64_t version = 0;
};

NewRecord ReadRecord(JsonFields* fields, bool server_seals) {
  NewRecord record;
  if (!server_seals) {
    record.wrapped_key = ReadBytes(fields, "wrapped_key", kWrappedKeyBytes, kWrappedKeyBytes);
  } else if (fields->OptionalText("wrapped_key", 0, kMaxRecordBytes)) {
    fields->Refuse("wrapped_key", "not_accepted", "The server encrypts here: send null.");
  }
  record.bytes = ReadBytes(fields, "record", 1, kMaxRecordBytes);
  record.version = fields->Integer("record_version", 1, INT64_MAX);
  return record;
}

Response PutObject(Accounts& accounts, const Request& request, const PathParameters& parameters,
                   const Caller& caller) {
  const std::string& id = parameters["id"];
  if (!IsUuid(id)) return ProblemOf(404);
  if (accounts.settings.storage == StorageMode::kOff) return StorageOff();
  auto body = ParseJsonObject(request.body, kMaxRecordJsonBytes);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  JsonFields fields(std::get<nlohmann::json>(body));
  NewRecord record = ReadRecord(&fields, ServerSeals(caller));
  if (!fields.Complete()) return fields.Refusal();
  if (ServerSeals(caller)) {
    SealedRecord sealed =
        SealRecord(accounts.keys, ObjectPart{caller.user.id, id}, record.version, record.bytes);
    record.bytes = std::move(sealed.bytes);
    record.wrapped_key = std::move(sealed.wrapped_key);
    record.key_id = std::move(sealed.key_id);
  }
  auto put = WriteAs<RecordOutcome>(
      accounts, caller, [&](Transaction& transaction) -> Result<RecordOutcome> {
        ASSIGN_OR_RETURN(
            const RecordOutcome outcome,
            PutRecord(transaction, caller.user.id, id, record.wrapped_key, record.key_id,
                      record.bytes, record.version, accounts.database.Now()));
        if (outcome == RecordOutcome::kCreated) {
          RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "object_kept", id));
        }
        return outcome;
      });
  if (!put.ok()) return put.reply();
  switch (put.value()) {
    case RecordOutcome::kCreated:
    case RecordOutcome::kUpdated:
      break;
    case RecordOutcome::kChanged:
      return Problem(409, "record_changed",
                     "This was changed elsewhere meanwhile. Read it again and repeat the change.");
    case RecordOutcome::kNotFound:
      return ProblemOf(404);
    case RecordOutcome::kQuotaExceeded:
      return ReplyTo({.outcome = PutBodyOutcome::kQuotaExceeded, .source_message = ""});
  }
  OrReply<Object> object = FindOwn(accounts, caller, id);
  if (!object.ok()) return object.reply();
  const std::optional<Json> json = ObjectJson(accounts, object.value());
  if (!json) return SealBroken(accounts, id);
  return JsonReply(put.value() == RecordOutcome::kCreated ? 201 : 200, *json);
}

Response GetObject(Accounts& accounts, const Request&, const PathParameters& parameters,
                   const Caller& caller) {
  OrReply<Object> object = FindOwn(accounts, caller, parameters["id"]);
  if (!object.ok()) return object.reply();
  const std::optional<Json> json = ObjectJson(accounts, object.value());
  if (!json) return SealBroken(accounts, object.value().id);
  return JsonReply(200, *json);
}

Response DeleteObject(Accounts& accounts, const Request& request, const PathParameters& parameters,
                      const Caller& caller) {
  const std::string& id = parameters["id"];
  if (!IsUuid(id)) return ProblemOf(404);
  auto marked = WriteAs<bool>(accounts, caller, [&](Transaction& transaction) -> Result<bool> {
    ASSIGN_OR_RETURN(const bool deleted,
                     MarkObjectDeleting(transaction, caller.user.id, id, accounts.database.Now()));
    if (!deleted) return false;
    RETURN_IF_ERROR(Audit(transaction, accounts, request, caller.user.id, "object_deleted", id));
    return true;
  });
  if (!marked.ok()) return marked.reply();
  if (!marked.value()) return ProblemOf(404);
  SweepFiles(accounts);
  return NoContent();
}

// --- The list ---

std::string CursorText(const Object& object) {
  return ToBase64Url(StrCat(object.created_at, "|", object.id));
}

std::optional<ObjectCursor> ParseCursor(std::string_view text) {
  const auto bytes = FromBase64Url(text);
  if (!bytes) return std::nullopt;
  const size_t bar = bytes->find('|');
  if (bar == std::string::npos || !IsUuid(bytes->substr(bar + 1))) return std::nullopt;
  ObjectCursor cursor;
  cursor.id = bytes->substr(bar + 1);
  const auto read = std::from_chars(bytes->data(), bytes->data() + bar, cursor.created_at);
  if (read.ec != std::errc() || read.ptr != bytes->data() + bar) return std::nullopt;
  return cursor;
}

struct Page {
  std::optional<ObjectCursor> after;
  int64_t limit = kDefaultPage;
};

OrReply<Page> ReadPage(const Request& request) {
  const auto query = ParseQuery(request.query);
  Response refusal =
      Problem(400, "query_invalid",
              StrCat("The query is cursor=, as a page's next says, and limit= from 1 "
                     "to ",
                     kMaxObjectsPerPage, "."));
  if (!query) return refusal;
  Page page;
  for (const Header& parameter : *query) {
    if (parameter.name == "cursor") {
      page.after = ParseCursor(parameter.value);
      if (!page.after) return refusal;
    } else if (parameter.name == "limit") {
      const char* const end = parameter.value.data() + parameter.value.size();
      const auto read = std::from_chars(parameter.value.data(), end, page.limit);
      if (read.ec != std::errc() || read.ptr != end) return refusal;
      if (page.limit < 1 || page.limit > kMaxObjectsPerPage) return refusal;
    } else {
      return refusal;
    }
  }
  return page;
}

Response GetObjects(Accounts& accounts, const Request& request, const PathParameters&,
                    const Caller& caller) {
  OrReply<Page> page = ReadPage(request);
  if (!page.ok()) return page.reply();
  auto objects = ReadFor<std::vector<Object>>(accounts, [&](Transaction& transaction) {
    // One more tells whether there is a next page.
    return ListObjects(transaction, caller.user.id, page.value().after, page.value().limit + 1);
  });
  if (!objects.ok()) return objects.reply();
  const auto count = static_cast<size_t>(page.value().limit);
  const bool more = objects.value().size() > count;
  if (more) objects.value().resize(count);
  Json items = Json::array();
  for (const Object& object : objects.value()) {
    std::optional<Json> json = ObjectJson(accounts, object);
    if (!json) return SealBroken(accounts, object.id);
    items.push_back(std::move(*json));
  }
  Json next = nullptr;
  if (more) next = CursorText(objects.value().back());
  return JsonReply(200, {{"items", std::move(items)}, {"next", std::move(next)}});
}

}  // namespace

std::optional<Json> ObjectJson(const Accounts& accounts, const Object& object) {
  Json wrapped = nullptr;
  std::string record = object.record;
  int64_t body_bytes = object.body_bytes;
  if (object.mode == "e2e") {
    if (object.wrapped_key) wrapped = ToBase64Url(*object.wrapped_key);
  } else {
    const auto opened =
        OpenRecord(accounts.keys, ObjectPart{object.user_id, object.id}, object.record_version,
                   {object.record, object.wrapped_key.value_or(""), object.key_id.value_or("")});
    if (!opened) return std::nullopt;
    record = *opened;
    body_bytes = PlainSize(object.body_bytes);
  }
  return Json{{"id", object.id},
              {"created_at", object.created_at},
              {"updated_at", object.updated_at},
              {"body_bytes", body_bytes},
              {"wrapped_key", std::move(wrapped)},
              {"record", ToBase64Url(record)},
              {"record_version", object.record_version}};
}

std::vector<Route> ObjectRoutes(Accounts* accounts) {
  constexpr uint64_t kAnySize = UINT64_MAX;  // PutBody refuses, with a code of its own
  return {
      {"GET", "/api/objects", 0, false, ForCaller(accounts, GetObjects)},
      {"PUT", "/api/objects/{id}/body", kAnySize, true, ForCaller(accounts, PutBody)},
      {"GET", "/api/objects/{id}/body", 0, false, ForCaller(accounts, GetBody)},
      {"PUT", "/api/objects/{id}", kMaxRecordJsonBytes, false, ForCaller(accounts, PutObject)},
      {"GET", "/api/objects/{id}", 0, false, ForCaller(accounts, GetObject)},
      {"DELETE", "/api/objects/{id}", 0, false, ForCaller(accounts, DeleteObject)},
  };
}

}  // namespace insitu
