#include "model/model_config.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr const char* kWhole = R"(
id = "made"
kind = "mammogram"
um_per_pixel = 200
labels = ["none", "some"]
verdicts = ["nothing", "something"]
[input]
side = 40
colours = "grey"
fit = "pad"
[[layer]]
kind = "convolution"
filters = 8
side = 4
stride = 2
[[layer]]
kind = "separable"
filters = 8
padding = 1
residual = true
repeat = 2
[[layer]]
kind = "global_average_pool"
dropout = 0.25
)";

Result<ModelConfig> Read(const std::string& text, const std::string& overrides = "") {
  const TemporaryFolder folder;
  WriteFile(folder / "made.toml", text);
  return ReadModelConfig(folder / "made.toml", overrides);
}

std::string Refusal(const std::string& text, const std::string& overrides = "") {
  const auto config = Read(text, overrides);
  return config.ok() ? "" : config.error().message;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A config is read as it was meant, and the rest is at its defaults", "[model_config]") {
  const auto read = Read(kWhole);
  REQUIRE(read.ok());
  const ModelConfig& config = read.value();
  CHECK(config.labels[1] == "some");
  CHECK(config.input().fit == Fit::kPad);
  CHECK(config.input().channels == 1);
  CHECK(config.input().width == 40);
  const NetworkSpec& network = config.training.network;
  REQUIRE(network.layers.size() == 4);
  CHECK(network.layers[0].side == 4);
  CHECK(network.layers[2].kind == LayerKind::kSeparable);
  CHECK(network.layers[2].residual);
  CHECK(network.layers[3].dropout == 0.25);
  CHECK(config.training.epochs == TrainingSettings().epochs);
  CHECK(config.teacher_parts == 0);
}

TEST_CASE("Settings of the command line replace those of the file", "[model_config]") {
  const auto config = Read(kWhole, "folds = 2, training.epochs = 3, training.mixup = 0.5");
  REQUIRE(config.ok());
  CHECK(config.value().folds == 2);
  CHECK(config.value().training.epochs == 3);
  CHECK(config.value().training.mixup == 0.5);
  CHECK(Contains(Refusal(kWhole, "folds = "), "--set, line 1"));
  CHECK(Contains(Refusal(kWhole, "epochs = 3"), "there is no setting epochs"));
}

TEST_CASE("The text of a config is read as its file is, and its path is in the messages",
          "[model_config]") {
  const auto config = ParseModelConfig(kWhole, "made.toml", "folds = 2");
  REQUIRE(config.ok());
  CHECK(config.value().id == "made");
  CHECK(config.value().folds == 2);
  const auto refused = ParseModelConfig("size = 3", "made.toml", "");
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.starts_with("made.toml, line 1: there is no setting size"));
}

TEST_CASE("Teachers have parts, epochs and a weight, and at least two parts", "[model_config]") {
  const auto config =
      Read(kWhole, "distillation.parts = 2, distillation.epochs = 7, distillation.weight = 0.7");
  REQUIRE(config.ok());
  CHECK(config.value().teacher_parts == 2);
  CHECK(config.value().teacher_epochs == 7);
  CHECK(config.value().training.distillation == 0.7);
  CHECK(Read(kWhole, "distillation.parts = 0").ok());
  CHECK(Contains(Refusal(kWhole, "distillation.parts = 1"), "0 or at least 2"));
}

TEST_CASE("What is unknown, missing or of another type is named with its line", "[model_config]") {
  CHECK(Contains(Refusal(std::string("size = 3\n") + kWhole), "line 1: there is no setting size"));
  CHECK(Contains(Refusal(std::string(kWhole) + "filter = 3"), "there is no setting layer.filter"));
  CHECK(Contains(Refusal(std::string(kWhole) + "[[layer]]\nfilters = 3"), "needs a kind"));
  CHECK(Contains(Refusal(std::string(kWhole) + "[[layer]]\nkind = \"dense\""), "needs filters"));
  CHECK(Contains(Refusal("id = \"made\""), "the setting kind is needed"));
  CHECK(Contains(Refusal("id = 3"), "id is a text"));
  CHECK(Contains(Refusal("labels = [\"one\"]"), "two texts"));
  CHECK(Contains(Refusal("kind = \"other\""), "one of \"histology\", \"mammogram\""));
  CHECK(Contains(Refusal("id = "), "line 1"));
  CHECK(Contains(ReadModelConfig("no such file", "").error().message, "no such file"));
}

TEST_CASE("Numbers are taken at their limits and refused beyond", "[model_config]") {
  const auto takes = [](const std::string& setting) { return Read(kWhole, setting).ok(); };
  CHECK(takes("folds = 2"));
  CHECK(!takes("folds = 1"));
  CHECK(takes("training.average = 0.99999"));
  CHECK(!takes("training.average = 1"));
  CHECK(takes("augmentation.blur = 1"));
  CHECK(!takes("augmentation.blur = 1.01"));
  CHECK(!takes("augmentation.blur = nan"));
  CHECK(takes("distillation.parts = 16"));
  CHECK(!takes("distillation.parts = 17"));
  CHECK(takes("distillation.epochs = 1"));
  CHECK(!takes("distillation.epochs = 0"));
  CHECK(takes("training.epochs = 10000"));
  CHECK(!takes("training.epochs = 10001"));
  CHECK(Contains(Refusal(kWhole, "training.mixup = 2"), "training.mixup is a number from 0 to 1"));
}

TEST_CASE("Layers that are no network are refused", "[model_config]") {
  CHECK(Contains(Refusal(std::string(kWhole) + "[[layer]]\nkind = \"max_pool\"\nside = 2"),
                 "Layer 5"));
}

TEST_CASE("Settings that give other weights have another text", "[model_config]") {
  const auto text = [](const std::string& setting) {
    return SettingsText(Read(kWhole, setting).value().training);
  };
  CHECK(text("folds = 2") == text("folds = 3"));
  for (const char* setting :
       {"seed = 9", "training.epochs = 9", "training.weight_decay = 0.5", "augmentation.blur = 0.9",
        "training.label_smoothing = 0.2", "distillation.weight = 0.2", "layer = []"}) {
    CHECK(text(setting) != text("folds = 2"));
  }
}

TEST_CASE("A config may hold a warning", "[model_config]") {
  CHECK(Read(kWhole).value().warning.empty());
  const auto read = Read(kWhole, "warning = 'Few data.'");
  REQUIRE(read.ok());
  CHECK(read.value().warning == "Few data.");
}

}  // namespace
}  // namespace insitu
