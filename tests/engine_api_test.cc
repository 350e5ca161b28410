#include "wasm/engine_api.h"

#include <catch_amalgamated.hpp>
#include <climits>
#include <cmath>
#include <string>

#include "shared/model_info.h"
#include "tests/make_image.h"
#include "tests/make_model.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

struct Engine {
  explicit Engine(const std::vector<uint8_t>& model)
      : held(insitu_create(model.data(), model.size())) {}
  ~Engine() { insitu_destroy(held); }
  Engine(const Engine&) = delete;  // owns the handle
  Engine& operator=(const Engine&) = delete;
  insitu_classifier* held;
};

double Number(const Engine& engine, int place) { return insitu_numbers(engine.held)[place]; }

int PointCount(const Engine& engine) {
  return static_cast<int>(Number(engine, INSITU_POINT_COUNT));
}

// The threshold of an operating point, or 1: its sensitivity, or 2: its specificity.
double PointNumber(const Engine& engine, int point, int which) {
  return Number(engine, INSITU_POINTS + 3 * point + which);
}

double Probability(const Engine& engine, int label) {
  return Number(engine, INSITU_POINTS + 3 * PointCount(engine) + label);
}

std::string Text(const Engine& engine, int key, int index = 0) {
  const char* text = insitu_text(engine.held, key, index);
  REQUIRE(text != nullptr);
  return text;
}

TEST_CASE("A model describes itself across the boundary", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  REQUIRE(engine.held != nullptr);
  CHECK(Text(engine, INSITU_MODEL_ID) == "test");
  CHECK(Text(engine, INSITU_MODEL_VERSION) == "1.2.3");
  CHECK(Text(engine, INSITU_MODEL_KIND) == "histology");
  CHECK(Text(engine, INSITU_MODEL_SHA256).size() == 64);
  CHECK(Text(engine, INSITU_POSITIVE_VERDICT) == "IDC detected");
  CHECK(Text(engine, INSITU_NEGATIVE_VERDICT) == "no IDC detected in this patch");
  CHECK(Text(engine, INSITU_TRAINING_DATA) == "none: made by a test");
  CHECK(Number(engine, INSITU_LABEL_COUNT) == 2);
  CHECK(Text(engine, INSITU_MODEL_LABEL, 1) == "IDC");
  CHECK(Number(engine, INSITU_POSITIVE_LABEL) == 1);
  CHECK(Number(engine, INSITU_THRESHOLD) == 0.5);
  CHECK(Text(engine, INSITU_MODEL_WARNING).empty());
  const Engine warned(MakeClassifierModel({.metadata = {{"insitu.warning", "Old films."}}}));
  REQUIRE(warned.held != nullptr);
  CHECK(Text(warned, INSITU_MODEL_WARNING) == "Old films.");
  CHECK(Number(engine, INSITU_THRESHOLD_SENSITIVITY) == 0.8);
  CHECK(Number(engine, INSITU_THRESHOLD_SPECIFICITY) == 0.9);
  CHECK(Number(engine, INSITU_INPUT_WIDTH) == 8);
  CHECK(Number(engine, INSITU_INPUT_HEIGHT) == 8);
  CHECK(Number(engine, INSITU_UM_PER_PIXEL) == 4);
}

TEST_CASE("Before the first image all numbers but the model's are NaN", "[engine_api]") {
  const Engine engine(
      MakeClassifierModel({.metadata = {{"insitu.operating_points", "screen:0.2:0.95:0.7"}}}));
  REQUIRE(engine.held != nullptr);
  for (int place = INSITU_POINT_COUNT + 1; place < INSITU_POINTS; ++place) {
    INFO("place " << place);
    CHECK(std::isnan(Number(engine, place)));
  }
  CHECK(PointNumber(engine, 0, 2) == 0.7);
  for (const int label : {0, 1}) CHECK(std::isnan(Probability(engine, label)));
}

TEST_CASE("A model's operating points, its band and the interval cross the boundary",
          "[engine_api]") {
  const Engine engine(MakeClassifierModel(
      {.metadata = {{"insitu.calibration.interval", "0:0:0.2,1:0.8:1"},
                    {"insitu.uncertain", "0.3,0.6,0.9"},
                    {"insitu.operating_points", "screen:0.2:0.95:0.7,confirm:0.8:0.6:0.96"}}}));
  REQUIRE(engine.held != nullptr);
  CHECK(Number(engine, INSITU_UNCERTAIN_LOW) == 0.3);
  CHECK(Number(engine, INSITU_UNCERTAIN_HIGH) == 0.6);
  CHECK(Number(engine, INSITU_UNCERTAIN_COVERAGE) == 0.9);
  REQUIRE(Number(engine, INSITU_POINT_COUNT) == 2);
  CHECK(Text(engine, INSITU_POINT_NAME) == "screen");
  CHECK(Text(engine, INSITU_POINT_NAME, 1) == "confirm");
  CHECK(PointNumber(engine, 0, 0) == 0.2);
  CHECK(PointNumber(engine, 0, 1) == 0.95);
  CHECK(PointNumber(engine, 0, 2) == 0.7);
  CHECK(PointNumber(engine, 1, 0) == 0.8);
  CHECK(PointNumber(engine, 1, 1) == 0.6);
  CHECK(PointNumber(engine, 1, 2) == 0.96);
  CHECK(insitu_text(engine.held, INSITU_POINT_NAME, 2) == nullptr);
  CHECK(std::isnan(Number(engine, INSITU_PROBABILITY_LOW)));
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  const double p = Probability(engine, 1);
  CHECK(std::fabs(Number(engine, INSITU_PROBABILITY_LOW) - 0.8 * p) < 1e-6);
  CHECK(std::fabs(Number(engine, INSITU_PROBABILITY_HIGH) - (0.2 + 0.8 * p)) < 1e-6);
}

