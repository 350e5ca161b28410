#include "model/model_metadata.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

namespace insitu {
namespace {

ModelConfig MadeConfig() {
  ModelConfig config;
  config.id = "made";
  config.version = "1.2.3";
  config.kind = "histology";
  config.um_per_pixel = 4;
  config.labels = {"no IDC", "IDC"};
  config.verdicts = {"nothing", "something"};
  return config;
}

ModelFacts MadeFacts() {
  ModelFacts facts;
  facts.input.channels = 3;
  facts.input.mean = {0.802772105f, 0.628695965f, 1e-3f};
  facts.input.std = {0.1f, 0.25f, 0.5f};
  facts.operating_points = {{"screen", 0.1, 0.951, 0.6},
                            {"balanced", 0.515, 0.81234, 0.75},
                            {"confirm", 0.7, 0.5, 0.955}};
  facts.calibration_interval = {{0, 0, 0}, {0.5, 0.43214, 0.56789}, {1, 1, 1}};
  facts.uncertain = {0.25, 0.5, 0.9};
  facts.training_data = "made data";
  facts.commit = "abc123";
  facts.known_answer = {0.25, 0.75};
  return facts;
}

Metadata Complete(const ModelConfig& config, const ModelFacts& facts) {
  Metadata metadata = ModelMetadata(config, facts);
  metadata.emplace_back("insitu.self_sha256", std::string(64, '0'));
  return metadata;
}

TEST_CASE("What a trained model says of itself is read back as it was meant", "[model_metadata]") {
  const ModelFacts facts = MadeFacts();
  const auto read = ReadModelInfo(Complete(MadeConfig(), facts), 50, 50, 3);
  REQUIRE(read.ok());
  const ModelInfo& info = read.value();
  CHECK(info.id == "made");
  CHECK(info.labels == std::vector<std::string>{"no IDC", "IDC"});
  CHECK(info.positive == 1);
  CHECK(info.positive_verdict == "something");
  CHECK(info.input.mean == facts.input.mean);
  CHECK(info.input.std == facts.input.std);
  CHECK(info.threshold == 0.515);
  CHECK(info.threshold_sensitivity == 0.8123);
  CHECK(info.training_commit == "abc123");
  CHECK(info.known_answer == std::vector<float>{0.25f, 0.75f});
  REQUIRE(info.calibration_interval.size() == 3);
  CHECK(info.calibration_interval[1].low == 0.4321);
  CHECK(info.calibration_interval[1].high == 0.5679);
  REQUIRE(info.uncertain.has_value());
  CHECK(info.uncertain->low == 0.25);
  CHECK(info.uncertain->coverage == 0.9);
  REQUIRE(info.operating_points.size() == 3);
  CHECK(std::string(info.operating_points[2].name) == "confirm");
  CHECK(info.operating_points[2].specificity == 0.955);
}

TEST_CASE("A model of grey images has one mean and one deviation", "[model_metadata]") {
  ModelFacts facts = MadeFacts();
  facts.input.channels = 1;
  const auto info = ReadModelInfo(Complete(MadeConfig(), facts), 50, 50, 1);
  REQUIRE(info.ok());
  CHECK(info.value().input.mean[0] == facts.input.mean[0]);
}

TEST_CASE("A known answer that is all but certain is read back too", "[model_metadata]") {
  ModelFacts facts = MadeFacts();
  facts.known_answer = {8.7e-36, 1};
  const auto info = ReadModelInfo(Complete(MadeConfig(), facts), 50, 50, 3);
  REQUIRE(info.ok());
  CHECK(info.value().known_answer == std::vector<float>{0, 1});
}

TEST_CASE("A config's warning travels with the model, and none leaves no entry",
          "[model_metadata]") {
  ModelConfig config = MadeConfig();
  const auto none = ReadModelInfo(Complete(config, MadeFacts()), 50, 50, 3);
  REQUIRE(none.ok());
  CHECK(none.value().warning.empty());
  config.warning = "Few data, old film.";
  const auto some = ReadModelInfo(Complete(config, MadeFacts()), 50, 50, 3);
  REQUIRE(some.ok());
  CHECK(some.value().warning == config.warning);
}

}  // namespace
}  // namespace insitu
