#include "model/film_models.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "model/files.h"
#include "shared/decimal.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kHeader = "repeat,woman,model";
constexpr size_t kMaxRepeats = 1'000;
constexpr size_t kMaxListBytes = size_t{16} << 20;

Error Refuse(size_t line, std::string_view what) {
  return {ErrorCode::kInvalidArgument,
          StrCat("Line ", line, " ", what, "; make the list anew by training.")};
}

Status AddLine(size_t line, std::string_view text, const std::string& folder, FilmModels* models) {
  const size_t first = text.find(',');
  const size_t second = text.find(',', first == text.npos ? first : first + 1);
  if (second == text.npos) return Refuse(line, StrCat("is not of the form ", kHeader));
  const std::optional<double> number = ParseDecimal(text.substr(0, first));
  if (!number || *number < 1 || *number > kMaxRepeats || *number != std::floor(*number)) {
    return Refuse(line, StrCat("does not begin with a number from 1 to ", kMaxRepeats));
  }
  const auto repeat = static_cast<size_t>(*number);
  const std::string_view woman = text.substr(first + 1, second - first - 1);
  const std::string_view model = text.substr(second + 1);
  if (woman.empty() || model.empty()) return Refuse(line, "lacks its woman or its model");
  if (models->size() < repeat) models->resize(repeat);
  const std::string path = (std::filesystem::path(folder) / model).string();
  if (!(*models)[repeat - 1].emplace(woman, path).second) {
    return Refuse(line, StrCat("gives ", woman, " a second model"));
  }
  return {};
}

}  // namespace

Result<FilmModels> ParseFilmModels(std::string_view csv, const std::string& folder) {
  FilmModels models;
  for (size_t line = 1; !csv.empty(); ++line) {
    const size_t end = std::min(csv.find('\n'), csv.size());
    const std::string_view text = csv.substr(0, end);
    csv.remove_prefix(std::min(end + 1, csv.size()));
    if (line == 1) {
      if (text != kHeader) return Refuse(line, StrCat("is not ", kHeader));
    } else if (!text.empty()) {
      RETURN_IF_ERROR(AddLine(line, text, folder, &models));
    }
  }
  if (models.empty()) return Error{ErrorCode::kInvalidArgument, "It names no model."};
  return models;
}

Result<FilmModels> ReadFilmModels(const std::string& path, const std::vector<Film>& films) {
  const auto bytes = ReadFile(path, kMaxListBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  const auto* text = reinterpret_cast<const char*>(bytes.value().data());
  auto models = ParseFilmModels({text, bytes.value().size()},
                                std::filesystem::path(path).parent_path().string());
  if (!models.ok()) return Located(path, models.error());
  for (size_t repeat = 0; repeat < models.value().size(); ++repeat) {
    for (const Film& film : films) {
      if (models.value()[repeat].contains(film.woman)) continue;
      return Located(path, {ErrorCode::kInvalidArgument,
                            StrCat("It has no model for ", film.woman, " in repeat ", repeat + 1,
                                   "; make the list anew by training on these films.")});
    }
  }
  return models;
}

std::string FilmModelsText(const FilmModels& models) {
  std::string text = StrCat(kHeader, "\n");
  for (size_t repeat = 0; repeat < models.size(); ++repeat) {
    for (const auto& [woman, model] : models[repeat]) {
      text += StrCat(repeat + 1, ",", woman, ",", model, "\n");
    }
  }
  return text;
}

}  // namespace insitu
