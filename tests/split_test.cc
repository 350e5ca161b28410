#include "model/split.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <set>
#include <string>
#include <vector>

namespace insitu {
namespace {

// `cases` cases with three patches of each label.
PatchSet Made(size_t cases) {
  PatchSet set;
  for (size_t i = 0; i < cases; ++i) {
    set.cases.push_back(std::to_string(100 + i));
    for (int patch = 0; patch < 6; ++patch) {
      set.case_of.push_back(i);
      set.labels.push_back(patch % 2);
    }
  }
  return set;
}

std::set<size_t> CasesOf(const PatchSet& set, const std::vector<size_t>& patches) {
  std::set<size_t> cases;
  for (const size_t i : patches) cases.insert(set.case_of[i]);
  return cases;
}

TEST_CASE("No case is on two sides, and every listed case is held out once", "[split]") {
  for (const size_t folds : {2u, 3u, 5u, 7u}) {
    const PatchSet set = Made(11);
    const std::vector<bool> listed(11, true);
    std::multiset<size_t> held;
    for (size_t fold = 0; fold < folds; ++fold) {
      const auto split = SplitByCase(set, listed, folds, fold);
      REQUIRE(split.ok());
      CHECK(split.value().train.size() + split.value().held_out.size() == set.size());
      const auto train = CasesOf(set, split.value().train);
      for (const size_t id : CasesOf(set, split.value().held_out)) {
        CHECK(!train.contains(id));
        held.insert(id);
      }
    }
    CHECK(held.size() == 11);
    CHECK(std::set(held.begin(), held.end()).size() == 11);
  }
}

TEST_CASE("A fold is a block of neighbouring ids", "[split]") {
  const PatchSet set = Made(9);
  const auto split = SplitByCase(set, std::vector<bool>(9, true), 3, 1);
  REQUIRE(split.ok());
  CHECK(CasesOf(set, split.value().held_out) == std::set<size_t>{3, 4, 5});
}

TEST_CASE("Cases that are not listed train every fold and are never held out", "[split]") {
  const PatchSet set = Made(6);
  const std::vector<bool> listed = {true, false, true, false, true, true};
  for (size_t fold = 0; fold < 2; ++fold) {
    const auto split = SplitByCase(set, listed, 2, fold);
    REQUIRE(split.ok());
    const auto train = CasesOf(set, split.value().train);
    CHECK(train.contains(1));
    CHECK(train.contains(3));
    CHECK(CasesOf(set, split.value().held_out) ==
          (fold == 0 ? std::set<size_t>{0, 2} : std::set<size_t>{4, 5}));
  }
}

TEST_CASE("Without a fold everything trains", "[split]") {
  const auto split = SplitByCase(Made(3), {true, true, false}, 2, std::nullopt);
  REQUIRE(split.ok());
  CHECK(split.value().train.size() == 18);
  CHECK(split.value().held_out.empty());
}

TEST_CASE("A part that lacks a class is refused", "[split]") {
  PatchSet set = Made(4);
  for (size_t i = 0; i < 6; ++i) set.labels[i] = 0;  // case 0
  CHECK(SplitByCase(set, std::vector<bool>(4, true), 2, 0).ok());
  CHECK(!SplitByCase(set, std::vector<bool>(4, true), 4, 0).ok());
}

}  // namespace
}  // namespace insitu
