#include "model/film_set.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "model/files.h"
#include "shared/decimal.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLabelsBytes = size_t{1} << 20;
constexpr std::string_view kHeader =
    "image,background_tissue,abnormality,severity,x,y,radius,woman";
constexpr size_t kColumns = 8;
constexpr std::array<std::string_view, 6> kAbnormalities = {"CALC", "CIRC", "SPIC",
                                                            "MISC", "ARCH", "ASYM"};

Error Invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// The text up to the separator; takes both off *rest.
std::string_view TakeUntil(char separator, std::string_view* rest) {
  const size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view part = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return part;
}

struct Row {
  std::string_view id, tissue, abnormality, severity, x, y, radius, woman;
};

// Checks one row after the other and gathers the films.
class LabelReader {
 public:
  Status Add(size_t line, std::string_view text) {
    std::array<std::string_view, kColumns> cells;
    if (std::count(text.begin(), text.end(), ',') != kColumns - 1) {
      return Refuse(line, StrCat("has not the ", kColumns, " columns ", kHeader));
    }
    for (std::string_view& cell : cells) cell = TakeUntil(',', &text);
    const auto& [id, tissue, abnormality, severity, x, y, radius, woman] = cells;
    return AddRow(line, {id, tissue, abnormality, severity, x, y, radius, woman});
  }

  Result<std::vector<Film>> Finish() {
    if (films_.empty()) return Invalid("It names no film.");
    std::vector<Film> films;
    for (auto& [id, film] : films_) films.push_back(std::move(film));
    return films;
  }

 private:
  static Error Refuse(size_t line, const std::string& what) {
    return Invalid(StrCat("Line ", line, " ", what, "; correct it."));
  }

  Status AddRow(size_t line, const Row& row) {
    if (row.id.empty() || row.woman.empty()) return Refuse(line, "lacks its film or its woman");
    if (row.tissue != "F" && row.tissue != "G" && row.tissue != "D") {
      return Refuse(line, StrCat("has the tissue \"", row.tissue, "\", which is not F, G or D"));
    }
    const auto [place, is_new] = films_.try_emplace(std::string(row.id));
    Film& film = place->second;
    if (is_new) {
      film.id = row.id;
      film.woman = row.woman;
      film.tissue = row.tissue[0];
    } else if (film.woman != row.woman || film.tissue != row.tissue[0]) {
      return Refuse(line, StrCat("gives film ", row.id, " another woman or tissue than before"));
    } else if (!film.abnormal() || row.abnormality == "NORM") {
      return Refuse(line, StrCat("contradicts that film ", row.id, " is normal (NORM)"));
    }
    if (row.abnormality != "NORM") return AddFinding(line, row, &film);
    if (row.severity.empty() && row.x.empty() && row.y.empty() && row.radius.empty()) return {};
    return Refuse(line, "calls a film normal (NORM) and yet describes a finding");
  }

  Status AddFinding(size_t line, const Row& row, Film* film) {
    if (std::find(kAbnormalities.begin(), kAbnormalities.end(), row.abnormality) ==
        kAbnormalities.end()) {
      return Refuse(line, StrCat("has the unknown abnormality \"", row.abnormality, "\""));
    }
    if (row.severity != "B" && row.severity != "M") {
      return Refuse(line, StrCat("has the severity \"", row.severity, "\", which is not B or M"));
    }
    Finding finding{std::string(row.abnormality), row.severity == "M", std::nullopt};
    // What the data set itself writes, "*NOTE 3*", stands split in two columns of labels.csv.
    const bool is_noted = row.x == "*NOTE" && row.y == "3*" && row.radius.empty();
    if (!is_noted && (!row.x.empty() || !row.y.empty() || !row.radius.empty())) {
      ASSIGN_OR_RETURN(finding.place, ReadCircle(line, row));
    }
    if (!seen_.insert(StrCat(row.id, ",", row.abnormality, ",", row.x, ",", row.y)).second) {
      return Refuse(line, "repeats a finding");
    }
    film->findings.push_back(std::move(finding));
    return {};
  }

