// What a scan does with what the gate refuses: shared/scan.h, ScanGate.
#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "model/scanning.h"
#include "shared/film_map.h"
#include "shared/scan.h"
#include "shared/scan_summary.h"
#include "tests/make_model.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

// Of patches of 20 pixels.
std::vector<uint8_t> TissueModel() {
  return MakeClassifierModel({.side = 20, .temperature = 20, .logits = true});
}

std::vector<uint8_t> FilmModel() {
  ClassifierModelOptions options;
  options.side = kFilmPatchSide;
  options.channels = 1;
  options.logits = true;
  options.temperature = 100;
  options.metadata = {{"insitu.kind", "mammogram"}, {"insitu.um_per_pixel", "200"}};
  return MakeClassifierModel(options);
}

struct Scanned {
  ScanMap map;
  std::string json;
  ScanSummary summary;

  size_t CellsOf(int verdict) const {
    return static_cast<size_t>(
        std::count(map.verdicts.begin(), map.verdicts.end(), static_cast<uint8_t>(verdict)));
  }
};

Scanned Scan(const std::vector<uint8_t>& model, const Image& image, const ScanRequest& request) {
  auto scanners = MakeScanners(model, image, request);
  INFO((scanners.ok() ? "" : scanners.error().message));
  REQUIRE(scanners.ok());
  auto map = ScanImageWith(&scanners.value(), image);
  REQUIRE(map.ok());
  const Scanner& scanner = scanners.value().front();
  auto summary =
      Summarise(scanner.plan(), scanner.info(), map.value().values, map.value().verdicts, 0.5);
  REQUIRE(summary.ok());
  const std::string json = SummaryJson(scanner.plan(), summary.value());
  return {map.value(), json, summary.value()};
}

int Refused(GateReason reason) { return kRefusedCell + static_cast<int>(reason); }
int Anyway(GateReason reason) { return kJudgedAnywayCell + static_cast<int>(reason); }

// Tissue, then glass, then a drawing of stripes.
Image TissueGlassAndStripes() {
  Image image = TissueImage(250, 100, 4);
  for (int y = 0; y < 100; ++y) {
    for (int x = 100; x < 250; ++x) {
      const uint8_t value = x < 150 ? 245 : (x / 4 % 2 == 0 ? 0 : 255);
      std::fill_n(&image.pixels[static_cast<size_t>((y * 250 + x) * 3)], 3, value);
    }
  }
  return image;
}

