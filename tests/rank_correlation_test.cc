#include "model/rank_correlation.h"

#include <catch_amalgamated.hpp>
#include <vector>

namespace insitu {
namespace {

double Of(const std::vector<float>& a, const std::vector<float>& b) {
  return RankCorrelation(a, b);
}

TEST_CASE("Values in the same order correlate fully, in the opposite order inversely",
          "[rank_correlation]") {
  CHECK(Of({1, 2, 30, 4}, {-5, 0, 9, 8}) == Catch::Approx(1));
  CHECK(Of({1, 2, 3}, {3, 2, 1}) == Catch::Approx(-1));
}

TEST_CASE("The rank correlation is the one worked out by hand", "[rank_correlation]") {
  // 1 - 6 Σd² / (n (n² - 1)) with d = 1, -1, 0, 0: 1 - 12 / 60.
  CHECK(Of({1, 2, 3, 4}, {2, 1, 3, 4}) == Catch::Approx(0.8));
  // Ranks 1.5 1.5 3 against 1 2 3.
  CHECK(Of({7, 7, 9}, {1, 2, 3}) == Catch::Approx(0.8660254));
}

TEST_CASE("Values that are all equal correlate with nothing", "[rank_correlation]") {
  CHECK(Of({2, 2, 2}, {1, 2, 3}) == 0);
}

}  // namespace
}  // namespace insitu
