#include "model/film_set.h"

#include <catch_amalgamated.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "tests/made_film.h"
#include "tests/make_image.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr const char* kHeader = "image,background_tissue,abnormality,severity,x,y,radius,woman\r\n";

std::vector<Film> Parsed(const std::string& rows) {
  const auto films = ParseFilmLabels(kHeader + rows);
  INFO((films.ok() ? "" : films.error().message));
  REQUIRE(films.ok());
  return films.value();
}

std::string Refusal(const std::string& rows) {
  const auto films = ParseFilmLabels(kHeader + rows);
  return films.ok() ? "" : films.error().message;
}

TEST_CASE("A finding's y, counted from the bottom, becomes a row counted from the top",
          "[film_set]") {
  const auto films = Parsed("mdb001,G,CIRC,M,535,425,197,pair1\r\n");
  REQUIRE(films.size() == 1);
  REQUIRE(films[0].findings.size() == 1);
  const Finding& finding = films[0].findings[0];
  CHECK(finding.abnormality == "CIRC");
  CHECK(finding.malignant);
  REQUIRE(finding.place);
  CHECK(finding.place->x == 535);
  CHECK(finding.place->y == 1023 - 425);
  CHECK(finding.place->radius == 197);
  CHECK(films[0].tissue == 'G');
  CHECK(films[0].woman == "pair1");
}

TEST_CASE("A film's findings are gathered, and a normal film has none", "[film_set]") {
  const auto films = Parsed(
      "mdb006,F,NORM,,,,,pair3\nmdb005,F,CIRC,B,477,133,30,pair3\nmdb005,F,CIRC,B,500,168,26,"
      "pair3\n");
  REQUIRE(films.size() == 2);
  CHECK(films[0].id == "mdb005");
  CHECK(films[0].findings.size() == 2);
  CHECK(films[0].abnormal());
  CHECK_FALSE(films[1].abnormal());
  CHECK(films[1].located());
}

TEST_CASE("A finding without a place, or with the data set's note, leaves its film unlocated",
          "[film_set]") {
  const auto films = Parsed("mdb059,F,CIRC,B,,,,pair30\nmdb216,D,CALC,M,*NOTE,3*,,pair108\n");
  for (const Film& film : films) {
    CAPTURE(film.id);
    CHECK(film.abnormal());
    CHECK_FALSE(film.located());
  }
}

TEST_CASE("A row that is incomplete or contradicts is refused with its line", "[film_set]") {
  const char* const rows[] = {
      "mdb001,G,CIRC,B,535,425,197",         // a column short
      "mdb001,X,CIRC,B,535,425,197,pair1",   // no such tissue
      "mdb001,G,LUMP,B,535,425,197,pair1",   // no such abnormality
      "mdb001,G,CIRC,,535,425,197,pair1",    // no severity
      "mdb001,G,CIRC,B,535,425,,pair1",      // half a place
      "mdb001,G,CIRC,B,535,wide,9,pair1",    // no number
      "mdb001,G,CIRC,B,1024,425,197,pair1",  // beside the film
      "mdb001,G,CIRC,B,535,425,0,pair1",     // no circle
      "mdb001,G,NORM,B,,,,pair1",            // normal, but benign
      ",G,NORM,,,,,pair1",                   // no film
      "mdb001,G,NORM,,,,,",                  // no woman
  };
  for (const char* row : rows) {
    CAPTURE(row);
    const std::string message = Refusal(std::string(row) + "\n");
    CHECK(message.starts_with("Line 2 "));
  }
  CHECK(Refusal("mdb001,G,CIRC,B,1023,1023,1024,pair1\n").empty());
}

TEST_CASE("Rows of one film that disagree are refused", "[film_set]") {
  const std::string first = "mdb001,G,CIRC,B,535,425,19,pair1\n";
  for (const char* second :
       {"mdb001,G,NORM,,,,,pair1\n", "mdb001,D,CIRC,B,1,1,19,pair1\n",
        "mdb001,G,CIRC,B,1,1,19,pair2\n", "mdb001,G,CIRC,B,535,425,19,pair1\n"}) {
    CAPTURE(second);
    CHECK(Refusal(first + second).starts_with("Line 3 "));
  }
  CHECK_FALSE(Refusal("mdb001,G,NORM,,,,,pair1\n" + first).empty());
}

