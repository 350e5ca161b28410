#include "model/model_metadata.h"

#include <span>
#include <string_view>

#include "model/decimal_text.h"
#include "model/onnx_fields.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kDigits = 9;  // enough to give every float back exactly
constexpr int kFewDigits = 4;

template <typename Numbers>
std::string Joined(const Numbers& numbers, std::string (*text)(double, int)) {
  std::string list;
  for (const double number : numbers) {
    if (!list.empty()) list += ",";
    list += text(number, kDigits);
  }
  return list;
}

std::string Short(double number) { return DecimalText(number, kFewDigits); }

std::string IntervalText(const List<CalibrationPoint>& points) {
  std::string text;
  for (const CalibrationPoint& p : points) {
    text += StrCat(text.empty() ? "" : ",", Short(p.probability), ":", FixedText(p.low, kFewDigits),
                   ":", FixedText(p.high, kFewDigits));
  }
  return text;
}

std::string PointsText(const List<OperatingPoint>& points) {
  std::string text;
  for (const OperatingPoint& p : points) {
    text += StrCat(text.empty() ? "" : ",", p.name, ":", Short(p.threshold), ":",
                   Short(p.sensitivity), ":", Short(p.specificity));
  }
  return text;
}

OperatingPoint Balanced(const List<OperatingPoint>& points) {
  for (const OperatingPoint& point : points) {
    if (std::string_view(point.name) == "balanced") return point;
  }
  return {};
}

}  // namespace

std::string KnownAnswerText(const std::vector<double>& probabilities) {
  return Joined(probabilities, FixedText);
}

Metadata ModelMetadata(const ModelConfig& config, const ModelFacts& facts) {
  const auto channels = static_cast<size_t>(facts.input.channels);
  const OperatingPoint balanced = Balanced(facts.operating_points);
  Metadata metadata = {
      {"insitu.id", config.id},
      {"insitu.version", config.version},
      {"insitu.kind", config.kind},
      {"insitu.labels", StrCat(config.labels[0], ",", config.labels[1])},
      {"insitu.positive", config.labels[1]},
      {"insitu.verdict.positive", config.verdicts[1]},
      {"insitu.verdict.negative", config.verdicts[0]},
      {"insitu.um_per_pixel", DecimalText(config.um_per_pixel, kDigits)},
      {"insitu.fit", config.fit},
      {"insitu.mean", Joined(std::span(facts.input.mean).first(channels), DecimalText)},
      {"insitu.std", Joined(std::span(facts.input.std).first(channels), DecimalText)},
      {"insitu.output", "probabilities"},
      {"insitu.temperature", "1"},
      {"insitu.threshold", DecimalText(balanced.threshold, kDigits)},
      {"insitu.threshold.sensitivity", Short(balanced.sensitivity)},
      {"insitu.threshold.specificity", Short(balanced.specificity)},
      {"insitu.calibration.interval", IntervalText(facts.calibration_interval)},
      {"insitu.uncertain",
       StrCat(FixedText(facts.uncertain.low, kFewDigits), ",",
              FixedText(facts.uncertain.high, kFewDigits), ",", Short(facts.uncertain.coverage))},
      {"insitu.operating_points", PointsText(facts.operating_points)},
      {"insitu.training.data", facts.training_data},
      {"insitu.training.commit", facts.commit},
      {std::string(kKnownAnswerKey), KnownAnswerText(facts.known_answer)},
  };
  if (!config.warning.empty()) metadata.emplace_back("insitu.warning", config.warning);
  return metadata;
}

}  // namespace insitu
