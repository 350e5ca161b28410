#include "model/film_models.h"

#include <catch_amalgamated.hpp>

#include "tests/made_film.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr const char* kHeader = "repeat,woman,model\n";

TEST_CASE("A list gives each woman's model in each repeat, from the list's folder",
          "[film_models]") {
  const auto models = ParseFilmModels(
      std::string(kHeader) + "1,pair1,a.onnx\n1,pair2,b.onnx\n2,pair1,c.onnx\n", "folds");
  REQUIRE(models.ok());
  REQUIRE(models.value().size() == 2);
  CHECK(models.value()[0].at("pair2") == "folds/b.onnx");
  CHECK(models.value()[1].at("pair1") == "folds/c.onnx");
}

TEST_CASE("A list is read as it was written", "[film_models]") {
  const FilmModels models = {{{"pair1", "a.onnx"}, {"pair2", "b.onnx"}}, {{"pair1", "c.onnx"}}};
  const auto read = ParseFilmModels(FilmModelsText(models), "");
  REQUIRE(read.ok());
  CHECK(read.value() == models);
}

TEST_CASE("A list that is not of that form is refused with the line", "[film_models]") {
  for (const char* line : {"1,pair1", "0,pair1,a.onnx", "1001,pair1,a.onnx", "one,pair1,a.onnx",
                           "1,,a.onnx", "1,pair1,", "1", ""}) {
    CAPTURE(line);
    CHECK_FALSE(ParseFilmModels(std::string(kHeader) + line, "").ok());
  }
  CHECK(ParseFilmModels(std::string(kHeader) + "1000,pair1,a.onnx", "").ok());
  CHECK_FALSE(ParseFilmModels("woman,model\n", "").ok());
  const auto twice = ParseFilmModels(std::string(kHeader) + "1,pair1,a.onnx\n1,pair1,b.onnx\n", "");
  REQUIRE_FALSE(twice.ok());
  CHECK(twice.error().message.starts_with("Line 3 "));
}

TEST_CASE("A list that lacks a woman in some repeat is refused", "[film_models]") {
  TemporaryFolder folder;
  const std::string path = (folder / "models.csv").string();
  Film film = FilmWith({});
  WriteFile(path, std::string(kHeader) + "1,w,a.onnx\n");
  CHECK(ReadFilmModels(path, {film}).ok());
  WriteFile(path, std::string(kHeader) + "1,w,a.onnx\n2,other,a.onnx\n");
  CHECK_FALSE(ReadFilmModels(path, {film}).ok());
  CHECK_FALSE(ReadFilmModels((folder / "none.csv").string(), {film}).ok());
}

}  // namespace
}  // namespace insitu
