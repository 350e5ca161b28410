// manifest.json of a backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace insitu {

struct ManifestFile {
  int64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits
};

struct Manifest {
  int64_t schema_version = 0;
  int64_t made_at = 0;
  std::string audit_head;  // hexadecimal
  // By path within the backup: "insitu.db" or "objects/ab/<id>", nothing else.
  std::map<std::string, ManifestFile> files;
};

// In a backup.
std::filesystem::path ManifestFileOf(const std::filesystem::path& backup);

// There and on the disk as a whole or not at all.
Status WriteManifest(const std::filesystem::path& backup, const Manifest& manifest);

// Refuses what is not exactly a manifest of ours. backup: for messages.
Result<Manifest> ParseManifest(std::string_view text, const std::filesystem::path& backup);

// That of the backup, with the same refusal.
Result<Manifest> ReadManifest(const std::filesystem::path& backup);

// Copies a file, if `to` is not empty, and says its size and SHA-256. The copy is on the disk when
// it returns; its folder's entry is not.
Result<ManifestFile> CopyAndHash(const std::filesystem::path& from,
                                 const std::filesystem::path& to);

}  // namespace insitu
