#include "model/uncertain.h"

#include <catch_amalgamated.hpp>

#include "tests/made_scores.h"

namespace insitu {
namespace {

using Catch::Approx;

TEST_CASE("A band has the shares worked by hand", "[uncertain]") {
  // Band [.4, .6): .4 and .5 are uncertain, .6 is positive, .39 negative. Of the 6 others, .1 and
  // .39 are negatives (right), .6 a negative (wrong), .8 and .9 positives (right), .2 one (wrong).
  const std::vector<Case> cases = {
      {"a", {{.1, {}, false}, {.39, {}, false}, {.4, {}, true}, {.6, {}, false}}},
      {"b", {{.5, {}, true}, {.8, {}, true}, {.9, {}, true}, {.2, {}, true}}}};
  const auto found = Abstain(cases, {0.4, 0.6, 0.9}, Resamples(2, {.samples = 100}));
  CHECK(*found.shares.share_abstained == Approx(2.0 / 8));
  CHECK(*found.shares.error_kept == Approx(2.0 / 6));
  CHECK(*found.shares.covered == Approx(6.0 / 8));
  CHECK(found.band.coverage_stated == 0.9);
  // Negatives of a: .1 .39 right, .6 wrong; b has none. Positives: .4 of a; .5 .8 .9 of b, .2
  // wrong.
  CHECK(*found.shares.covered_negative == Approx(2.0 / 3));
  CHECK(*found.shares.covered_positive == Approx((1 + 3.0 / 4) / 2));
}

TEST_CASE("Each patch is answered by the band of the model that read it", "[uncertain]") {
  const std::vector<Case> cases = {{"a", {{.5, {}, true}, {.5, {}, true}, {.5, {}, true}}}};
  // Uncertain, positive (right) and negative (wrong).
  const std::vector<std::vector<StatedBand>> bands = {{{.4, .6, .9}, {.3, .5, .9}, {.6, .7, .9}}};
  const auto found = Abstain(cases, bands, {0.1, 0.2, 0.8}, Resamples(1, {}));
  CHECK(*found.shares.share_abstained == Approx(1.0 / 3));
  CHECK(*found.shares.error_kept == Approx(1.0 / 2));
  CHECK(*found.shares.covered_positive == Approx(2.0 / 3));
  CHECK(found.band.low == 0.1);
  CHECK(found.band.coverage_stated == 0.8);
}

TEST_CASE("Bands that are all alike say what one band says", "[uncertain]") {
  const auto cases = MadeCases(3, 10, 1000);
  const StatedBand band = {0.4, 0.6, 0.9};
  std::vector<std::vector<StatedBand>> bands;
  for (const Case& one : cases) bands.emplace_back(one.scored.size(), band);
  const Resamples resamples(cases.size(), {.samples = 100});
  const auto each = Abstain(cases, bands, band, resamples);
  const auto one = Abstain(cases, band, resamples);
  CHECK(each.shares.covered == one.shares.covered);
  CHECK(each.intervals[0]->low == one.intervals[0]->low);
  CHECK(each.intervals[0]->high == one.intervals[0]->high);
}

TEST_CASE("An empty band abstains from nothing and errs as the threshold does", "[uncertain]") {
  const auto cases = MadeCases(3, 10, 1000);
  const auto found = Abstain(cases, {0.6, 0.6, 0.9}, Resamples(10, {.samples = 100}));
  std::vector<Scored> all;
  for (const Case& one : cases) all.insert(all.end(), one.scored.begin(), one.scored.end());
  CHECK(found.shares.share_abstained == 0);
  CHECK(*found.shares.error_kept == Approx(1 - *ComputeMetrics(all).accuracy));
  CHECK(found.intervals[1]->low < *found.shares.error_kept);
  CHECK(found.intervals[1]->high > *found.shares.error_kept);
}

TEST_CASE("A band of everything covers all and keeps nothing", "[uncertain]") {
  const auto found =
      Abstain(MadeCases(3, 10, 1000), {0, 1.1, 0.9}, Resamples(10, {.samples = 100}));
  CHECK(found.shares.share_abstained == 1);
  CHECK(found.shares.covered == 1);
  CHECK(!found.shares.error_kept);
  CHECK(!found.intervals[1]);
}

TEST_CASE("Without a patch nothing is said of a band", "[uncertain]") {
  const auto found = Abstain({}, {0.4, 0.6, 0.9}, Resamples(0, {}));
  CHECK(!found.shares.share_abstained);
  CHECK(!found.shares.error_kept);
  CHECK(!found.shares.covered);
}

}  // namespace
}  // namespace insitu
