// Backups of a data folder: a folder with the database, the bodies of what people keep, and a
// manifest with the SHA-256 of each. The key file is not part of it: kept beside the backup it
// would take away what it protects from; keep it elsewhere, without it no password of a restored
// server is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "shared/result.h"

namespace insitu {

struct BackupReport {
  int64_t schema_version = 0;
  int64_t made_at = 0;
  int64_t users = 0;
  int64_t objects = 0;
  int64_t bytes = 0;       // of all files
  std::string audit_head;  // hexadecimal; noted elsewhere, it shows rows that were cut off later
};

// Copies a data folder, which a server may be using, into `target`, a new or empty folder. Objects
// that were not whole when it began, or were deleted before it came to them, are left out. Without
// its manifest, which is written last, a backup is not one.
Result<BackupReport> BackUp(const std::filesystem::path& data, const std::filesystem::path& target,
                            int64_t now);

// Reads a backup and changes nothing: every file of the manifest and no other, the database's
// integrity and references, its audit chain, and a body for each object.
Result<BackupReport> VerifyBackup(const std::filesystem::path& backup);

// Makes `data`, a new or empty folder, of a backup that verifies, with every session ended. It is
// there as a whole or not at all. A backup of an older schema is brought up to date.
Result<BackupReport> Restore(const std::filesystem::path& backup, const std::filesystem::path& data,
                             int64_t now);

}  // namespace insitu
