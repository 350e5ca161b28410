#include "shared/model_info.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "shared/decimal.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kPrefix = "insitu.";
constexpr std::array<std::string_view, 21> kKeys = {
    "id",          "version",       "kind",
    "labels",      "positive",      "verdict.positive",
    "verdict.negative",             "um_per_pixel",
    "fit",         "pad_value",     "mean",
    "std",         "output",        "temperature",
    "threshold",   "threshold.sensitivity",
    "threshold.specificity",        "training.data",
    "training.commit",              "known_answer",
    "self_sha256"};

constexpr double kLargest = 1e6;  // of what has no range of its own; stays far within a float

Error Wrong(std::string_view key, std::string_view what) {
  return {ErrorCode::kModelMetadata, StrCat("The model's entry insitu.", key, " ", what,
                                            "; correct it and export the model again.")};
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t comma; (comma = text.find(',')) != text.npos; text.remove_prefix(comma + 1)) {
    parts.push_back(text.substr(0, comma));
  }
  parts.push_back(text);
  return parts;
}

std::string Quoted(std::string_view text) { return StrCat("\"", text, "\""); }

// Access to the entries by their name after "insitu."; each error names the entry.
class Entries {
 public:
  explicit Entries(const Metadata& metadata) : metadata_(metadata) {}

  // Every insitu.* key is known and stands there once.
  Status Check() const {
    std::vector<std::string_view> seen;
    for (const auto& [key, value] : metadata_) {
      const std::string_view name = key;
      if (!name.starts_with(kPrefix)) continue;
      const std::string_view rest = name.substr(kPrefix.size());
      if (std::find(kKeys.begin(), kKeys.end(), rest) == kKeys.end()) {
        return Wrong(rest, "is not known to this engine");
      }
      if (std::find(seen.begin(), seen.end(), rest) != seen.end()) {
        return Wrong(rest, "stands there twice");
      }
      seen.push_back(rest);
    }
    return {};
  }

  std::optional<std::string_view> Find(std::string_view key) const {
    for (const auto& [name, value] : metadata_) {
      const std::string_view view = name;
      if (view.starts_with(kPrefix) && view.substr(kPrefix.size()) == key) return value;
    }
    return std::nullopt;
  }

  Result<std::string> Text(std::string_view key) const {
    const std::optional<std::string_view> value = Find(key);
    if (!value) return Wrong(key, "is missing");
    if (value->empty()) return Wrong(key, "is empty");
    return std::string(*value);
  }

  // `count` numbers, comma-separated, each in [lowest, highest].
  Result<std::vector<double>> Numbers(std::string_view key, size_t count, double lowest,
                                      double highest) const {
    ASSIGN_OR_RETURN(const std::string text, Text(key));
    const std::vector<std::string_view> parts = Split(text);
    if (parts.size() != count) {
      return Wrong(key, StrCat("holds ", parts.size(), " numbers instead of ", count));
    }
    std::vector<double> numbers;
    for (const std::string_view part : parts) {
      const std::optional<double> number = ParseDecimal(part);
      if (!number) {
        return Wrong(key, StrCat("holds ", Quoted(part),
                                 ", which is not a decimal number of at most ", kMaxDecimalDigits,
                                 " digits"));
      }
      if (*number < lowest || *number > highest) {
        return Wrong(key, StrCat("holds ", Quoted(part), ", which is out of range"));
      }
      numbers.push_back(*number);
    }
    return numbers;
  }

  Result<double> Number(std::string_view key, double lowest, double highest) const {
    ASSIGN_OR_RETURN(const std::vector<double> numbers, Numbers(key, 1, lowest, highest));
    return numbers[0];
  }

  // The index of the value among the choices.
  Result<int> Choice(std::string_view key, const std::vector<std::string>& choices) const {
    ASSIGN_OR_RETURN(const std::string value, Text(key));
    const auto found = std::find(choices.begin(), choices.end(), value);
    if (found != choices.end()) return static_cast<int>(found - choices.begin());
    std::string list;
    for (const std::string& choice : choices) {
      list += StrCat(list.empty() ? "" : ", ", Quoted(choice));
    }
    return Wrong(key, StrCat("is ", Quoted(value), ", not one of ", list));
  }

 private:
  const Metadata& metadata_;
};

Result<std::vector<std::string>> ReadLabels(const Entries& entries) {
  ASSIGN_OR_RETURN(const std::string text, entries.Text("labels"));
  std::vector<std::string> labels;
  for (const std::string_view label : Split(text)) {
    if (label.empty()) return Wrong("labels", "holds an empty label");
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
      return Wrong("labels", StrCat("holds ", Quoted(label), " twice"));
    }
    labels.emplace_back(label);
  }
  if (labels.size() < 2) return Wrong("labels", "holds fewer than two labels");
  return labels;
}

