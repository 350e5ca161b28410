#include "wasm/scan_api.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "shared/image.h"
#include "tests/make_model.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

struct Held {
  explicit Held(const std::vector<uint8_t>& model)
      : scanner(insitu_scanner_create(model.data(), model.size())) {}
  ~Held() { insitu_scanner_destroy(scanner); }
  Held(const Held&) = delete;  // owns the handle
  Held& operator=(const Held&) = delete;
  double Number(int key, int index = 0) const { return insitu_scanner_number(scanner, key, index); }
  insitu_scanner* scanner;
};

std::vector<uint8_t> Model() {
  return MakeClassifierModel({.side = 20, .temperature = 20, .logits = true});
}

TEST_CASE("A scan goes over the boundary block by block", "[scan_api]") {
  const Held held(Model());
  REQUIRE(held.scanner != nullptr);
  const Image image = TissueImage(500, 120, 1);
  REQUIRE(insitu_scanner_plan(held.scanner, 500, 120, 3, 4, 0, 0) == 0);
  REQUIRE(held.Number(INSITU_SCAN_COLUMNS) == 25);
  REQUIRE(held.Number(INSITU_SCAN_ROWS) == 6);
  REQUIRE(held.Number(INSITU_SCAN_BLOCK_COUNT) == 2);
  std::vector<float> values(150);
  std::vector<uint8_t> verdicts(150);
  for (int block = 0; block < 2; ++block) {
    uint8_t* pixels = insitu_scanner_pixels(held.scanner, block);
    REQUIRE(pixels != nullptr);
    const auto of_block = [&](int key) { return static_cast<size_t>(held.Number(key, block)); };
    const size_t x = of_block(INSITU_SCAN_BLOCK_X), width = of_block(INSITU_SCAN_BLOCK_WIDTH);
    REQUIRE(of_block(INSITU_SCAN_BLOCK_Y) == 0);
    for (size_t y = 0; y < of_block(INSITU_SCAN_BLOCK_HEIGHT); ++y) {
      std::copy_n(&image.pixels[(y * 500 + x) * 3], width * 3, pixels + y * width * 3);
    }
    REQUIRE(insitu_scanner_run(held.scanner, block) == 0);
    const size_t columns = of_block(INSITU_SCAN_BLOCK_COLUMNS);
    for (size_t row = 0; row < 6; ++row) {
      const size_t to = row * 25 + of_block(INSITU_SCAN_BLOCK_COLUMN);
      std::copy_n(insitu_scanner_values(held.scanner) + row * columns, columns, &values[to]);
      std::copy_n(insitu_scanner_verdicts(held.scanner) + row * columns, columns, &verdicts[to]);
    }
  }
  for (size_t i = 0; i < 150; ++i) CHECK((verdicts[i] == 0) == (values[i] >= 0));
  const char* summary = insitu_scanner_summary(held.scanner, values.data(), verdicts.data(), 0.5);
  REQUIRE(summary != nullptr);
  CHECK(std::string(summary).starts_with(R"({"threshold":0.5,"gate":{"says_film":false,)"));
}

TEST_CASE("A scanner says what its model is and which strides it offers", "[scan_api]") {
  const Held held(Model());
  CHECK(std::string(insitu_scanner_text(held.scanner, INSITU_SCAN_MODEL_ID, 0)) == "test");
  CHECK(std::string(insitu_scanner_text(held.scanner, INSITU_SCAN_MODEL_KIND, 0)) == "histology");
  CHECK(std::string(insitu_scanner_text(held.scanner, INSITU_SCAN_MODEL_SHA256, 0)).size() == 64);
  CHECK(std::string(insitu_scanner_text(held.scanner, INSITU_SCAN_REASON_NAME, 2)) == "pen");
  CHECK(insitu_scanner_text(held.scanner, INSITU_SCAN_REASON_NAME, 14) == nullptr);
  CHECK(insitu_scanner_text(held.scanner, 99, 0) == nullptr);
  CHECK(held.Number(INSITU_SCAN_UM_PER_PIXEL) == 4);
  CHECK(held.Number(INSITU_SCAN_PATCH_WIDTH) == 20);
  CHECK(held.Number(INSITU_SCAN_NATURAL_STRIDE) == 2);
  REQUIRE(held.Number(INSITU_SCAN_STRIDE_COUNT) == 2);
  CHECK(held.Number(INSITU_SCAN_STRIDE_OFFERED, 0) == 1);
  CHECK(held.Number(INSITU_SCAN_STRIDE_OFFERED, 1) == 2);
  CHECK(std::isnan(held.Number(INSITU_SCAN_STRIDE_OFFERED, 2)));
}

TEST_CASE("Without a plan there is nothing to run, and each call says so", "[scan_api]") {
  const Held held(Model());
  CHECK(std::isnan(held.Number(INSITU_SCAN_COLUMNS)));
  CHECK(std::isnan(held.Number(INSITU_SCAN_BLOCK_X)));
  CHECK(insitu_scanner_pixels(held.scanner, 0) == nullptr);
  CHECK(std::string(insitu_scanner_error_name()) == "invalid_argument");
  CHECK(insitu_scanner_run(held.scanner, 0) != 0);
  CHECK(insitu_scanner_values(held.scanner) == nullptr);
  CHECK(insitu_scanner_verdicts(held.scanner) == nullptr);
  CHECK(insitu_scanner_summary(held.scanner, nullptr, nullptr, 0.5) == nullptr);
  REQUIRE(insitu_scanner_plan(held.scanner, 400, 400, 3, 4, 0, 0) == 0);
  CHECK(std::isnan(held.Number(INSITU_SCAN_BLOCK_X, 99)));
  CHECK(insitu_scanner_pixels(held.scanner, -1) == nullptr);
  // Not filled for it: of no size.
  CHECK(insitu_scanner_run(held.scanner, 0) != 0);
  // A plan that fails leaves none.
  CHECK(insitu_scanner_plan(held.scanner, 400, 400, 3, 400, 0, 0) != 0);
  CHECK(std::string(insitu_scanner_error_name()) == "scale_too_coarse");
  CHECK_FALSE(std::string(insitu_scanner_error_message()).empty());
  CHECK(std::isnan(held.Number(INSITU_SCAN_COLUMNS)));
}

TEST_CASE("What is no model makes no scanner, and says why", "[scan_api]") {
  const uint8_t nothing[4] = {};
  CHECK(insitu_scanner_create(nothing, sizeof nothing) == nullptr);
  CHECK(std::string(insitu_scanner_error_name()).starts_with("model_"));
  insitu_scanner_destroy(nullptr);
  void* memory = insitu_scanner_alloc(10);
  CHECK(memory != nullptr);
  insitu_scanner_free(memory);
}

}  // namespace
}  // namespace insitu
