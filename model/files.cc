#include "model/files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "shared/str_cat.h"

namespace insitu {
namespace {

Error Unreadable(std::string_view reason) {
  return {ErrorCode::kInvalidArgument, StrCat("The file cannot be read: ", reason, ".")};
}

Error Unwritable(const std::string& path, std::string_view reason) {
  return {ErrorCode::kInvalidArgument,
          StrCat("The file ", path, " cannot be written: ", reason, ".")};
}

}  // namespace

Result<std::vector<uint8_t>> ReadFile(const std::string& path, size_t limit, ErrorCode too_large) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Unreadable("it is a folder");
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return Unreadable(error.message());
  if (size > limit) {
    return Error{too_large, StrCat("The file has ", size, " bytes; at most ", limit, " are read.")};
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) return Unreadable(std::strerror(errno));
  return bytes;
}

Error Located(const std::string& path, const Error& error) {
  return {error.code, StrCat(path, ": ", error.message)};
}

Status WriteFile(const std::string& path, std::span<const uint8_t> bytes) {
  const std::string unfinished = path + ".unfinished";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return Unwritable(unfinished, std::strerror(errno));
  std::error_code error;
  std::filesystem::rename(unfinished, path, error);
  if (error) return Unwritable(path, error.message());
  return {};
}

}  // namespace insitu
