#include "wasm/engine_api.h"

#include <catch_amalgamated.hpp>
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

TEST_CASE("A model describes itself across the boundary", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  REQUIRE(engine.held != nullptr);
  CHECK(std::string(insitu_text(engine.held, INSITU_MODEL_ID, 0)) == "test");
  CHECK(std::string(insitu_text(engine.held, INSITU_MODEL_SHA256, 0)).size() == 64);
  CHECK(insitu_number(engine.held, INSITU_LABEL_COUNT, 0) == 2);
  CHECK(std::string(insitu_text(engine.held, INSITU_MODEL_LABEL, 1)) == "IDC");
  CHECK(insitu_number(engine.held, INSITU_POSITIVE_LABEL, 0) == 1);
  CHECK(insitu_number(engine.held, INSITU_THRESHOLD, 0) == 0.5);
  CHECK(std::string(insitu_text(engine.held, INSITU_MODEL_WARNING, 0)).empty());
  const Engine warned(MakeClassifierModel({.metadata = {{"insitu.warning", "Old films."}}}));
  REQUIRE(warned.held != nullptr);
  CHECK(std::string(insitu_text(warned.held, INSITU_MODEL_WARNING, 0)) == "Old films.");
  CHECK(insitu_number(engine.held, INSITU_INPUT_WIDTH, 0) == 8);
}

TEST_CASE("A model's operating points, its band and the interval cross the boundary",
          "[engine_api]") {
  const Engine engine(MakeClassifierModel(
      {.metadata = {{"insitu.calibration.interval", "0:0:0.2,1:0.8:1"},
                    {"insitu.uncertain", "0.3,0.6,0.9"},
                    {"insitu.operating_points", "screen:0.2:0.95:0.7,confirm:0.8:0.6:0.96"}}}));
  REQUIRE(engine.held != nullptr);
  CHECK(insitu_number(engine.held, INSITU_UNCERTAIN_LOW, 0) == 0.3);
  CHECK(insitu_number(engine.held, INSITU_UNCERTAIN_HIGH, 0) == 0.6);
  CHECK(insitu_number(engine.held, INSITU_UNCERTAIN_COVERAGE, 0) == 0.9);
  REQUIRE(insitu_number(engine.held, INSITU_POINT_COUNT, 0) == 2);
  CHECK(std::string(insitu_text(engine.held, INSITU_POINT_NAME, 0)) == "screen");
  CHECK(std::string(insitu_text(engine.held, INSITU_POINT_NAME, 1)) == "confirm");
  CHECK(insitu_number(engine.held, INSITU_POINT_THRESHOLD, 1) == 0.8);
  CHECK(insitu_number(engine.held, INSITU_POINT_SENSITIVITY, 1) == 0.6);
  CHECK(insitu_number(engine.held, INSITU_POINT_SPECIFICITY, 1) == 0.96);
  CHECK(insitu_text(engine.held, INSITU_POINT_NAME, 2) == nullptr);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_POINT_THRESHOLD, 2)));
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY_LOW, 0)));
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  const double p = insitu_number(engine.held, INSITU_PROBABILITY, 1);
  CHECK(std::fabs(insitu_number(engine.held, INSITU_PROBABILITY_LOW, 0) - 0.8 * p) < 1e-6);
  CHECK(std::fabs(insitu_number(engine.held, INSITU_PROBABILITY_HIGH, 0) - (0.2 + 0.8 * p)) < 1e-6);
}

TEST_CASE("A model without them says so by NaN and 0", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  REQUIRE(engine.held != nullptr);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_UNCERTAIN_LOW, 0)));
  CHECK(insitu_number(engine.held, INSITU_POINT_COUNT, 0) == 0);
  CHECK(insitu_text(engine.held, INSITU_POINT_NAME, 0) == nullptr);
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY_HIGH, 0)));
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
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY, 0)));
  const auto png = EncodePng(KnownAnswerImage(40, 20, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 10) == 0);
  const double p0 = insitu_number(engine.held, INSITU_PROBABILITY, 0);
  const double p1 = insitu_number(engine.held, INSITU_PROBABILITY, 1);
  CHECK(std::fabs(p0 + p1 - 1) < 1e-6);
  CHECK(insitu_number(engine.held, INSITU_IS_POSITIVE, 0) == (p1 >= 0.5 ? 1 : 0));
  CHECK(insitu_number(engine.held, INSITU_IMAGE_WIDTH, 0) == 40);
  CHECK(insitu_number(engine.held, INSITU_REGION_WIDTH, 0) == 20);
  CHECK(insitu_number(engine.held, INSITU_PREVIEW_WIDTH, 0) == 10);
  CHECK(insitu_number(engine.held, INSITU_PREVIEW_HEIGHT, 0) == 5);
  const uint8_t* preview = insitu_preview(engine.held);
  REQUIRE(preview != nullptr);
  for (size_t i = 0; i < 50; ++i) CHECK(preview[i * 4 + 3] == 255);
}

TEST_CASE("A preview is made only when asked for and never enlarged", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  const Image image = KnownAnswerImage(6, 4, 1);
  const auto png = EncodePng(image);
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(insitu_preview(engine.held) == nullptr);
  CHECK(insitu_number(engine.held, INSITU_PREVIEW_WIDTH, 0) == 0);
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 100) == 0);
  CHECK(insitu_number(engine.held, INSITU_PREVIEW_WIDTH, 0) == 6);
  for (size_t i = 0; i < 24; ++i) {
    for (size_t c = 0; c < 3; ++c) CHECK(insitu_preview(engine.held)[i * 4 + c] == image.pixels[i]);
  }
}

