#include "shared/explanation.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cmath>
#include <vector>

#include "model/rank_correlation.h"
#include "shared/classifier.h"
#include "tests/make_image.h"
#include "tests/make_model.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

size_t At(const InputSpec& spec, int x, int y) {
  return (static_cast<size_t>(y) * static_cast<size_t>(spec.width) + static_cast<size_t>(x)) *
         static_cast<size_t>(spec.channels);
}

// A network with a known answer: how light a spot of the input is, and nothing else.
class SpotScorer final : public Scorer {
 public:
  SpotScorer(const InputSpec& spec, int left, int top, int side, float sign)
      : spec_(spec), left_(left), top_(top), side_(side), sign_(sign) {}

  Result<float> Score(std::span<const float> input) override {
    ++calls;
    float sum = 0;
    for (int y = top_; y < top_ + side_; ++y) {
      for (int x = left_; x < left_ + side_; ++x) {
        sum += input[At(spec_, x, y)];
      }
    }
    return 0.5F + sign_ * sum / static_cast<float>(4 * side_ * side_);
  }

  int calls = 0;

 private:
  InputSpec spec_;
  int left_, top_, side_;
  float sign_;
};

class FailingScorer final : public Scorer {
 public:
  Result<float> Score(std::span<const float> /*input*/) override {
    return Fail(ErrorCode::kNotFinite, "No number.");
  }
};

// Dark but for a light square.
std::vector<float> Spot(const InputSpec& spec, int left, int top, int side) {
  std::vector<float> input(At(spec, 0, spec.height));
  for (int y = top; y < top + side; ++y) {
    std::fill(&input[At(spec, left, y)], &input[At(spec, left + side, y)], 1.0F);
  }
  return input;
}

Explanation Explained(const std::vector<uint8_t>& model, const Image& image) {
  auto classifier = Classifier::Create(model);
  REQUIRE(classifier.ok());
  auto map = classifier.value().Explain(EncodePng(image), /*judge_anyway=*/true);
  REQUIRE(map.ok());
  return std::move(map.value());
}

TEST_CASE("The map finds the spot that a known network looks at", "[explanation]") {
  const InputSpec spec{.width = 50, .height = 50, .channels = 3};
  for (const float sign : {1.0F, -1.0F}) {  // raising the probability, and lowering it
    SpotScorer scorer(spec, 31, 12, 7, sign);
    const auto map = Occlude(Spot(spec, 31, 12, 7), spec, &scorer);
    REQUIRE(map.ok());
    const Explanation& found = map.value();
    CHECK(found.rows == kMapCells);
    CHECK(found.columns == kMapCells);
    CHECK(found.probability == Catch::Approx(0.5F + sign / 4));
    CHECK(scorer.calls == kMapCells * kMapCells + 1);
    const auto strongest =
        std::max_element(found.values.begin(), found.values.end(),
                         [sign](float a, float b) { return sign * a < sign * b; });
    const auto at = static_cast<int>(strongest - found.values.begin());
    const int row = at / kMapCells;
    const double x = (at % kMapCells + 0.5) * spec.width / kMapCells;
    const double y = (row + 0.5) * spec.height / kMapCells;
    CHECK(std::fabs(x - 34.5) < 4);
    CHECK(std::fabs(y - 15.5) < 4);
    CHECK(found.values[0] == 0);  // far from the spot nothing changes
    CHECK(sign * *strongest > 0.1F);
  }
}

TEST_CASE("A map has cells in proportion to the input, of a single pixel at least",
          "[explanation]") {
  const auto cells = [](int width, int height) {
    const InputSpec spec{.width = width, .height = height, .channels = 1};
    SpotScorer scorer(spec, 0, 0, 1, 1);
    const auto map = Occlude(Spot(spec, 0, 0, 1), spec, &scorer);
    REQUIRE(map.ok());
    CHECK(map.value().values.size() ==
          static_cast<size_t>(map.value().rows) * static_cast<size_t>(map.value().columns));
    return std::pair(map.value().columns, map.value().rows);
  };
  CHECK(cells(104, 52) == std::pair(13, 7));
  CHECK(cells(13, 13) == std::pair(13, 13));
  CHECK(cells(5, 3) == std::pair(5, 3));
  CHECK(cells(200, 1) == std::pair(13, 1));
}

TEST_CASE("An input of one colour explains nothing", "[explanation]") {
  const InputSpec spec{.width = 26, .height = 26, .channels = 3};
  SpotScorer scorer(spec, 5, 5, 9, 1);
  const auto map = Occlude(std::vector<float>(At(spec, 0, 26), 0.25F), spec, &scorer);
  REQUIRE(map.ok());
  for (const float value : map.value().values) CHECK(std::fabs(value) < 1e-6F);
}

TEST_CASE("What the network cannot answer is not explained", "[explanation]") {
  const InputSpec spec{.width = 10, .height = 10, .channels = 1};
  FailingScorer scorer;
  const auto map = Occlude(std::vector<float>(100), spec, &scorer);
  REQUIRE_FALSE(map.ok());
  CHECK(map.error().code == ErrorCode::kNotFinite);
}

// Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018: a map that stays the same when the
// weights are shuffled shows the image, not the network.
TEST_CASE("With other weights the map is another one", "[explanation]") {
  ClassifierModelOptions options;
  options.side = 32;
  options.logits = true;
  options.temperature = 40;  // so that the answer of so many weights is not certain
  const Image image = TissueImage(32, 32, 3);
  const Explanation own = Explained(MakeClassifierModel(options), image);
  const Explanation again = Explained(MakeClassifierModel(options), image);
  CHECK(RankCorrelation(own.values, again.values) == Catch::Approx(1));
  double sum = 0;
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    options.weights_seed = seed;
    const Explanation other = Explained(MakeClassifierModel(options), image);
    sum += std::fabs(RankCorrelation(own.values, other.values));
  }
  INFO("mean of |rank correlation| " << sum / 8);
  CHECK(sum / 8 < 0.3);
}

TEST_CASE("A map of a larger image tells which part of it the cells divide", "[explanation]") {
  const Explanation map = Explained(MakeClassifierModel(), TissueImage(40, 20, 1));
  CHECK(map.placement.left == 10);
  CHECK(map.placement.width == 20);
  CHECK(map.probability > 0);
}

}  // namespace
}  // namespace insitu
