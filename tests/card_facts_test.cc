#include "model/card_facts.h"

#include <catch_amalgamated.hpp>
#include <span>

#include "model/checklists.h"
#include "shared/str_cat.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string Answers(std::string_view table, std::span<const ChecklistItem> items) {
  std::string text = StrCat("[", table, "]\n");
  for (const ChecklistItem& item : items) text += StrCat(item.number, " = \"Figures\"\n");
  return text;
}

const std::string kLists = [] {
  std::string text;
  for (const char* key : {"summary", "intended", "excluded", "data", "split", "calibration",
                          "failures", "is_not", "licences", "references", "published_notes"}) {
    text += StrCat(key, " = [\"About ", key, ".\"]\n");
  }
  return text;
}();
const std::string kComplete =
    StrCat("evaluate = \"FOLDER\"\n", kLists, Answers("claim", kClaim), Answers("tripod", kTripod));

// What is wrong with the facts; "" where nothing is.
std::string Fault(const std::string& text) {
  const TemporaryFolder folder;
  WriteFile(folder / "made.card.toml", text);
  const auto facts = ReadCardFacts(folder / "made.card.toml");
  return facts.ok() ? "" : facts.error().message;
}

std::string Without(const std::string& line) {
  std::string text = kComplete;
  const size_t at = text.find(line);
  REQUIRE(at != std::string::npos);
  return text.erase(at, line.size());
}

TEST_CASE("Facts that answer everything are read", "[card_facts]") {
  const TemporaryFolder folder;
  WriteFile(folder / "made.card.toml",
            kComplete + "[[published]]\nwho = \"A\"\nmodel = \"B\"\nbac = 0.8\nf1 = 0.7\n");
  const auto facts = ReadCardFacts(folder / "made.card.toml");
  REQUIRE(facts.ok());
  CHECK(facts.value().evaluate == "FOLDER");
  CHECK(facts.value().is_not == Paragraphs{"About is_not."});
  CHECK(facts.value().claim.size() == 44);
  CHECK(facts.value().tripod.size() == 52);
  CHECK(facts.value().tripod.at("12g") == "Figures");
  CHECK(facts.value().published[0].balanced_accuracy == 0.8);
}

TEST_CASE("Facts that leave something out are refused by name", "[card_facts]") {
  CHECK_THAT(Fault(Without("evaluate = \"FOLDER\"\n")), ContainsSubstring("evaluate has to be"));
  CHECK_THAT(Fault(Without("is_not = [\"About is_not.\"]\n")), ContainsSubstring("is_not has to"));
  CHECK_THAT(Fault(Without("44 = \"Figures\"\n")),
             ContainsSubstring("[claim] does not answer item 44, Funding"));
  CHECK_THAT(Fault(Without("23b = \"Figures\"\n")),
             ContainsSubstring("[tripod] does not answer item 23b"));
}

TEST_CASE("Facts with something unknown or of another type are refused", "[card_facts]") {
  CHECK(Fault(kComplete).empty());
  CHECK_THAT(Fault(kComplete + "28 = \"Figures\"\n"), ContainsSubstring("[tripod] has no item 28"));
  CHECK_THAT(Fault("extra = 1\n" + kComplete), ContainsSubstring("there is no key extra"));
  CHECK_THAT(Fault("data = \n" + kComplete), ContainsSubstring("line 1"));
  CHECK_THAT(Fault("split = [1]\n" + Without("split = [\"About split.\"]\n")),
             ContainsSubstring("split has to be a list of texts"));
  CHECK_THAT(Fault(kComplete + "[[published]]\nwho = \"A\"\n"), ContainsSubstring("[[published]]"));
}

TEST_CASE("Facts stand before those of their base, item by item", "[card_facts]") {
  const TemporaryFolder folder;
  WriteFile(folder / "base.toml", kComplete);
  WriteFile(folder / "made.card.toml",
            "base = \"base.toml\"\ndata = [\"Own.\"]\n[claim]\n7 = \"Own\"\n");
  const auto facts = ReadCardFacts(folder / "made.card.toml");
  REQUIRE(facts.ok());
  CHECK(facts.value().data == Paragraphs{"Own."});
  CHECK(facts.value().claim.at("7") == "Own");
  CHECK(facts.value().claim.at("8") == "Figures");
  WriteFile(folder / "made.card.toml", "base = \"absent.toml\"\n");
  CHECK(!ReadCardFacts(folder / "made.card.toml").ok());
}

}  // namespace
}  // namespace insitu
