// The second half of gate_fit.h: what tells reasons apart, and the header of it all.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "model/gate/gate_fit.h"
#include "model/gate/logistic.h"

namespace insitu {
namespace {

constexpr double kPenalty = 1;

// The largest weight as a whole number: coarse, because each level more costs the download.
constexpr double kReasonLevels = 31;

struct Wrong {
  std::vector<double> standard;  // the mean of the image's tiles
  GateReason reason;
  double weight;
};

std::vector<Wrong> WrongImages(const std::vector<GateImage>& images, const GateModel& tissue) {
  std::map<std::string, double> counts;
  for (const GateImage& image : images) counts[image.family] += image.makes ? 1 : 0;
  std::vector<Wrong> wrong;
  for (const GateImage& image : images) {
    if (!image.makes || IsRight(image, GatePart::kTissue)) continue;
    Wrong one{std::vector<double>(kTileFeatureCount), image.reason, 400 / counts[image.family]};
    double weights = 0;
    for (const TileFeatures& tile : image.tiles) weights += TileWeight(tile);
    for (TileFeatures tile : image.tiles) {
      const double weight = TileWeight(tile) / weights;
      Standardise(tissue, tile);
      for (size_t i = 0; i < tile.size(); ++i) one.standard[i] += weight * tile[i];
    }
    wrong.push_back(std::move(one));
  }
  return wrong;
}

std::string Hexadecimal(float value) {
  char text[40];
  std::snprintf(text, sizeof text, "%aF", static_cast<double>(value));
  return text;
}

template <typename Values, typename Write>
std::string Array(const char* type, const std::string& name, const Values& values, Write write) {
  std::string text = std::string("inline constexpr std::array<") + type + ", " +
                     std::to_string(values.size()) + "> " + name + " = {\n";
  std::string line = "   ";
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string one = " " + write(values[i]) + (i + 1 < values.size() ? "," : "};");
    if (line.size() + one.size() > 100) {
      text += line + "\n";
      line = "   ";
    }
    line += one;
  }
  return text + line + "\n";
}

std::string GateText(const std::string& name, const FittedGate& gate) {
  const auto whole = [](int8_t value) { return std::to_string(value); };
  std::string text = Array("float", name + "Mean", gate.mean, Hexadecimal);
  text += Array("float", name + "Scale", gate.scale, Hexadecimal);
  text += Array("int8_t", name + "Whitening", gate.whitening, whole);
  text += Array("float", name + "Weights", gate.weights, Hexadecimal);
  return text + "inline constexpr GateModel " + name + "Gate = {\n    " + name + "Mean, " + name +
         "Scale, " + name + "Whitening, " + Hexadecimal(gate.whitening_scale) + ",\n    " + name +
         "Weights, " + Hexadecimal(gate.distance_weight) + ", " + Hexadecimal(gate.constant) +
         ", " + Hexadecimal(gate.wary) + "};\n\n";
}

}  // namespace

FittedReasons FitReasons(const std::vector<GateImage>& images, const GateModel& tissue) {
  const std::vector<Wrong> wrong = WrongImages(images, tissue);
  std::set<GateReason> reasons;
  for (const Wrong& one : wrong) reasons.insert(one.reason);
  FittedReasons fitted{{reasons.begin(), reasons.end()}, {}};
  std::vector<double> weights;
  for (const GateReason reason : reasons) {
    std::vector<Example> examples;
    for (const Wrong& one : wrong) {
      examples.push_back({one.standard, one.reason == reason, one.weight});
    }
    const std::vector<double> row = FitLogistic(examples, kPenalty);
    weights.insert(weights.end(), row.begin(), row.end());
  }
  constexpr size_t kRow = kTileFeatureCount + 1;
  double largest = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (i % kRow == kTileFeatureCount) weights[i] /= kReasonConstantScale;
    largest = std::max(largest, std::fabs(weights[i]));
  }
  for (const double weight : weights) {
    fitted.weights.push_back(static_cast<int8_t>(std::lround(weight / largest * kReasonLevels)));
  }
  return fitted;
}

std::string ParametersHeader(const FittedGate& tissue, const FittedGate& film,
                             const FittedReasons& reasons) {
  const auto whole = [](int8_t value) { return std::to_string(value); };
  const auto number = [](GateReason reason) {
    return "GateReason{" + std::to_string(static_cast<int>(reason)) + "}";
  };
  return "// Written by insitu-fit-gate; do not edit. make gate\n"
         "#pragma once\n\n#include <array>\n#include <cstdint>\n\n#include \"shared/gate.h\"\n"
         "#include \"shared/gate_model.h\"\n\nnamespace insitu {\n\n// clang-format off\n" +
         GateText("kTissue", tissue) + GateText("kFilm", film) +
         Array("GateReason", "kGateReasons", reasons.reasons, number) +
         Array("int8_t", "kReasonWeights", reasons.weights, whole) +
         "// clang-format on\n\n}  // namespace insitu\n";
}

}  // namespace insitu
