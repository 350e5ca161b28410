#include "backend/object_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <utility>
#include <vector>

#include "backend/descriptor.h"
#include "backend/folders.h"
#include "backend/uuid.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr int64_t kSweptAtOnce = 100;

// A file that goes with it, unless it was moved into its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path)
      : path_(std::move(path)),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool made() const { return file_.open(); }
  const std::filesystem::path& path() const { return path_; }

  Status Write(std::span<const char> bytes) {
    if (!WriteAll(file_.number(), bytes)) return FileFault("write", path_);
    return {};
  }

  // On the disk, and closed.
  Status Finish() {
    if (::fsync(file_.number()) != 0) return FileFault("sync", path_);
    if (::close(file_.Release()) != 0) return FileFault("close", path_);
    return {};
  }

  Status MoveTo(const std::filesystem::path& place) {
    RETURN_IF_ERROR(MoveFile(path_, place));
    path_.clear();
    return {};
  }

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

PutBodyResult Outcome(PutBodyOutcome outcome) { return {.outcome = outcome, .source_message = ""}; }

class Digest {
 public:
  void Add(std::span<const char> bytes) {
    sha256_.Update({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
  std::string Finish() {
    const Sha256Digest digest = sha256_.Finish();
    return {digest.begin(), digest.end()};
  }

 private:
  Sha256Stream sha256_;
};

struct Streamed {
  PutBodyResult refused;  // unless kCreated
  std::string file_sha256;
};

Streamed Refused(PutBodyResult refused) {
  return {.refused = std::move(refused), .file_sha256 = ""};
}

// Copies a body into a file, sealed or as it is.
Result<Streamed> Stream(const Object& object, const ReadMore& read, BodySealer* sealer,
                        TemporaryFile* file) {
  const int64_t expected = sealer == nullptr ? object.body_bytes : sealer->plain_bytes();
  std::vector<char> buffer(kBufferBytes);
  Digest plain;
  Digest sealed;
  int64_t size = 0;
  const auto write_sealed = [&](std::span<const char> bytes) {
    sealed.Add(bytes);
    return file->Write(bytes);
  };
  while (true) {
    const Result<size_t> count = read(buffer);
    if (!count.ok()) {
      return Refused(
          {.outcome = PutBodyOutcome::kSourceFailed, .source_message = count.error().message});
    }
    if (count.value() == 0) break;
    size += static_cast<int64_t>(count.value());
    if (size > expected) break;
    const std::span<const char> bytes(buffer.data(), count.value());
    plain.Add(bytes);
    RETURN_IF_ERROR(sealer == nullptr ? file->Write(bytes) : write_sealed(sealer->Update(bytes)));
  }
  if (size != expected) return Refused(Outcome(PutBodyOutcome::kLengthMismatch));
  const std::string digest = plain.Finish();
  if ((sealer == nullptr ? digest : sealer->Mark(digest)) != object.body_sha256) {
    return Refused(Outcome(PutBodyOutcome::kDigestMismatch));
  }
  if (sealer != nullptr) RETURN_IF_ERROR(write_sealed(sealer->Finish()));
  RETURN_IF_ERROR(file->Finish());
  return Streamed{.refused = Outcome(PutBodyOutcome::kCreated),
                  .file_sha256 = sealer == nullptr ? object.body_sha256 : sealed.Finish()};
}

}  // namespace

Result<size_t> BodyFile::Read(std::span<char> into) {
  while (true) {
    const ssize_t count = ::read(file_.number(), into.data(), into.size());
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return FileFault("read", "the body of an object");
  }
}

ObjectFiles::ObjectFiles(Database* database)
    : database_(database), folder_(database->folder() / "objects") {}

Result<std::unique_ptr<ObjectFiles>> ObjectFiles::Open(Database* database) {
  std::unique_ptr<ObjectFiles> files(new ObjectFiles(database));
  RETURN_IF_ERROR(MakePrivateFolder(files->Incoming()));
  std::error_code error;
  for (const auto& left : std::filesystem::directory_iterator(files->Incoming(), error)) {
    RETURN_IF_ERROR(RemoveFile(left.path()));
  }
  if (error) {
    errno = error.value();
    return FileFault("read the folder", files->Incoming());
  }
  RETURN_IF_ERROR(SyncFolder(files->Incoming()));
  return files;
}

std::filesystem::path ObjectFiles::Incoming() const { return folder_ / "incoming"; }

std::optional<std::filesystem::path> ObjectFiles::PathOf(std::string_view id) const {
  if (!IsUuid(id)) return std::nullopt;
  return folder_ / id.substr(id.size() - 2) / id;
}

std::mutex& ObjectFiles::LockFor(std::string_view id) {
  return locks_[std::hash<std::string_view>()(id) % locks_.size()];
}

Result<PutBodyResult> ObjectFiles::Put(const Object& object, const ReadMore& read,
                                       BodySealer* sealer) {
  if (!PathOf(object.id)) return Outcome(PutBodyOutcome::kNotFound);
  ASSIGN_OR_RETURN(const ReserveOutcome reserved,
                   database_->WriteFor<ReserveOutcome>([&](Transaction& transaction) {
                     return ReserveObject(transaction, object, database_->Now());
                   }));
  switch (reserved) {
    case ReserveOutcome::kThere:
      return Outcome(PutBodyOutcome::kThere);
    case ReserveOutcome::kDiffers:
      return Outcome(PutBodyOutcome::kDiffers);
    case ReserveOutcome::kNotFound:
      return Outcome(PutBodyOutcome::kNotFound);
    case ReserveOutcome::kQuotaExceeded:
      return Outcome(PutBodyOutcome::kQuotaExceeded);
    case ReserveOutcome::kReserved:
      break;
  }
  TemporaryFile file(Incoming() / StrCat(object.id, "-", uploads_.fetch_add(1)));
  if (!file.made()) return FileFault("make", file.path());
  ASSIGN_OR_RETURN(Streamed streamed, Stream(object, read, sealer, &file));
  if (streamed.refused.outcome != PutBodyOutcome::kCreated) return std::move(streamed.refused);
  return Place(object, streamed.file_sha256,
               [&](const std::filesystem::path& place) { return file.MoveTo(place); });
}

// Under the id's lock a row that is there stays there, if only as one to be deleted; so the file
// that is moved into place is always one that a row names.
Result<PutBodyResult> ObjectFiles::Place(
    const Object& object, const std::string& file_sha256,
    const std::function<Status(const std::filesystem::path&)>& move) {
  const std::filesystem::path place = *PathOf(object.id);
  const std::lock_guard lock(LockFor(object.id));
  ASSIGN_OR_RETURN(const std::optional<Object> there,
                   database_->ReadFor<std::optional<Object>>([&](Transaction& transaction) {
                     return FindReservedObject(transaction, object.user_id, object.id);
                   }));
  if (!there || there->body_sha256 != object.body_sha256) {
    return Outcome(PutBodyOutcome::kNotFound);
  }
  if (there->has_body) return Outcome(PutBodyOutcome::kThere);
  RETURN_IF_ERROR(MakePrivateFolder(place.parent_path()));
  RETURN_IF_ERROR(move(place));
  ASSIGN_OR_RETURN(const bool marked, database_->WriteFor<bool>([&](Transaction& transaction) {
    return MarkBodyWritten(transaction, object.user_id, object.id, object.body_sha256, file_sha256,
                           database_->Now());
  }));
  return Outcome(marked ? PutBodyOutcome::kCreated : PutBodyOutcome::kNotFound);
}

Result<std::shared_ptr<BodyFile>> ObjectFiles::Open(const Object& object) {
  const std::optional<std::filesystem::path> path = PathOf(object.id);
  if (!path) return std::shared_ptr<BodyFile>();
  const int file = ::open(path->c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) {
    const Error fault = FileFault("open", *path).error();
    ASSIGN_OR_RETURN(const std::optional<Object> there,
                     database_->ReadFor<std::optional<Object>>([&](Transaction& transaction) {
                       return FindObject(transaction, object.user_id, object.id);
                     }));
    if (!there) return std::shared_ptr<BodyFile>();
    return fault;
  }
  auto body = std::make_shared<BodyFile>(file, object.body_bytes);
  struct stat found{};
  if (::fstat(file, &found) != 0) return FileFault("read", *path);
  if (found.st_size != object.body_bytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "% has % bytes where % were kept: restore it from a backup.", path->string(),
                found.st_size, object.body_bytes);
  }
  return body;
}

Result<bool> ObjectFiles::Delete(std::string_view user_id, std::string_view id) {
  if (!PathOf(id)) return false;
  const std::lock_guard lock(LockFor(id));
  ASSIGN_OR_RETURN(const bool deleted, database_->WriteFor<bool>([&](Transaction& transaction) {
    return MarkObjectDeleting(transaction, user_id, id, database_->Now());
  }));
  if (deleted) (void)RemoveBodies({std::string(id)});  // else the next sweep
  return deleted;
}

// Files, then rows; the locks are the caller's.
Status ObjectFiles::RemoveBodies(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const std::optional<std::filesystem::path> path = PathOf(id);
    if (!path) continue;
    RETURN_IF_ERROR(RemoveFile(*path));
    std::error_code error;  // there is no folder if there was no file yet
    if (std::filesystem::exists(path->parent_path(), error)) {
      RETURN_IF_ERROR(SyncFolder(path->parent_path()));
    }
  }
  return database_->Write([&](Transaction& transaction) -> Status {
    for (const std::string& id : ids) RETURN_IF_ERROR(ForgetDeletedObject(transaction, id));
    return {};
  });
}

Result<int64_t> ObjectFiles::Sweep() {
  while (true) {
    const int64_t now = database_->Now();
    ASSIGN_OR_RETURN(const int64_t stale, database_->WriteFor<int64_t>([&](Transaction& writing) {
      return MarkStaleObjectsDeleting(writing, now - kPendingObjectTime, now);
    }));
    if (stale == 0) break;
  }
  int64_t removed = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto ids,
                     database_->ReadFor<std::vector<std::string>>([](Transaction& transaction) {
                       return ListDeletingObjects(transaction, kSweptAtOnce);
                     }));
    if (ids.empty()) return removed;
    std::vector<std::unique_lock<std::mutex>> locks;  // always in this order, and one else at most
    for (std::mutex& lock : locks_) locks.emplace_back(lock);
    RETURN_IF_ERROR(RemoveBodies(ids));
    removed += static_cast<int64_t>(ids.size());
  }
}

}  // namespace insitu
