#include "backend/folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "backend/descriptor.h"

namespace insitu {

Failed FileFault(std::string_view doing, const std::filesystem::path& file) {
  const std::string reason = std::generic_category().message(errno);
  return Fail(ErrorCode::kInvalidArgument,
              "Cannot % % (%): see whether its disk is full or failing, and who may write there.",
              doing, file.string(), reason);
}

Status MakePrivateFolder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return SyncFolder(folder.parent_path());
  if (errno == EEXIST) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return {};
    errno = ENOTDIR;
  }
  if (errno != ENOENT || !folder.has_parent_path()) return FileFault("make the folder", folder);
  RETURN_IF_ERROR(MakePrivateFolder(folder.parent_path()));
  if (::mkdir(folder.c_str(), 0700) != 0) return FileFault("make the folder", folder);
  return SyncFolder(folder.parent_path());
}

Status SyncFolder(const std::filesystem::path& folder) {
  const std::filesystem::path& named = folder.empty() ? std::filesystem::path(".") : folder;
  const Descriptor opened(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.open()) return FileFault("open the folder", named);
  if (::fsync(opened.number()) != 0) return FileFault("sync the folder", named);
  return {};
}

Status MoveFile(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return FileFault("move into place", to);
  return SyncFolder(to.parent_path());
}

Status RemoveFile(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
  return FileFault("remove", file);
}

}  // namespace insitu