Status ReadTexts(const Entries& entries, ModelInfo* info) {
  ASSIGN_OR_RETURN(info->id, entries.Text("id"));
  ASSIGN_OR_RETURN(info->version, entries.Text("version"));
  ASSIGN_OR_RETURN(info->kind, entries.Text("kind"));
  RETURN_IF_ERROR(entries.Choice("kind", {"histology", "mammogram"}));
  ASSIGN_OR_RETURN(info->labels, ReadLabels(entries));
  ASSIGN_OR_RETURN(info->positive, entries.Choice("positive", info->labels));
  ASSIGN_OR_RETURN(info->positive_verdict, entries.Text("verdict.positive"));
  ASSIGN_OR_RETURN(info->negative_verdict, entries.Text("verdict.negative"));
  ASSIGN_OR_RETURN(info->training_data, entries.Text("training.data"));
  ASSIGN_OR_RETURN(info->training_commit, entries.Text("training.commit"));
  ASSIGN_OR_RETURN(info->self_sha256, entries.Text("self_sha256"));
  const std::string& digits = info->self_sha256;
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != digits.npos) {
    return Wrong("self_sha256", "is not 64 lower-case hexadecimal digits");
  }
  return {};
}

Status ReadInput(const Entries& entries, int channels, ModelInfo* info) {
  InputSpec& input = info->input;
  ASSIGN_OR_RETURN(const int fit, entries.Choice("fit", {"crop", "pad", "stretch"}));
  input.fit = fit == 0 ? Fit::kCrop : fit == 1 ? Fit::kPad : Fit::kStretch;
  if (entries.Find("pad_value")) {
    ASSIGN_OR_RETURN(const double pad_value, entries.Number("pad_value", 0, 255));
    input.pad_value = static_cast<uint8_t>(pad_value);
    if (input.pad_value != pad_value) return Wrong("pad_value", "is not a whole number");
  }
  const auto count = static_cast<size_t>(channels);
  ASSIGN_OR_RETURN(const std::vector<double> mean,
                   entries.Numbers("mean", count, -kLargest, kLargest));
  ASSIGN_OR_RETURN(const std::vector<double> std, entries.Numbers("std", count, 0, kLargest));
  for (size_t c = 0; c < count; ++c) {
    input.mean[c] = static_cast<float>(mean[c]);
    input.std[c] = static_cast<float>(std[c]);
    if (!std::isnormal(input.std[c])) return Wrong("std", "holds a number that cannot divide");
  }
  ASSIGN_OR_RETURN(info->um_per_pixel, entries.Number("um_per_pixel", 0, kLargest));
  if (info->um_per_pixel == 0) return Wrong("um_per_pixel", "is 0");
  return {};
}

Status ReadOutput(const Entries& entries, ModelInfo* info) {
  if (entries.Find("output")) {
    ASSIGN_OR_RETURN(const int output, entries.Choice("output", {"probabilities", "logits"}));
    info->outputs_logits = output == 1;
  }
  if (entries.Find("temperature")) {
    ASSIGN_OR_RETURN(info->temperature, entries.Number("temperature", 0, kLargest));
    if (info->temperature == 0) return Wrong("temperature", "is 0");
  }
  ASSIGN_OR_RETURN(info->threshold, entries.Number("threshold", 0, 1));
  ASSIGN_OR_RETURN(info->threshold_sensitivity, entries.Number("threshold.sensitivity", 0, 1));
  ASSIGN_OR_RETURN(info->threshold_specificity, entries.Number("threshold.specificity", 0, 1));
  ASSIGN_OR_RETURN(const std::vector<double> answer,
                   entries.Numbers("known_answer", info->labels.size(), 0, 1));
  for (const double probability : answer) {
    info->known_answer.push_back(static_cast<float>(probability));
  }
  return {};
}

}  // namespace

Result<ModelInfo> ReadModelInfo(const Metadata& metadata, int input_width, int input_height,
                                int input_channels) {
  const bool sides_fit = input_width >= 1 && input_width <= kMaxImageSide && input_height >= 1 &&
                         input_height <= kMaxImageSide;
  if (!sides_fit || (input_channels != 1 && input_channels != 3)) {
    return Error{ErrorCode::kModelMetadata,
                 StrCat("The model's input is ", input_height, " x ", input_width, " x ",
                        input_channels, ", which is not a grey or RGB image.")};
  }
  const Entries entries(metadata);
  RETURN_IF_ERROR(entries.Check());
  ModelInfo info;
  info.input.width = input_width;
  info.input.height = input_height;
  info.input.channels = input_channels;
  RETURN_IF_ERROR(ReadTexts(entries, &info));
  RETURN_IF_ERROR(ReadInput(entries, input_channels, &info));
  RETURN_IF_ERROR(ReadOutput(entries, &info));
  return info;
}

}  // namespace insitu
