#include "shared/scan.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <memory>
#include <vector>

#include "model/film_reader.h"
#include "model/scanning.h"
#include "shared/limits.h"
#include "tests/made_film.h"
#include "tests/make_image.h"
#include "tests/make_model.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

constexpr float kDenseTolerance = 1e-4F;
constexpr float kCutTolerance = 1e-5F;

// Of patches of 20 pixels, whose own stride is 2.
std::vector<uint8_t> Model(const ClassifierModelOptions& changes = {}) {
  ClassifierModelOptions options = changes;
  options.side = 20;
  options.logits = true;
  options.temperature = 20;
  return MakeClassifierModel(options);
}

Scanner Made(const std::vector<uint8_t>& model) {
  auto scanner = Scanner::Create(model);
  INFO((scanner.ok() ? "" : scanner.error().message));
  REQUIRE(scanner.ok());
  return TakeValue(&scanner);
}

ScanMap MapOf(Scanner* scanner, const Image& image, bool backwards = false) {
  const ScanPlan& plan = scanner->plan();
  ScanMap map;
  map.values.resize(static_cast<size_t>(plan.columns) * static_cast<size_t>(plan.rows));
  map.verdicts.resize(map.values.size());
  for (int i = 0; i < plan.block_count(); ++i) {
    const int index = backwards ? plan.block_count() - 1 - i : i;
    const ScanBlock block = plan.Block(index);
    const Status status = scanner->Run(index, CutBlock(image, block));
    INFO((status.ok() ? "" : status.error().message));
    REQUIRE(status.ok());
    for (int row = 0; row < block.rows; ++row) {
      for (int column = 0; column < block.columns; ++column) {
        const auto from = static_cast<size_t>(row * block.columns + column);
        const auto to =
            static_cast<size_t>((block.row + row) * plan.columns + block.column + column);
        map.values[to] = scanner->values()[from];
        map.verdicts[to] = scanner->verdicts()[from];
      }
    }
  }
  return map;
}

ScanImage Described(const Image& image, double um_per_pixel) {
  return {image.width, image.height, image.channels, um_per_pixel};
}

ScanMap Scanned(Scanner* scanner, const Image& image, double um_per_pixel, int stride,
                ScanWay way = ScanWay::kChoose, int block_side = kBlockSide,
                bool backwards = false) {
  const Status planned = scanner->Plan(Described(image, um_per_pixel), stride, way, block_side);
  INFO((planned.ok() ? "" : planned.error().message));
  REQUIRE(planned.ok());
  return MapOf(scanner, image, backwards);
}

// The same cells judged, and how far their values are apart.
float Apart(const ScanMap& a, const ScanMap& b) {
  REQUIRE(a.values.size() == b.values.size());
  CHECK(a.verdicts == b.verdicts);
  float worst = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    REQUIRE(std::isnan(a.values[i]) == std::isnan(b.values[i]));
    if (!std::isnan(a.values[i])) worst = std::max(worst, std::abs(a.values[i] - b.values[i]));
  }
  return worst;
}

size_t JudgedOf(const ScanMap& map) {
  return static_cast<size_t>(std::count(map.verdicts.begin(), map.verdicts.end(), kJudgedCell));
}

TEST_CASE("A dense map says of each place what its patch alone is said", "[scan]") {
  Scanner scanner = Made(Model());
  CHECK(scanner.natural_stride() == 2);
  const Image image = TissueImage(230, 171, 1);
  for (const int stride : {1, 2, 3, 4, 6}) {
    const ScanMap dense = Scanned(&scanner, image, 4, stride, ScanWay::kDense);
    CHECK(scanner.method().dense);
    const ScanMap patches = Scanned(&scanner, image, 4, stride, ScanWay::kPatches);
    CHECK_FALSE(scanner.method().dense);
    CHECK(JudgedOf(dense) > dense.verdicts.size() / 2);
    INFO("stride " << stride);
    CHECK(Apart(dense, patches) < kDenseTolerance);
  }
}