TEST_CASE("A model without them says so by NaN and 0", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  REQUIRE(engine.held != nullptr);
  CHECK(std::isnan(Number(engine, INSITU_UNCERTAIN_LOW)));
  CHECK(Number(engine, INSITU_POINT_COUNT) == 0);
  CHECK(insitu_text(engine.held, INSITU_POINT_NAME, 0) == nullptr);
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(std::isnan(Number(engine, INSITU_PROBABILITY_HIGH)));
}

TEST_CASE("A model that cannot be served gives NULL, a name and a sentence", "[engine_api]") {
  auto model = MakeClassifierModel();
  model[model.size() / 2] ^= 4;
  const Engine engine(model);
  REQUIRE(engine.held == nullptr);
  CHECK(std::string(insitu_error_name()).starts_with("model_"));
  CHECK(std::string(insitu_error_message()).size() > 20);
}

TEST_CASE("A prediction and its preview cross the boundary", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  REQUIRE(engine.held != nullptr);
  CHECK(std::isnan(Probability(engine, 0)));
  const auto png = EncodePng(KnownAnswerImage(40, 20, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 10) == 0);
  const double p0 = Probability(engine, 0);
  const double p1 = Probability(engine, 1);
  CHECK(std::fabs(p0 + p1 - 1) < 1e-6);
  CHECK(Number(engine, INSITU_IS_POSITIVE) == (p1 >= 0.5 ? 1 : 0));
  CHECK(Number(engine, INSITU_IMAGE_WIDTH) == 40);
  CHECK(Number(engine, INSITU_IMAGE_HEIGHT) == 20);
  CHECK(Number(engine, INSITU_REGION_LEFT) == 10);
  CHECK(Number(engine, INSITU_REGION_TOP) == 0);
  CHECK(Number(engine, INSITU_REGION_WIDTH) == 20);
  CHECK(Number(engine, INSITU_REGION_HEIGHT) == 20);
  CHECK(Number(engine, INSITU_SCALE) == 0.4);
  for (const int place : {INSITU_DECODE_MS, INSITU_PREPROCESS_MS, INSITU_NETWORK_MS})
    CHECK(Number(engine, place) >= 0);
  CHECK(Number(engine, INSITU_PREVIEW_WIDTH) == 10);
  CHECK(Number(engine, INSITU_PREVIEW_HEIGHT) == 5);
  const uint8_t* preview = insitu_preview(engine.held);
  REQUIRE(preview != nullptr);
  for (size_t i = 0; i < 50; ++i) CHECK(preview[i * 4 + 3] == 255);
}

TEST_CASE("A preview is made only when asked for and never enlarged", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_preview(engine.held) == nullptr);
  CHECK(std::isnan(Number(engine, INSITU_PREVIEW_WIDTH)));
  const Image image = KnownAnswerImage(6, 4, 1);
  const auto png = EncodePng(image);
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(insitu_preview(engine.held) == nullptr);
  CHECK(Number(engine, INSITU_PREVIEW_WIDTH) == 0);
  CHECK(Number(engine, INSITU_PREVIEW_HEIGHT) == 0);
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 100) == 0);
  CHECK(Number(engine, INSITU_PREVIEW_WIDTH) == 6);
  for (size_t i = 0; i < 24; ++i) {
    for (size_t c = 0; c < 3; ++c) CHECK(insitu_preview(engine.held)[i * 4 + c] == image.pixels[i]);
  }
}

TEST_CASE("An image that cannot be read gives its code and keeps the last prediction",
          "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  const double before = Probability(engine, 1);
  const double* numbers = insitu_numbers(engine.held);
  const uint8_t text[] = {'h', 'e', 'l', 'l', 'o'};
  CHECK(insitu_classify(engine.held, text, sizeof text, 0) == 2);
  CHECK(std::string(insitu_error_name()) == "image_unknown");
  CHECK(Probability(engine, 1) == before);
  CHECK(Number(engine, INSITU_IMAGE_WIDTH) == 8);
  CHECK(insitu_numbers(engine.held) == numbers);  // they stay where they are
}