TEST_CASE("An image that cannot be read gives its code and keeps the last prediction",
          "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  const double before = insitu_number(engine.held, INSITU_PROBABILITY, 1);
  const uint8_t text[] = {'h', 'e', 'l', 'l', 'o'};
  CHECK(insitu_classify(engine.held, text, sizeof text, 0) == 2);
  CHECK(std::string(insitu_error_name()) == "image_unknown");
  CHECK(insitu_number(engine.held, INSITU_PROBABILITY, 1) == before);
}

TEST_CASE("Keys and indices out of range give NaN and NULL", "[engine_api]") {
  const Engine engine(MakeClassifierModel());
  const auto png = EncodePng(KnownAnswerImage(8, 8, 3));
  REQUIRE(insitu_classify(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY, 2)));
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY, -1)));
  CHECK(std::isnan(insitu_number(engine.held, 1000, 0)));
  CHECK(std::isnan(insitu_number(engine.held, -1, 0)));
  CHECK(insitu_text(engine.held, INSITU_MODEL_LABEL, 2) == nullptr);
  CHECK(insitu_text(engine.held, INSITU_MODEL_LABEL, -1) == nullptr);
  CHECK(insitu_text(engine.held, 1000, 0) == nullptr);
}

TEST_CASE("Destroying nothing does nothing", "[engine_api]") {
  insitu_destroy(nullptr);
  insitu_free(insitu_alloc(16));
}

TEST_CASE("An image behind the gate is read, and what the gate said crosses the boundary",
          "[engine_api][gate]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_text(engine.held, INSITU_GATE_REASON, 0) == nullptr);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_GATE_ACCEPTED, 0)));
  const auto png = EncodePng(TissueImage(50, 50, 1));
  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 0) == 0);
  CHECK(insitu_number(engine.held, INSITU_GATE_ACCEPTED, 0) == 1);
  CHECK(insitu_number(engine.held, INSITU_GATE_SCORE, 0) > 0.5);
  CHECK(insitu_number(engine.held, INSITU_JUDGED_ANYWAY, 0) == 0);
  CHECK(insitu_number(engine.held, INSITU_GATE_MS, 0) >= 0);
  CHECK(std::string(insitu_text(engine.held, INSITU_GATE_KIND, 0)) == "histology");
  CHECK(std::string(insitu_text(engine.held, INSITU_GATE_REASON, 0)).empty());
  CHECK(insitu_number(engine.held, INSITU_PROBABILITY, 1) > 0);
}

TEST_CASE("A refused image has a reason and a preview but no prediction, unless judged anyway",
          "[engine_api][gate]") {
  const Engine engine(MakeClassifierModel());
  const auto png = EncodePng(SmoothImage(80, 60, 3));
  const int refused = insitu_read(engine.held, png.data(), png.size(), 40, 0);
  CHECK(refused == static_cast<int>(ErrorCode::kImageRefused));
  CHECK(std::string(insitu_error_name()) == "image_refused");
  CHECK(insitu_number(engine.held, INSITU_GATE_ACCEPTED, 0) == 0);
  CHECK_FALSE(std::string(insitu_text(engine.held, INSITU_GATE_REASON, 0)).empty());
  CHECK(std::isnan(insitu_number(engine.held, INSITU_PROBABILITY, 1)));
  CHECK(insitu_number(engine.held, INSITU_PREVIEW_WIDTH, 0) == 40);
  CHECK(insitu_preview(engine.held) != nullptr);

  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 1) == 0);
  CHECK(insitu_number(engine.held, INSITU_JUDGED_ANYWAY, 0) == 1);
  CHECK(insitu_number(engine.held, INSITU_GATE_ACCEPTED, 0) == 0);
  CHECK(insitu_number(engine.held, INSITU_PROBABILITY, 1) > 0);
}

TEST_CASE("A map crosses the boundary, and is refused where the image is",
          "[engine_api][explanation]") {
  const Engine engine(MakeClassifierModel());
  CHECK(insitu_map(engine.held) == nullptr);
  CHECK(std::isnan(insitu_number(engine.held, INSITU_MAP_WIDTH, 0)));
  const auto photograph = EncodePng(SmoothImage(80, 60, 3));
  CHECK(insitu_explain(engine.held, photograph.data(), photograph.size(), 0) ==
        static_cast<int>(ErrorCode::kImageRefused));
  CHECK(insitu_map(engine.held) == nullptr);

  const auto png = EncodePng(TissueImage(60, 50, 1));
  REQUIRE(insitu_explain(engine.held, png.data(), png.size(), 0) == 0);
  CHECK(insitu_number(engine.held, INSITU_MAP_WIDTH, 0) == 8);  // the input's pixels
  CHECK(insitu_number(engine.held, INSITU_MAP_HEIGHT, 0) == 8);
  REQUIRE(insitu_read(engine.held, png.data(), png.size(), 0, 0) == 0);
  CHECK(insitu_number(engine.held, INSITU_MAP_PROBABILITY, 0) ==
        insitu_number(engine.held, INSITU_PROBABILITY, 1));
  CHECK(insitu_number(engine.held, INSITU_MAP_LEFT, 0) ==
        insitu_number(engine.held, INSITU_REGION_LEFT, 0));
  CHECK(insitu_number(engine.held, INSITU_MAP_REGION_WIDTH, 0) ==
        insitu_number(engine.held, INSITU_REGION_WIDTH, 0));
  const float* map = insitu_map(engine.held);
  REQUIRE(map != nullptr);
  for (size_t i = 0; i < 64; ++i) CHECK(std::fabs(map[i]) <= 1);
}

}  // namespace
}  // namespace insitu
