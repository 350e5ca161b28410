#include "model/film_answer.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "model/film_reader.h"
#include "tests/made_film.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

constexpr double kThird = 1.0 / 3;

TEST_CASE("What a model answers on a film is the marks of its map and each patch's probability",
          "[film_answer]") {
  auto model = Classifier::Create(MakeClassifierModel(
      {.side = kFilmPatchSide, .channels = 1, .temperature = 100, .logits = true}));
  REQUIRE(model.ok());
  const Image image = MadeFilm();
  const OpenFilm film{image, FindBreast(image)};
  const std::vector<FilmPatch> patches = {{{100, 400}, 0}, {{200, 500}, 1}};
  const auto answer = AskAbout(film, patches, &model.value());
  REQUIRE(answer.ok());
  const auto map = ReadMap(film, &model.value());
  REQUIRE(map.ok());
  const std::vector<Mark> marks = FindMarks(map.value(), kMarkApart);
  REQUIRE(!marks.empty());
  REQUIRE(answer.value().marks.size() == marks.size());
  CHECK(answer.value().marks[0].centre.x == marks[0].centre.x);
  CHECK(answer.value().marks[0].score == marks[0].score);
  REQUIRE(answer.value().probabilities.size() == 2);
  const auto second = ReadPatch(film, patches[1].centre, &model.value());
  REQUIRE(second.ok());
  CHECK(answer.value().probabilities[1] == second.value());
}

TEST_CASE("A film's answer comes back from its JSON to the last digit", "[film_answer]") {
  const FilmAnswer answer{{{{25, 945}, kThird}, {{5, 7}, 1}}, {0.1, 2 * kThird, 0}};
  const std::string text = ToText(FilmAnswerJson(answer), false);
  const auto read = ParseFilmAnswer(Json::parse(text), 3);
  REQUIRE(read);
  REQUIRE(read->marks.size() == 2);
  CHECK(read->marks[0].centre.x == 25);
  CHECK(read->marks[0].centre.y == 945);
  CHECK(read->marks[0].score == kThird);
  CHECK(read->probabilities == answer.probabilities);
}

TEST_CASE("JSON that is no answer about so many patches is none", "[film_answer]") {
  const Json good = FilmAnswerJson({{{{1, 2}, 0.5}}, {0.5}});
  CHECK(ParseFilmAnswer(good, 1));
  CHECK_FALSE(ParseFilmAnswer(good, 0));
  CHECK_FALSE(ParseFilmAnswer(good, 2));
  for (const char* text :
       {"0.5", "{}", R"({"marks": []})", R"({"probabilities": [0.5]})",
        R"({"marks": 1, "probabilities": [0.5]})", R"({"marks": [], "probabilities": ["a"]})",
        R"({"marks": [[1, 2]], "probabilities": [0.5]})",
        R"({"marks": [[1, 2, null]], "probabilities": [0.5]})"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseFilmAnswer(Json::parse(text), 1));
  }
}

TEST_CASE("A mark lies at whole pixels that an int holds", "[film_answer]") {
  const auto read = [](const std::string& x) {
    const std::string text = R"({"marks": [[)" + x + R"(, 2, 0.5]], "probabilities": []})";
    return ParseFilmAnswer(Json::parse(text), 0).has_value();
  };
  CHECK(read("2147483647"));
  CHECK_FALSE(read("2147483648"));
  CHECK(read("-2147483648"));
  CHECK_FALSE(read("-2147483649"));
  CHECK_FALSE(read("18446744073709551615"));
  CHECK_FALSE(read("1.5"));
  CHECK_FALSE(read("1e300"));
}

}  // namespace
}  // namespace insitu
