#include "model/film_answer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "model/film_reader.h"

namespace insitu {
namespace {

bool AreNumbers(const Json& list, size_t count) {
  return list.is_array() && list.size() == count &&
         std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_number(); });
}

bool IsInt(const Json& number) {
  if (number.is_number_unsigned()) return std::in_range<int>(number.get<uint64_t>());
  return number.is_number_integer() && std::in_range<int>(number.get<int64_t>());
}

}  // namespace

Result<FilmAnswer> AskAbout(const OpenFilm& film, const std::vector<FilmPatch>& patches,
                            Classifier* classifier) {
  ASSIGN_OR_RETURN(const FilmMap map, ReadMap(film, classifier));
  FilmAnswer answer{FindMarks(map, kMarkApart), {}};
  for (const FilmPatch& patch : patches) {
    ASSIGN_OR_RETURN(const double probability, ReadPatch(film, patch.centre, classifier));
    answer.probabilities.push_back(probability);
  }
  return answer;
}

Json FilmAnswerJson(const FilmAnswer& answer) {
  Json marks = Json::array();
  for (const Mark& mark : answer.marks) {
    marks.push_back({mark.centre.x, mark.centre.y, mark.score});
  }
  return {{"marks", marks}, {"probabilities", answer.probabilities}};
}

std::optional<FilmAnswer> ParseFilmAnswer(const Json& json, size_t patches) {
  if (!json.contains("marks") || !json.contains("probabilities")) return std::nullopt;
  const Json& marks = json["marks"];
  const Json& probabilities = json["probabilities"];
  if (!marks.is_array() || !AreNumbers(probabilities, patches)) return std::nullopt;
  FilmAnswer answer;
  for (const Json& mark : marks) {
    if (!AreNumbers(mark, 3) || !IsInt(mark[0]) || !IsInt(mark[1])) return std::nullopt;
    answer.marks.push_back({{mark[0].get<int>(), mark[1].get<int>()}, mark[2].get<double>()});
  }
  answer.probabilities = probabilities.get<std::vector<double>>();
  return answer;
}

}  // namespace insitu
