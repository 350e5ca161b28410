// Files and folders that survive a power cut: what returned is on the disk.
#pragma once

#include <filesystem>
#include <string_view>

#include "shared/result.h"

namespace insitu {

// Makes a folder (0700) with those above it, if it is missing.
Status MakePrivateFolder(const std::filesystem::path& folder);

// Writes what a folder says of its files to the disk.
Status SyncFolder(const std::filesystem::path& folder);

// Renames within one file system, over what is there, and syncs the folder it goes to.
Status MoveFile(const std::filesystem::path& from, const std::filesystem::path& to);

// Good, too, if there is no such file. Does not sync the folder.
Status RemoveFile(const std::filesystem::path& file);

// A fault that names the file and the reason of the last system call: "Cannot write FILE (no space
// left on device): …".
Failed FileFault(std::string_view doing, const std::filesystem::path& file);

}  // namespace insitu