TEST_CASE("Labels with another heading, or none, are refused", "[film_set]") {
  CHECK_FALSE(ParseFilmLabels("image,x,y\nmdb001,1,2\n").ok());
  CHECK_FALSE(ParseFilmLabels("").ok());
  CHECK_FALSE(ParseFilmLabels(kHeader).ok());
}

Bytes FilmFile(int side) {
  return EncodePnm({side, side, 1, 8, std::vector<uint16_t>(static_cast<size_t>(side * side), 9)},
                   '5', 255);
}

void Put(const std::filesystem::path& path, const Bytes& bytes) {
  WriteFile(path, std::string(bytes.begin(), bytes.end()));
}

TEST_CASE("A folder's films are found and read, as PGM too", "[film_set]") {
  TemporaryFolder folder;
  WriteFile(folder / "labels.csv", std::string(kHeader) + "mdb001,G,NORM,,,,,pair1\n");
  Put(folder / "mdb001.pgm", FilmFile(kFilmSide));
  const auto films = ListFilms(folder.path().string());
  INFO((films.ok() ? "" : films.error().message));
  REQUIRE(films.ok());
  const auto image = ReadFilm(films.value()[0]);
  REQUIRE(image.ok());
  CHECK(image.value().pixels[5] == 9);
}

TEST_CASE("A film of another size or in colour is refused by name", "[film_set]") {
  TemporaryFolder folder;
  Film film = FilmWith({});
  film.path = (folder / "mdb001.pgm").string();
  Put(film.path, FilmFile(kFilmSide - 1));
  const auto small = ReadFilm(film);
  REQUIRE_FALSE(small.ok());
  CHECK(small.error().message.starts_with(film.path));
  Put(film.path, EncodePng(NoiseImage(kFilmSide, kFilmSide, 3)));
  CHECK_FALSE(ReadFilm(film).ok());
}

TEST_CASE("A film without a file, with two, or without a row is refused", "[film_set]") {
  TemporaryFolder folder;
  const std::string path = folder.path().string();
  CHECK_FALSE(ListFilms(path).ok());  // no labels.csv
  WriteFile(folder / "labels.csv", std::string(kHeader) + "mdb001,G,NORM,,,,,pair1\n");
  CHECK_FALSE(ListFilms(path).ok());
  Put(folder / "mdb001.pgm", FilmFile(1));
  CHECK(ListFilms(path).ok());
  Put(folder / "mdb002.png", FilmFile(1));
  CHECK_FALSE(ListFilms(path).ok());
  std::filesystem::remove(folder / "mdb002.png");
  Put(folder / "mdb001.png", FilmFile(1));
  CHECK_FALSE(ListFilms(path).ok());
}

TEST_CASE("The real labels name as many films, women and findings as they should", "[film_set]") {
  const char* const set = std::getenv("INSITU_DATA");
  const std::string folder = std::string(set ? set : "../shared/data") + "/mias";
  if (!std::filesystem::exists(folder + "/labels.csv")) {
    SKIP("SKIPPED: " << folder << " not there; set INSITU_DATA");
  }
  const auto films = ListFilms(folder);
  INFO((films.ok() ? "" : films.error().message));
  REQUIRE(films.ok());
  std::set<std::string> women;
  size_t abnormal = 0, unlocated = 0;
  for (const Film& film : films.value()) {
    women.insert(film.woman);
    abnormal += film.abnormal() ? 1 : 0;
    unlocated += film.located() ? 0 : 1;
  }
  CHECK(films.value().size() == 2 * women.size());
  CHECK(abnormal * 2 < films.value().size());
  CHECK(abnormal * 4 > films.value().size());
  CHECK(unlocated < 5);
}

}  // namespace
}  // namespace insitu