TEST_CASE("Places so far apart that no pass has them are read patch by patch", "[scan]") {
  Scanner scanner = Made(Model());
  REQUIRE(scanner.Plan({9000, 100, 3, 4}, 4096, ScanWay::kDense).ok());
  REQUIRE(scanner.Plan({9000, 100, 3, 4}, 4098).ok());
  CHECK_FALSE(scanner.method().dense);
  const Status asked = scanner.Plan({9000, 100, 3, 4}, 4098, ScanWay::kDense);
  REQUIRE_FALSE(asked.ok());
  CHECK(asked.error().code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A place of a map is what a classifier says of the patch there", "[scan]") {
  const auto model = Model();
  Scanner scanner = Made(model);
  const Image image = TissueImage(230, 171, 1);
  const ScanMap map = Scanned(&scanner, image, 4, 20);
  CHECK(scanner.plan().columns == 11);
  CHECK(scanner.plan().rows == 8);
  auto classifier = Classifier::Create(model);
  REQUIRE(classifier.ok());
  int judged = 0;
  for (int i = 0; i < 88; ++i) {
    if (map.verdicts[static_cast<size_t>(i)] != kJudgedCell) continue;
    const ScanBlock patch{i % 11 * 20, i / 11 * 20, 20, 20, 0, 0, 1, 1};
    const auto read = classifier.value().Classify(CutBlock(image, patch));
    REQUIRE(read.ok());
    CHECK(map.values[static_cast<size_t>(i)] ==
          Catch::Approx(read.value().probabilities[1]).margin(kCutTolerance));
    ++judged;
  }
  CHECK(judged > 40);
}

TEST_CASE("However an image is cut into blocks, and in whatever order, the map is the same",
          "[scan]") {
  const auto model = Model();
  const Image image = TissueImage(300, 211, 2);
  for (const double um_per_pixel : {4.0, 2.7, 5.3}) {
    for (const ScanWay way : {ScanWay::kDense, ScanWay::kPatches}) {
      for (const int stride : {3, 20}) {
        Scanner whole = Made(model);
        const ScanMap one = Scanned(&whole, image, um_per_pixel, stride, way);
        CHECK(whole.plan().block_count() == 1);
        for (const int side : {40, 77}) {
          Scanner parts = Made(model);
          const ScanMap many = Scanned(&parts, image, um_per_pixel, stride, way, side, side == 77);
          CHECK(parts.plan().block_count() > 3);
          CHECK(Apart(one, many) < kCutTolerance);
        }
      }
    }
  }
}

TEST_CASE("Several scanners give the map of one", "[scan]") {
  const auto model = Model();
  const Image image = TissueImage(900, 450, 3);
  ScanRequest request{.um_per_pixel = 4, .stride = 6};
  auto one = MakeScanners(model, image, request);
  REQUIRE(one.ok());
  request.threads = 3;
  auto three = MakeScanners(model, image, request);
  REQUIRE(three.ok());
  CHECK(one.value().front().plan().block_count() == 6);
  const auto a = ScanImageWith(&one.value(), image);
  const auto b = ScanImageWith(&three.value(), image);
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(Apart(a.value(), b.value()) < kCutTolerance);
}

TEST_CASE("A network that pads is read patch by patch, and it is said why", "[scan]") {
  Scanner scanner = Made(Model({.padding = 1}));
  CHECK(scanner.natural_stride() == 0);
  CHECK(scanner.why_not_dense().find("pads") != std::string::npos);
  const Image image = TissueImage(120, 90, 1);
  const ScanMap map = Scanned(&scanner, image, 4, 2);
  CHECK_FALSE(scanner.method().dense);
  CHECK(JudgedOf(map) > 100);
  const Status asked = scanner.Plan(Described(image, 4), 2, ScanWay::kDense);
  REQUIRE_FALSE(asked.ok());
  CHECK(asked.error().code == ErrorCode::kModelUnsupported);
  CHECK(Made(Model()).why_not_dense().empty());
}

TEST_CASE("A dense pass offers the divisors of its own stride, and 4 pixels", "[scan]") {
  CHECK(OfferedStrides(0).empty());
  CHECK(OfferedStrides(2) == std::vector<int>{1, 2});
  CHECK(OfferedStrides(4) == std::vector<int>{1, 2, 4});
  CHECK(OfferedStrides(6) == std::vector<int>{1, 2, 3, 4, 6});
}

TEST_CASE("Glass is no tissue, and what the gate refuses has its reason", "[scan]") {
  Scanner scanner = Made(Model());
  Image image = TissueImage(250, 100, 4);
  for (int y = 0; y < 100; ++y) {
    for (int x = 100; x < 250; ++x) {
      for (int c = 0; c < 3; ++c) {
        // Glass, then a drawing of stripes.
        const uint8_t value = x < 150 ? 245 : (x / 4 % 2 == 0 ? 0 : 255);
        image.pixels[static_cast<size_t>((y * 250 + x) * 3 + c)] = value;
      }
    }
  }
  const ScanMap map = Scanned(&scanner, image, 4, 10);
  const auto at = [&](int x) { return static_cast<size_t>((x - 10) / 10); };
  CHECK(map.verdicts[at(20)] == kJudgedCell);
  CHECK(map.values[at(20)] >= 0);
  CHECK(map.verdicts[at(120)] == kNoTissueCell);
  CHECK(std::isnan(map.values[at(120)]));
  CHECK(map.verdicts[at(180)] > kRefusedCell);
  CHECK(std::isnan(map.values[at(180)]));
}

ModelInfo Histology() {
  ModelInfo info;
  info.kind = "histology";
  info.um_per_pixel = 4;
  info.input.width = info.input.height = 50;
  info.input.channels = 3;
  return info;
}

ErrorCode PlanError(const ScanImage& image, const ModelInfo& info, int stride) {
  const auto plan = MakeScanPlan(image, info, stride);
  return plan.ok() ? ErrorCode::kOk : plan.error().code;
}

TEST_CASE("A map has up to 20 million places", "[scan]") {
  const int rows = static_cast<int>(kMaxMapCells / 5000);
  CHECK(PlanError({5000 + 49, rows + 49, 3, 4}, Histology(), 1) == ErrorCode::kOk);
  CHECK(PlanError({5000 + 49, rows + 50, 3, 4}, Histology(), 1) == ErrorCode::kImageTooLarge);
}

TEST_CASE("An image may be enlarged so far, with a warning from there on, and no farther",
          "[scan]") {
  const ModelInfo info = Histology();
  CHECK_FALSE(MakeScanPlan({400, 400, 3, 6}, info, 0).value().warns());
  CHECK(MakeScanPlan({400, 400, 3, 6.01}, info, 0).value().warns());
  CHECK(PlanError({400, 400, 3, 16}, info, 0) == ErrorCode::kOk);
  CHECK(PlanError({400, 400, 3, 16.01}, info, 0) == ErrorCode::kScaleTooCoarse);
  for (const double unknown : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    CHECK(PlanError({400, 400, 3, unknown}, info, 0) == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("A map has so many places at most", "[scan]") {
  const ModelInfo info = Histology();
  CHECK(PlanError({5049, 4049, 3, 4}, info, 1) == ErrorCode::kOk);
  CHECK(PlanError({5049, 4050, 3, 4}, info, 1) == ErrorCode::kImageTooLarge);
  CHECK(PlanError({kMaxLevelSide, 60, 3, 4}, info, 50) == ErrorCode::kOk);
  CHECK(PlanError({kMaxLevelSide + 1, 60, 3, 4}, info, 50) == ErrorCode::kImageTooLarge);
}

TEST_CASE("A block reads no more pixels than it may, and a patch too fine for that is refused",
          "[scan]") {
  const ModelInfo info = Histology();
  for (const double um_per_pixel : {4.0, 1.0, 0.25, 0.2, 0.14}) {
    const auto plan = MakeScanPlan({200'000, 100'000, 3, um_per_pixel}, info, 50);
    INFO(um_per_pixel);
    REQUIRE(plan.ok());
    int64_t most = 0;
    for (int i = 0; i < std::min(300, plan.value().block_count()); ++i) {
      const ScanBlock block = plan.value().Block(i);
      most = std::max(most, int64_t{block.width} * block.height);
    }
    CHECK(most <= kMaxBlockPixels);
    CHECK(most > 10'000);
  }
  CHECK(PlanError({200'000, 100'000, 3, 0.12}, info, 50) == ErrorCode::kScaleTooFine);
}

TEST_CASE("An image below one patch is refused; of one patch, the map is one place", "[scan]") {
  const ModelInfo info = Histology();
  CHECK(PlanError({49, 60, 3, 4}, info, 0) == ErrorCode::kImageTooSmall);
  const auto plan = MakeScanPlan({50, 50, 3, 4}, info, 0);
  REQUIRE(plan.ok());
  CHECK(plan.value().block_count() == 1);
  const ScanBlock block = plan.value().Block(0);
  CHECK(block.width == 50);
  CHECK(block.columns == 1);
  CHECK(block.rows == 1);
}

TEST_CASE("Blocks cover all cells once and stay within the image", "[scan]") {
  const auto plan = MakeScanPlan({3801, 2951, 3, 3.3}, Histology(), 7);
  REQUIRE(plan.ok());
  std::vector<int> covered(static_cast<size_t>(plan.value().columns) *
                           static_cast<size_t>(plan.value().rows));
  for (int i = 0; i < plan.value().block_count(); ++i) {
    const ScanBlock block = plan.value().Block(i);
    CHECK(block.x >= 0);
    CHECK(block.y >= 0);
    CHECK(block.x + block.width <= 3801);
    CHECK(block.y + block.height <= 2951);
    for (int row = block.row; row < block.row + block.rows; ++row) {
      for (int column = block.column; column < block.column + block.columns; ++column) {
        ++covered[static_cast<size_t>(row * plan.value().columns + column)];
      }
    }
  }
  CHECK(std::all_of(covered.begin(), covered.end(), [](int count) { return count == 1; }));
}

TEST_CASE("A block of another size, or none, is refused", "[scan]") {
  Scanner scanner = Made(Model());
  CHECK(scanner.Run(0, Image{}).error().code == ErrorCode::kInvalidArgument);
  const Image image = TissueImage(100, 100, 1);
  REQUIRE(scanner.Plan(Described(image, 4), 0).ok());
  CHECK(scanner.Run(0, image).ok());
  CHECK_FALSE(scanner.Run(1, image).ok());
  CHECK_FALSE(scanner.Run(-1, image).ok());
  CHECK_FALSE(scanner.Run(0, TissueImage(100, 99, 1)).ok());
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

TEST_CASE("A film's scan is the map that films are evaluated by", "[scan]") {
  const auto model = FilmModel();
  OpenFilm film{FilmImage(1024, 1024, 5), {}};
  if (film.image.channels == 3) {  // grey, as a film is
    Image grey{film.image.width, film.image.height, 1, {}};
    for (size_t i = 0; i < film.image.pixels.size(); i += 3) {
      grey.pixels.push_back(film.image.pixels[i]);
    }
    film.image = grey;
  }
  film.breast = FindBreast(film.image);
  auto classifier = Classifier::Create(model);
  REQUIRE(classifier.ok());
  const auto map = ReadMap(film, &classifier.value());
  REQUIRE(map.ok());
  Scanner scanner = Made(model);
  const ScanMap scanned = Scanned(&scanner, film.image, 200, 0);
  CHECK(scanner.plan().block_count() == 1);
  CHECK(scanner.plan().stride == kMapStride);
  REQUIRE(scanner.plan().columns == map.value().columns);
  REQUIRE(scanned.values.size() == map.value().values.size());
  CHECK(JudgedOf(scanned) > 100);
  double worst = 0;
  for (size_t i = 0; i < scanned.values.size(); ++i) {
    const double value = map.value().values[i];
    REQUIRE((value == FilmMap::kOutside) == std::isnan(scanned.values[i]));
    if (value != FilmMap::kOutside)
      worst = std::max(worst, std::abs(value - double{scanned.values[i]}));
  }
  CHECK(worst < kCutTolerance);
}

TEST_CASE("What is no film is refused as a whole", "[scan]") {
  Scanner scanner = Made(FilmModel());
  const ScanMap map = Scanned(&scanner, TissueImage(400, 400, 1), 200, 0);
  CHECK(JudgedOf(map) == 0);
  CHECK(map.verdicts[0] == kRefusedCell + static_cast<int>(GateReason::kHistologyNotFilm));
  const ModelInfo& info = scanner.info();
  CHECK(PlanError({10'000, 5'000, 1, 50}, info, 0) == ErrorCode::kOk);
  CHECK(PlanError({10'000, 5'001, 1, 50}, info, 0) == ErrorCode::kImageTooLarge);
  static_assert(kMaxImagePixels == 50'000'000);
}

TEST_CASE("What only a scan says has a name of its own", "[scan]") {
  CHECK(std::string(ScanErrorName(ErrorCode::kScaleTooCoarse)) == "scale_too_coarse");
  CHECK(std::string(ScanErrorName(ErrorCode::kScaleTooFine)) == "scale_too_fine");
  CHECK(std::string(ScanErrorName(ErrorCode::kImageTooSmall)) == "image_too_small");
  CHECK(std::string(ScanErrorName(ErrorCode::kNotFinite)) == "not_finite");
}

}  // namespace
}  // namespace insitu
