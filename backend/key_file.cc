#include "backend/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "backend/descriptor.h"
#include "backend/encoding.h"
#include "backend/folders.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kIdBytes = 6;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;

std::string_view InfoOf(KeyUse use) {
  switch (use) {
    case KeyUse::kPepper:
      return "insitu/server/pepper/v1";
    case KeyUse::kTotp:
      return "insitu/server/totp/v1";
    case KeyUse::kObjects:
      return "insitu/server/objects/v1";
    case KeyUse::kKnownDevice:
      return "insitu/server/known-device/v1";
    case KeyUse::kBodyMark:
      return "insitu/server/body-mark/v1";
  }
  std::abort();
}

Failed FailOn(const std::filesystem::path& path, std::string_view what, int error) {
  return Fail(ErrorCode::kInvalidArgument, "% the key file %: %.", what, path.string(),
              std::strerror(error));
}

// Whole or not at all: written under another name first, and linked, which never overwrites.
Status MakeKeyFile(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path folder = path.parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, ignored)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  const std::string temporary = StrCat(path.string(), ".new");
  ::unlink(temporary.c_str());
  {
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (!file.open()) return FailOn(path, "Cannot make", errno);
    const Secret text(StrCat("# InSitu's keys. Whoever has this file and the database can try ",
                             "passwords and open what the server\n# encrypted. Without it nobody ",
                             "can sign in: keep a copy apart from the database's.\n",
                             ToBase64Url(RandomBytes(kKeyBytes)), "\n"));
    if (!WriteAll(file.number(), text.bytes()) || ::fsync(file.number()) != 0) {
      return FailOn(path, "Cannot write", errno);
    }
  }
  if (::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return FailOn(path, "Cannot make", errno);
  }
  ::unlink(temporary.c_str());
  return SyncFolder(folder);
}

}  // namespace

Result<KeyFile> KeyFile::Load(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() && errno == ENOENT) {
    return Fail(ErrorCode::kInvalidArgument,
                "The key file % is missing. Restore it from its copy, or name the right one as "
                "key_file in the configuration.",
                path.string());
  }
  if (!file.open()) return FailOn(path, "Cannot read", errno);
  struct stat about;
  if (::fstat(file.number(), &about) != 0) return FailOn(path, "Cannot read", errno);
  if ((about.st_mode & kOthers) != 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "Others than its owner may use the key file %. Take that from them: chmod 600 %",
                path.string(), path.string());
  }
  std::string text(kMaxKeyFileBytes + 1, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailOn(path, "Cannot read", errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  if (filled > kMaxKeyFileBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "The key file % has more than % bytes. Name the right file.", path.string(),
                kMaxKeyFileBytes);
  }
  text.resize(filled);
  Result<KeyFile> keys = Parse(text, path);
  Cleanse(&text);
  return keys;
}

Result<KeyFile> KeyFile::LoadOrMake(const std::filesystem::path& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) RETURN_IF_ERROR(MakeKeyFile(path));
  return Load(path);
}

Result<KeyFile> KeyFile::Parse(std::string_view text, const std::filesystem::path& path) {
  KeyFile keys;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::optional<std::string> bytes = FromBase64Url(line);
    if (!bytes || bytes->size() != kKeyBytes) {
      return Fail(ErrorCode::kInvalidArgument,
                  "Line % of the key file % is not a key of 32 bytes as base64url. Restore the "
                  "file from its copy.",
                  number, path.string());
    }
    const std::string id = ToHex(HkdfSha256(*bytes, "", "insitu/server/key-id/v1", kIdBytes));
    if (!keys.Has(id)) keys.keys_.push_back({id, Secret(*bytes)});
  }
  if (keys.keys_.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "The key file % holds no key. Restore it from its copy.", path.string());
  }
  return keys;
}

const KeyFile::Key* KeyFile::Find(std::string_view id) const {
  for (const Key& key : keys_) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

std::string KeyFile::Derive(std::string_view id, KeyUse use) const {
  const Key* key = Find(id);
  if (key == nullptr) std::abort();
  return HkdfSha256(key->bytes.bytes(), "", InfoOf(use), kKeyBytes);
}

}  // namespace insitu
