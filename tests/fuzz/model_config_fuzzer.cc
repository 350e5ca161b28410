// libFuzzer: arbitrary bytes as a model's TOML, and as the settings of a command line over a file
// that is right. What is taken is a network that can be laid out, within the limits; what is not is
// refused in a sentence that names where.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "model/model_config.h"
#include "model/network_spec.h"

namespace {

constexpr const char* kWhole = R"(id = "made"
kind = "histology"
um_per_pixel = 4
labels = ["none", "some"]
verdicts = ["nothing", "something"]
[[layer]]
kind = "convolution"
filters = 8
)";

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireNetwork(const insitu::NetworkSpec& network) {
  for (const insitu::Extent& extent : insitu::Extents(network)) {
    Require(extent.channels >= 1 && extent.side >= 1);
  }
  for (const insitu::LayerSpec& layer : network.layers) {
    Require(layer.dropout >= 0 && layer.dropout < 1);
  }
}

void RequireSound(const insitu::Result<insitu::ModelConfig>& read) {
  if (!read.ok()) {
    Require(read.error().code == insitu::ErrorCode::kInvalidArgument);
    Require(read.error().message.starts_with("made.toml") ||
            read.error().message.starts_with("--set"));
    return;
  }
  const insitu::ModelConfig& config = read.value();
  Require(!config.id.empty() && !config.kind.empty() && config.um_per_pixel > 0);
  Require(config.prevalence > 0 && config.prevalence < 1 && config.folds >= 2);
  Require(!config.labels[0].empty() && !config.verdicts[1].empty());
  RequireNetwork(config.training.network);
  Require(!insitu::SettingsText(config.training).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  RequireSound(insitu::ParseModelConfig(text, "made.toml", ""));
  RequireSound(insitu::ParseModelConfig(kWhole, "made.toml", text));
  return 0;
}
