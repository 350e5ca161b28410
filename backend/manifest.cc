#include "backend/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "backend/descriptor.h"
#include "backend/folders.h"
#include "backend/uuid.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using nlohmann::json;

constexpr char kFormat[] = "insitu-backup/1";
constexpr int64_t kMaxManifestBytes = int64_t{512} << 20;

// mode: O_RDONLY, or O_WRONLY and how it is made.
int OpenFile(const std::filesystem::path& path, int mode) {
  return ::open(path.c_str(), mode | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool IsBackupPath(std::string_view path) {
  if (path == "insitu.db") return true;
  constexpr std::string_view kObjects = "objects/";
  if (!path.starts_with(kObjects) || path.size() != kObjects.size() + 3 + 36) return false;
  const std::string_view id = path.substr(kObjects.size() + 3);
  return IsUuid(id) && path.substr(kObjects.size(), 3) == StrCat(id.substr(34), "/");
}

bool IsHash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Failed NoManifest(const std::filesystem::path& backup) {
  return Fail(ErrorCode::kInvalidArgument,
              "% is not a manifest that this program understands: the folder is no whole backup, "
              "or a newer program's.",
              ManifestFileOf(backup).string());
}

}  // namespace

std::filesystem::path ManifestFileOf(const std::filesystem::path& backup) {
  return backup / "manifest.json";
}

Status WriteManifest(const std::filesystem::path& backup, const Manifest& manifest) {
  json files = json::object();
  for (const auto& [path, file] : manifest.files) {
    files[path] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  }
  const std::string text = json{{"format", kFormat},
                                {"schema_version", manifest.schema_version},
                                {"made_at", manifest.made_at},
                                {"audit_head", manifest.audit_head},
                                {"files", std::move(files)}}
                               .dump(1) +
                           "\n";
  const std::filesystem::path unfinished = backup / "manifest.unfinished";
  {
    const Descriptor file(OpenFile(unfinished, O_WRONLY | O_CREAT | O_TRUNC));
    if (!file.open() || !WriteAll(file.number(), text) || ::fsync(file.number()) != 0) {
      return FileFault("write", unfinished);
    }
  }
  return MoveFile(unfinished, ManifestFileOf(backup));
}

Result<Manifest> ParseManifest(std::string_view text, const std::filesystem::path& backup) {
  const json read = json::parse(text, nullptr, /*allow_exceptions=*/false);
  Manifest manifest;
  try {
    if (read.at("format") != kFormat) return NoManifest(backup);
    manifest.schema_version = read.at("schema_version").get<int64_t>();
    manifest.made_at = read.at("made_at").get<int64_t>();
    manifest.audit_head = read.at("audit_head").get<std::string>();
    for (const auto& [path, entry] : read.at("files").items()) {
      const ManifestFile listed{.bytes = entry.at("bytes").get<int64_t>(),
                                .sha256 = entry.at("sha256").get<std::string>()};
      if (!IsBackupPath(path) || !IsHash(listed.sha256)) return NoManifest(backup);
      manifest.files[path] = listed;
    }
  } catch (const json::exception&) {
    return NoManifest(backup);
  }
  if (!manifest.files.contains("insitu.db") || !IsHash(manifest.audit_head)) {
    return NoManifest(backup);
  }
  return manifest;
}

Result<Manifest> ReadManifest(const std::filesystem::path& backup) {
  const Descriptor file(OpenFile(ManifestFileOf(backup), O_RDONLY));
  if (!file.open()) return NoManifest(backup);
  std::string text;
  std::array<char, 65'536> buffer;
  while (true) {
    const ssize_t count = ::read(file.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileFault("read", ManifestFileOf(backup));
    if (count == 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (static_cast<int64_t>(text.size()) > kMaxManifestBytes) return NoManifest(backup);
  }
  return ParseManifest(text, backup);
}

Result<ManifestFile> CopyAndHash(const std::filesystem::path& from,
                                 const std::filesystem::path& to) {
  const Descriptor source(OpenFile(from, O_RDONLY));
  if (!source.open()) return FileFault("open", from);
  const bool copies = !to.empty();
  const Descriptor copy(
      OpenFile(copies ? to : from, copies ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY));
  if (!copy.open()) return FileFault("make", to);
  Sha256Stream sha256;
  ManifestFile result;
  std::array<char, 65'536> buffer;
  while (true) {
    const ssize_t count = ::read(source.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileFault("read", from);
    if (count == 0) break;
    const std::span<const char> bytes(buffer.data(), static_cast<size_t>(count));
    sha256.Update({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    result.bytes += count;
    if (copies && !WriteAll(copy.number(), bytes)) return FileFault("write", to);
  }
  if (copies && ::fsync(copy.number()) != 0) return FileFault("sync", to);
  result.sha256 = HexDigits(sha256.Finish());
  return result;
}

}  // namespace insitu
