// Labelled patches in the folder layout of the public IDC release (Cruz-Roa 2014; Janowczyk &
// Madabhushi 2016): …/CASE/LABEL/10253_idx5_x1001_y1001_class0.png, where LABEL is 0 or 1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct PatchFile {
  std::string path;
  std::string case_id;  // from the file's name
  int label = 0;        // 0 or 1
};

struct FileError {
  std::string path;
  std::string case_id;  // "" where the name does not tell it
  Error error;
};

struct PatchList {
  std::vector<PatchFile> patches;  // ordered by case, then file name
  std::vector<FileError> errors;   // images in a class folder that contradict the layout
  size_t duplicates = 0;           // the same patch stored again: counted once
  size_t ignored = 0;              // files that are no image in a folder 0 or 1
};

// Case and label of a patch as its name tells them. Errors: kInvalidArgument.
Result<PatchFile> ParsePatchName(std::string_view file_name);

// Every image in a folder named 0 or 1 at any depth below folder. The Kaggle archive holds the
// whole set a second time in its subfolder IDC_regular_ps50_idx5: a patch whose name was seen
// already is counted once when its bytes are the same, and is an error when they differ.
// Errors: kInvalidArgument when folder cannot be read or holds no patch.
Result<PatchList> ListPatches(const std::string& folder);

// One case id a line; blank lines are skipped. Errors: kInvalidArgument, naming the path.
Result<std::vector<std::string>> ReadCaseList(const std::string& path);

// The same of the list's text. path: for messages.
Result<std::vector<std::string>> ParseCaseList(std::string_view text, const std::string& path);

// Keeps the patches and errors of cases, and errors of no known case; returns the cases that have
// no patch.
std::vector<std::string> KeepCases(const std::vector<std::string>& cases, PatchList* list);

}  // namespace insitu
