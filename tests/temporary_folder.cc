#include "tests/temporary_folder.h"

#include <sys/stat.h>

#include <catch_amalgamated.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace insitu {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "insitu-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) FAIL("No temporary folder.");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) FAIL("Cannot read " << path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void WriteFile(const std::filesystem::path& path, const std::string& bytes, unsigned mode) {
  std::ofstream(path, std::ios::binary) << bytes;
  ::chmod(path.c_str(), mode);
}

}  // namespace insitu
