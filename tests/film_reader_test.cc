#include "model/film_reader.h"

#include <catch_amalgamated.hpp>

#include "model/froc.h"
#include "tests/made_film.h"
#include "tests/make_image.h"
#include "tests/make_model.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

Classifier FilmModel(const ClassifierModelOptions& changes = {}) {
  ClassifierModelOptions options = changes;
  options.side = kFilmPatchSide;
  options.channels = 1;
  options.logits = true;  // of images as large as this its softmax would be 0 or 1
  options.temperature = 100;
  options.metadata = {{"insitu.kind", "mammogram"}, {"insitu.um_per_pixel", "200"}};
  auto model = Classifier::Create(MakeClassifierModel(options));
  INFO((model.ok() ? "" : model.error().message));
  REQUIRE(model.ok());
  return TakeValue(&model);
}

TEST_CASE("A model reads films if it is for grey patches of mammograms", "[film_reader]") {
  CHECK(CheckReadsFilms(FilmModel().info()).ok());
  ModelInfo info = FilmModel().info();
  info.kind = "histology";
  CHECK_FALSE(CheckReadsFilms(info).ok());
  info = FilmModel().info();
  info.um_per_pixel = 100;
  CHECK_FALSE(CheckReadsFilms(info).ok());
  info = FilmModel().info();
  info.input.channels = 3;
  const Status status = CheckReadsFilms(info);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kModelMetadata);
}

TEST_CASE("A patch of a film gets the probability that the engine gives its pixels",
          "[film_reader]") {
  Classifier model = FilmModel();
  const OpenFilm film{NoiseImage(kFilmSide, kFilmSide, 1), {}};
  const auto read = ReadPatch(film, {700, 300}, &model);
  REQUIRE(read.ok());
  const auto asked = model.Classify(CutPatch(film.image, {700, 300}));
  REQUIRE(asked.ok());
  CHECK(read.value() == asked.value().probabilities[static_cast<size_t>(model.info().positive)]);
}

TEST_CASE("A finding that cannot be where the data set puts it loses its place", "[film_reader]") {
  TemporaryFolder folder;
  Film film = FilmWith({FindingAt(200, 500, 20), FindingAt(800, 500, 20)});
  film.path = (folder / "mdb001.png").string();
  const Bytes png = EncodePng(MadeFilm());
  WriteFile(film.path, std::string(png.begin(), png.end()));
  const auto open = Open(&film);
  REQUIRE(open.ok());
  CHECK(film.findings[0].place);
  CHECK_FALSE(film.findings[1].place);
  CHECK_FALSE(film.located());
}

TEST_CASE("Chance gives the same marks for the same seed", "[film_reader]") {
  const OpenFilm film{MadeFilm(), FindBreast(MadeFilm())};
  const auto marks = FindMarks(ChanceMap(film, 1), kMarkApart);
  const auto again = FindMarks(ChanceMap(film, 1), kMarkApart);
  const auto other = FindMarks(ChanceMap(film, 2), kMarkApart);
  REQUIRE(marks.size() > 5);
  CHECK(marks[0].score == again[0].score);
  CHECK(marks[0].score != other[0].score);
}

}  // namespace
}  // namespace insitu
