#include "model/film_bootstrap.h"

#include <catch_amalgamated.hpp>

#include "model/metrics.h"
#include "model/random.h"

namespace insitu {
namespace {

TEST_CASE("The interval of a mean is about its standard error to both sides", "[film_bootstrap]") {
  // 100 women, half 0 and half 1: the mean's standard error is .05.
  const auto intervals =
      BootstrapWomen(Resamples(100, {2000, 1}), [](std::span<const double> weights) {
        double sum = 0, all = 0;
        for (size_t i = 0; i < weights.size(); ++i) {
          sum += i % 2 == 0 ? weights[i] : 0;
          all += weights[i];
        }
        CHECK(all == 100);
        return Figures{sum / all, std::nullopt};
      });
  REQUIRE(intervals.size() == 2);
  REQUIRE(intervals[0]);
  CHECK(intervals[0]->low == Catch::Approx(0.402).margin(0.02));
  CHECK(intervals[0]->high == Catch::Approx(0.598).margin(0.02));
  CHECK_FALSE(intervals[1]);
}

TEST_CASE("The same seed gives the same interval", "[film_bootstrap]") {
  const auto spread = [](uint64_t seed) {
    return BootstrapWomen(Resamples(10, {50, seed}),
                          [](std::span<const double> weights) { return Figures{weights[0]}; })[0]
        ->high;
  };
  CHECK(spread(3) == spread(3));
}

TEST_CASE("An area over women is that of metrics.h when each counts once", "[film_bootstrap]") {
  Random random(5);
  std::vector<WomanAuc::Scored> scored;
  std::vector<Scored> plain;
  for (size_t i = 0; i < 300; ++i) {
    const double score = static_cast<double>(random.Below(20));
    const bool truth = random.Below(3) == 0;
    scored.push_back({score, truth, i % 10});
    plain.push_back({score, false, truth});
  }
  CHECK(*WomanAuc(scored).At(std::vector<double>(10, 1)) == Catch::Approx(*Auc(plain)));
  // One woman twice, one not at all: the same as her things twice, and none of the other's.
  std::vector<Scored> drawn;
  for (size_t i = 0; i < plain.size(); ++i) {
    for (size_t copies = 0; copies < (i % 10 == 0 ? 2u : i % 10 == 1 ? 0u : 1u); ++copies) {
      drawn.push_back(plain[i]);
    }
  }
  std::vector<double> weights(10, 1);
  weights[0] = 2;
  weights[1] = 0;
  CHECK(*WomanAuc(scored).At(weights) == Catch::Approx(*Auc(drawn)));
}

TEST_CASE("With one class left there is no area", "[film_bootstrap]") {
  const WomanAuc auc({{0.1, false, 0}, {0.9, true, 1}});
  CHECK(*auc.At(std::vector<double>{1, 1}) == 1);
  CHECK_FALSE(auc.At(std::vector<double>{1, 0}));
}

}  // namespace
}  // namespace insitu