  static Result<std::optional<Circle>> ReadCircle(size_t line, const Row& row) {
    const std::optional<double> x = ParseDecimal(row.x), y = ParseDecimal(row.y);
    const std::optional<double> radius = ParseDecimal(row.radius);
    if (!x || !y || !radius) return Refuse(line, "does not give x, y and radius as three numbers");
    constexpr double kLast = kFilmSide - 1;
    if (*x < 0 || *x > kLast || *y < 0 || *y > kLast || *radius <= 0 || *radius > kFilmSide) {
      return Refuse(line, StrCat("places a finding outside of a film of ", kFilmSide, " pixels"));
    }
    return std::optional<Circle>({*x, kLast - *y, *radius});
  }

  std::map<std::string, Film> films_;
  std::set<std::string> seen_;  // findings
};

// Sets the films' paths. Every film has one file, every image in the folder has a row.
Status FindFiles(const fs::path& folder, std::vector<Film>* films) {
  std::map<std::string, Film*> by_id;
  for (Film& film : *films) by_id[film.id] = &film;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != ".png" && path.extension() != ".pgm") continue;
    const auto found = by_id.find(path.stem().string());
    if (found == by_id.end()) {
      return Invalid(StrCat("The film ", path.string(), " has no row in labels.csv."));
    }
    std::string& known = found->second->path;
    if (!known.empty()) {
      return Invalid(StrCat("The film ", path.stem().string(),
                            " is there as .png and as .pgm; remove one of them."));
    }
    known = path.string();
  }
  if (error) {
    return Invalid(
        StrCat("The folder ", folder.string(), " cannot be read: ", error.message(), "."));
  }
  for (const Film& film : *films) {
    if (film.path.empty()) {
      return Invalid(StrCat("labels.csv names the film ", film.id, ", but neither ", film.id,
                            ".png nor ", film.id, ".pgm is in ", folder.string(), "."));
    }
  }
  return {};
}

}  // namespace

bool Film::located() const {
  return std::all_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.place.has_value(); });
}

Result<std::vector<Film>> ParseFilmLabels(std::string_view csv) {
  LabelReader reader;
  for (size_t line = 1; !csv.empty(); ++line) {
    std::string_view text = TakeUntil('\n', &csv);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (line == 1) {
      if (text != kHeader) return Invalid(StrCat("Its first line is not ", kHeader, "."));
    } else if (!text.empty()) {
      RETURN_IF_ERROR(reader.Add(line, text));
    }
  }
  return reader.Finish();
}

Result<std::vector<Film>> ListFilms(const std::string& folder) {
  const std::string path = (fs::path(folder) / "labels.csv").string();
  const auto bytes = ReadFile(path, kMaxLabelsBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  const auto* text = reinterpret_cast<const char*>(bytes.value().data());
  auto films = ParseFilmLabels({text, bytes.value().size()});
  if (!films.ok()) return Located(path, films.error());
  RETURN_IF_ERROR(FindFiles(folder, &films.value()));
  return films;
}

Result<Image> ReadFilm(const Film& film) {
  const auto bytes = ReadFile(film.path, kMaxImageBytes, ErrorCode::kImageTooLarge);
  if (!bytes.ok()) return Located(film.path, bytes.error());
  auto image = DecodeImage(bytes.value());
  if (!image.ok()) return Located(film.path, image.error());
  const Image& read = image.value();
  if (read.width != kFilmSide || read.height != kFilmSide || read.channels != 1) {
    return Located(film.path,
                   Invalid(StrCat("A film of mini-MIAS is grey and ", kFilmSide, " x ", kFilmSide,
                                  " pixels, but this has ", read.width, " x ", read.height,
                                  " pixels of ", read.channels, " channels.")));
  }
  return image;
}

}  // namespace insitu
