#include "model/checkpoint.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "model/files.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 30;

std::string Digest(const std::string& text) {
  return HexDigits(Sha256(std::vector<uint8_t>(text.begin(), text.end())));
}

}  // namespace

Checkpoint::Checkpoint(std::string folder, const std::string& name, const std::string& identity)
    : folder_(std::move(folder)),
      path_(StrCat(folder_, "/", name, ".checkpoint")),
      key_(Digest(identity)) {}

std::optional<std::string> Checkpoint::Load() const {
  if (folder_.empty()) return std::nullopt;
  const auto bytes = ReadFile(path_, kMaxBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return std::nullopt;
  const std::string file(bytes.value().begin(), bytes.value().end());
  const size_t head = key_.size();
  if (file.size() < 2 * head || file.compare(0, head, key_) != 0) return std::nullopt;
  std::string state = file.substr(2 * head);
  if (file.compare(head, head, Digest(state)) != 0) return std::nullopt;
  return state;
}

Status Checkpoint::Store(const std::string& state) const {
  if (folder_.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const std::string file = StrCat(key_, Digest(state), state);
  return WriteFile(path_, std::vector<uint8_t>(file.begin(), file.end()));
}

}  // namespace insitu
