#include "model/dataset.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "model/files.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCaseListBytes = size_t{1} << 20;
constexpr std::array<std::string_view, 7> kImageExtensions = {".png", ".jpg", ".jpeg", ".bmp",
                                                              ".pgm", ".ppm", ".pnm"};

Error Invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool IsImageName(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kImageExtensions.begin(), kImageExtensions.end(), extension) !=
         kImageExtensions.end();
}

Result<bool> SameBytes(const std::string& a, const std::string& b) {
  ASSIGN_OR_RETURN(const auto bytes_a, ReadFile(a, kMaxImageBytes, ErrorCode::kImageTooLarge));
  ASSIGN_OR_RETURN(const auto bytes_b, ReadFile(b, kMaxImageBytes, ErrorCode::kImageTooLarge));
  return bytes_a == bytes_b;
}

class Lister {
 public:
  void Add(const fs::path& path) {
    const std::string folder = path.parent_path().filename().string();
    if (!IsImageName(path) || (folder != "0" && folder != "1")) {
      ++list_.ignored;
      return;
    }
    const std::string name = path.filename().string();
    Result<PatchFile> patch = ParsePatchName(name);
    if (!patch.ok()) return Fail(path, "", patch.error());
    if (patch.value().label != (folder == "1" ? 1 : 0)) {
      return Fail(path, patch.value().case_id,
                  Invalid(StrCat("It lies in the folder of class ", folder,
                                 " but its name says class ", patch.value().label, ".")));
    }
    patch.value().path = path.string();
    const auto [seen, is_new] = path_by_name_.emplace(name, path.string());
    if (is_new) {
      list_.patches.push_back(std::move(patch.value()));
    } else {
      AddAgain(path, seen->second, patch.value().case_id);
    }
  }

  PatchList Finish() {
    const auto key = [](const PatchFile& patch) {
      return std::tuple(patch.case_id, fs::path(patch.path).filename().string());
    };
    std::sort(list_.patches.begin(), list_.patches.end(),
              [&key](const PatchFile& a, const PatchFile& b) { return key(a) < key(b); });
    return std::move(list_);
  }

 private:
  void Fail(const fs::path& path, const std::string& case_id, Error error) {
    list_.errors.push_back({path.string(), case_id, std::move(error)});
  }

  void AddAgain(const fs::path& path, const std::string& first, const std::string& case_id) {
    const Result<bool> same = SameBytes(path.string(), first);
    if (!same.ok()) return Fail(path, case_id, same.error());
    if (!same.value()) {
      return Fail(path, case_id,
                  Invalid(StrCat("It has the name of ", first, " but different contents.")));
    }
    ++list_.duplicates;
  }

  PatchList list_;
  std::map<std::string, std::string> path_by_name_;
};

}  // namespace

Result<PatchFile> ParsePatchName(std::string_view file_name) {
  const std::string_view stem = file_name.substr(0, file_name.rfind('.'));
  const size_t case_end = stem.find('_');
  const size_t label_at = stem.rfind("_class");
  constexpr size_t kLabelOffset = std::string_view("_class").size();
  const bool well_formed =
      case_end != 0 && case_end != std::string_view::npos && label_at != std::string_view::npos &&
      label_at + kLabelOffset + 1 == stem.size() && (stem.back() == '0' || stem.back() == '1');
  if (!well_formed) {
    return Invalid(StrCat("The name ", file_name,
                          " does not tell case and class; it should be like "
                          "10253_idx5_x1001_y1001_class0.png."));
  }
  return PatchFile{std::string(file_name), std::string(stem.substr(0, case_end)),
                   stem.back() - '0'};
}

Result<PatchList> ListPatches(const std::string& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink,
                                         error);
  if (error) {
    return Invalid(StrCat("The folder ", folder, " cannot be read: ", error.message(), "."));
  }
  // Sorted, so that which of two copies counts as the first does not depend on the file system.
  std::vector<fs::path> paths;
  while (entry != fs::recursive_directory_iterator()) {
    if (entry->is_regular_file(error)) paths.push_back(entry->path());
    entry.increment(error);
    if (error) {
      return Invalid(StrCat("The folder ", folder, " cannot be read: ", error.message(), "."));
    }
  }
  std::sort(paths.begin(), paths.end());
  Lister lister;
  for (const fs::path& path : paths) lister.Add(path);
  PatchList list = lister.Finish();
  if (list.patches.empty() && list.errors.empty()) {
    return Invalid(StrCat("The folder ", folder, " holds no patches: none of its ", list.ignored,
                          " files is an image in a folder named 0 or 1 (CASE/0/…, CASE/1/…)."));
  }
  return list;
}

Result<std::vector<std::string>> ReadCaseList(const std::string& path) {
  const auto read = ReadFile(path, kMaxCaseListBytes, ErrorCode::kInvalidArgument);
  if (!read.ok()) return Located(path, read.error());
  return ParseCaseList({reinterpret_cast<const char*>(read.value().data()), read.value().size()},
                       path);
}

Result<std::vector<std::string>> ParseCaseList(std::string_view text, const std::string& path) {
  std::vector<std::string> cases;
  std::set<std::string> seen;
  std::string line;
  const auto finish_line = [&] {
    if (!line.empty() && seen.insert(line).second) cases.push_back(line);
    line.clear();
  };
  for (const char letter : text) {
    if (letter == '\n') {
      finish_line();
    } else if (letter != '\r' && letter != ' ' && letter != '\t') {
      line.push_back(letter);
    }
  }
  finish_line();
  if (cases.empty()) return Invalid(StrCat("The list ", path, " names no case."));
  return cases;
}

std::vector<std::string> KeepCases(const std::vector<std::string>& cases, PatchList* list) {
  std::set<std::string> wanted(cases.begin(), cases.end());
  std::erase_if(list->patches,
                [&wanted](const PatchFile& patch) { return !wanted.contains(patch.case_id); });
  std::erase_if(list->errors, [&wanted](const FileError& error) {
    return !error.case_id.empty() && !wanted.contains(error.case_id);
  });
  for (const PatchFile& patch : list->patches) wanted.erase(patch.case_id);
  std::vector<std::string> missing;
  for (const std::string& id : cases) {
    if (wanted.contains(id)) missing.push_back(id);
  }
  return missing;
}

}  // namespace insitu
