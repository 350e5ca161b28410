#include "model/seed_metadata.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

namespace insitu {
namespace {

SeedFacts MadeFacts() {
  SeedFacts facts;
  facts.id = "made";
  facts.version = "1.2.3";
  facts.input.mean = {0.802772105f, 0.628695965f, 1e-3f};
  facts.input.std = {0.1f, 0.25f, 0.5f};
  facts.threshold = 0.515;
  facts.held_out.sensitivity = 0.81234;
  facts.held_out.specificity = 0.75;
  facts.training_data = "made data";
  facts.commit = "abc123";
  facts.known_answer = {0.25, 0.75};
  return facts;
}

Metadata Complete(const SeedFacts& facts) {
  Metadata metadata = SeedMetadata(facts);
  metadata.emplace_back("insitu.self_sha256", std::string(64, '0'));
  return metadata;
}

TEST_CASE("What the seed model says of itself is read back as it was meant", "[seed_metadata]") {
  const SeedFacts facts = MadeFacts();
  const auto info = ReadModelInfo(Complete(facts), 50, 50, 3);
  REQUIRE(info.ok());
  CHECK(info.value().id == "made");
  CHECK(info.value().labels == std::vector<std::string>{"no IDC", "IDC"});
  CHECK(info.value().positive == 1);
  CHECK(info.value().input.mean == facts.input.mean);
  CHECK(info.value().input.std == facts.input.std);
  CHECK(info.value().threshold == 0.515);
  CHECK(info.value().threshold_sensitivity == 0.8123);
  CHECK(info.value().training_commit == "abc123");
  CHECK(info.value().known_answer == std::vector<float>{0.25f, 0.75f});
}

TEST_CASE("A known answer that is all but certain is read back too", "[seed_metadata]") {
  SeedFacts facts = MadeFacts();
  facts.known_answer = {8.7e-36, 1};
  const auto info = ReadModelInfo(Complete(facts), 50, 50, 3);
  REQUIRE(info.ok());
  CHECK(info.value().known_answer == std::vector<float>{0, 1});
}

}  // namespace
}  // namespace insitu