TEST_CASE("Keys and indices out of range give NULL", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_text(engine.held, INSITU_MODEL_LABEL, 2) == nullptr);
  CHECK(insitu_text(engine.held, INSITU_MODEL_LABEL, -1) == nullptr);
  CHECK(insitu_text(engine.held, INSITU_POINT_NAME, -1) == nullptr);
  for (const int key : {-1, INSITU_GATE_REASON + 1, 1000, INT_MIN, INT_MAX})
    CHECK(insitu_text(engine.held, key, 0) == nullptr);
}

TEST_CASE("Destroying nothing does nothing", "[engine_api]") {
  insitu_destroy(nullptr);
  insitu_free(insitu_alloc(16));
}

TEST_CASE("An image behind the gate is read, and what the gate said crosses the boundary",
          "[engine_api][gate]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_text(engine.held, INSITU_GATE_REASON, 0) == nullptr);
  CHECK(std::isnan(Number(engine, INSITU_GATE_ACCEPTED)));
  const auto png = EncodePng(TissueImage(50, 50, 1));
  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 0) == 0);
  CHECK(Number(engine, INSITU_GATE_ACCEPTED) == 1);
  CHECK(Number(engine, INSITU_GATE_SCORE) > 0.5);
  CHECK(Number(engine, INSITU_JUDGED_ANYWAY) == 0);
  CHECK(Number(engine, INSITU_GATE_MS) >= 0);
  CHECK(Text(engine, INSITU_GATE_KIND) == "histology");
  CHECK(Text(engine, INSITU_GATE_REASON).empty());
  CHECK(Probability(engine, 1) > 0);
}

TEST_CASE("A refused image has a reason and a preview but no prediction, unless judged anyway",
          "[engine_api][gate]") {
  const Engine engine(MakeClassifierModel());
  const auto png = EncodePng(SmoothImage(80, 60, 3));
  const int refused = insitu_read(engine.held, png.data(), png.size(), 40, 0);
  CHECK(refused == static_cast<int>(ErrorCode::kImageRefused));
  CHECK(std::string(insitu_error_name()) == "image_refused");
  CHECK(Number(engine, INSITU_GATE_ACCEPTED) == 0);
  CHECK_FALSE(Text(engine, INSITU_GATE_REASON).empty());
  CHECK(std::isnan(Probability(engine, 1)));
  CHECK(Number(engine, INSITU_PREVIEW_WIDTH) == 40);
  CHECK(insitu_preview(engine.held) != nullptr);

  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 1) == 0);
  CHECK(Number(engine, INSITU_JUDGED_ANYWAY) == 1);
  CHECK(Number(engine, INSITU_GATE_ACCEPTED) == 0);
  CHECK(Probability(engine, 1) > 0);
}

TEST_CASE("A map crosses the boundary, and is refused where the image is",
          "[engine_api][explanation]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_map(engine.held) == nullptr);
  for (int place = INSITU_MAP_WIDTH; place < INSITU_POINTS; ++place)
    CHECK(std::isnan(Number(engine, place)));
  const auto photograph = EncodePng(SmoothImage(80, 60, 3));
  CHECK(insitu_explain(engine.held, photograph.data(), photograph.size(), 0) ==
        static_cast<int>(ErrorCode::kImageRefused));
  CHECK(insitu_map(engine.held) == nullptr);
  CHECK(std::isnan(Number(engine, INSITU_MAP_WIDTH)));
  CHECK(Number(engine, INSITU_GATE_ACCEPTED) == 0);

  const auto png = EncodePng(TissueImage(60, 50, 1));
  REQUIRE(insitu_explain(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(Number(engine, INSITU_MAP_WIDTH) == 8);  // the input's pixels
  CHECK(Number(engine, INSITU_MAP_HEIGHT) == 8);
  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 0) == 0);
  CHECK(Number(engine, INSITU_MAP_PROBABILITY) == Probability(engine, 1));
  CHECK(Number(engine, INSITU_MAP_LEFT) == Number(engine, INSITU_REGION_LEFT));
  CHECK(Number(engine, INSITU_MAP_LEFT) == 6);
  CHECK(Number(engine, INSITU_MAP_TOP) == Number(engine, INSITU_REGION_TOP));
  CHECK(Number(engine, INSITU_MAP_TOP) == 0);
  CHECK(Number(engine, INSITU_MAP_REGION_WIDTH) == Number(engine, INSITU_REGION_WIDTH));
  CHECK(Number(engine, INSITU_MAP_REGION_HEIGHT) == Number(engine, INSITU_REGION_HEIGHT));
  const float* map = insitu_map(engine.held);
  REQUIRE(map != nullptr);
  for (size_t i = 0; i < 64; ++i) CHECK(std::fabs(map[i]) <= 1);
}

}  // namespace
}  // namespace insitu