TEST_CASE("What the gate refuses is judged when a person asks, says so, and glass stays unjudged",
          "[scan][gate]") {
  const Image image = TissueGlassAndStripes();
  for (const ScanWay way : {ScanWay::kPatches, ScanWay::kDense}) {
    ScanRequest request{.um_per_pixel = 4, .stride = 10, .way = way};
    const Scanned asked = Scan(TissueModel(), image, request);
    request.gate.judge_anyway = true;
    const Scanned anyway = Scan(TissueModel(), image, request);
    size_t refused = 0;
    for (size_t i = 0; i < asked.map.verdicts.size(); ++i) {
      const uint8_t before = asked.map.verdicts[i];
      const uint8_t after = anyway.map.verdicts[i];
      if (before < kRefusedCell) {
        CHECK(after == before);
        CHECK((before == kJudgedCell) == !std::isnan(anyway.map.values[i]));
        if (before == kJudgedCell) CHECK(asked.map.values[i] == anyway.map.values[i]);
        continue;
      }
      ++refused;
      CHECK(after == before - kRefusedCell + kJudgedAnywayCell);
      CHECK(std::isnan(asked.map.values[i]));
      CHECK(anyway.map.values[i] >= 0);
    }
    CHECK(refused > 0);
    CHECK(asked.CellsOf(kNoTissueCell) > 0);
    CHECK(anyway.summary.judged == asked.summary.judged + refused);
    CHECK(asked.json.find(R"("gate":{"says_film":false,"judge_anyway":false})") !=
          std::string::npos);
    CHECK(asked.json.find(R"("judged_anyway":{})") != std::string::npos);
    CHECK(anyway.json.find(R"("gate":{"says_film":false,"judge_anyway":true})") !=
          std::string::npos);
    CHECK(anyway.json.find(R"("judged_anyway":{")") != std::string::npos);
    CHECK(anyway.json.find(R"("refused":{})") != std::string::npos);
  }
}

// A film shown far darker than the films that the gate was made of, as digital ones are by their
// window: what only its file can tell to be a mammogram.
Image DarkFilm(int width, int height) {
  const Image film = FilmImage(width, height, 5);
  Image image{width, height, 1, {}};
  for (size_t i = 0; i < film.pixels.size(); i += static_cast<size_t>(film.channels)) {
    image.pixels.push_back(
        static_cast<uint8_t>(std::lround(255 * std::pow(film.pixels[i] / 255.0, 4))));
  }
  return image;
}

// Without blue.
Image Coloured(const Image& grey) {
  Image image{grey.width, grey.height, 3, {}};
  for (const uint8_t value : grey.pixels)
    image.pixels.insert(image.pixels.end(), {value, value, 0});
  return image;
}

TEST_CASE("A film whose file says that it is a mammogram is not asked whether it looks like one",
          "[scan][gate]") {
  const Image film = DarkFilm(600, 600);
  ScanRequest request{.um_per_pixel = 200};
  const Scanned asked = Scan(FilmModel(), film, request);
  CHECK(asked.CellsOf(Refused(GateReason::kGreyNotFilm)) == asked.map.verdicts.size());
  request.gate.says_film = true;
  const Scanned stated = Scan(FilmModel(), film, request);
  CHECK(stated.CellsOf(kJudgedCell) > 0);
  CHECK(stated.CellsOf(kJudgedCell) + stated.CellsOf(kNoTissueCell) == stated.map.verdicts.size());
  CHECK(stated.json.find(R"("gate":{"says_film":true,"judge_anyway":false})") != std::string::npos);
}

TEST_CASE("A film whose file says so is refused all the same where it is too small or coloured",
          "[scan][gate]") {
  const ScanGate says_film{.says_film = true};
  const ScanRequest request{.um_per_pixel = 200, .gate = says_film};
  const auto judged = [&](const Image& film) {
    return Scan(FilmModel(), film, request).CellsOf(kJudgedCell) > 0;
  };
  CHECK(judged(DarkFilm(kMinFilmSide, kMinFilmSide)));
  const Scanned small = Scan(FilmModel(), DarkFilm(kMinFilmSide - 1, 600), request);
  CHECK(small.CellsOf(Refused(GateReason::kTooSmall)) == small.map.verdicts.size());
  CHECK_FALSE(judged(Coloured(DarkFilm(600, 600))));
  CHECK_FALSE(judged(TissueImage(400, 400, 1)));
}

TEST_CASE("A refused film is judged within its breast when a person asks", "[scan][gate]") {
  ScanRequest request{.um_per_pixel = 200};
  request.gate.judge_anyway = true;
  const Scanned anyway = Scan(FilmModel(), DarkFilm(600, 600), request);
  const size_t judged = anyway.CellsOf(Anyway(GateReason::kGreyNotFilm));
  CHECK(judged > 0);
  CHECK(judged + anyway.CellsOf(kNoTissueCell) == anyway.map.verdicts.size());
  CHECK(anyway.summary.judged == judged);
  CHECK_FALSE(anyway.summary.marks.empty());
}

TEST_CASE("That a file says film changes nothing for a model of stained tissue", "[scan][gate]") {
  const Image film = FilmImage(400, 400, 3);
  ScanRequest request{.um_per_pixel = 4};
  const Scanned asked = Scan(TissueModel(), film, request);
  request.gate.says_film = true;
  CHECK(Scan(TissueModel(), film, request).map.verdicts == asked.map.verdicts);
}

}  // namespace
}  // namespace insitu
