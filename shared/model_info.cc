#include "shared/model_info.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "shared/decimal.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kPrefix = "insitu.";
constexpr std::array<std::string_view, 25> kKeys = {"id",
                                                    "version",
                                                    "kind",
                                                    "labels",
                                                    "positive",
                                                    "verdict.positive",
                                                    "verdict.negative",
                                                    "um_per_pixel",
                                                    "fit",
                                                    "pad_value",
                                                    "mean",
                                                    "std",
                                                    "output",
                                                    "temperature",
                                                    "threshold",
                                                    "threshold.sensitivity",
                                                    "threshold.specificity",
                                                    "calibration.interval",
                                                    "uncertain",
                                                    "operating_points",
                                                    "warning",
                                                    "training.data",
                                                    "training.commit",
                                                    "known_answer",
                                                    "self_sha256"};

constexpr double kLargest = 1e6;  // of what has no range of its own; stays far within a float

// Takes the text before the first separator off *list.
std::string_view TakePart(std::string_view* list, char separator = ',') {
  const size_t comma = std::min(list->find(separator), list->size());
  const std::string_view part = list->substr(0, comma);
  list->remove_prefix(std::min(comma + 1, list->size()));
  return part;
}

size_t PartCount(std::string_view list, char separator) {
  return 1 + static_cast<size_t>(std::count(list.begin(), list.end(), separator));
}

// Access to the entries by their name after "insitu.". The first thing that is wrong is kept, with
// the entry's name; after it all values are empty or 0.
class Entries {
 public:
  explicit Entries(const Metadata& metadata) : metadata_(metadata) { CheckKeys(); }

  const Status& status() const { return status_; }

  template <typename... Parts>
  [[gnu::always_inline]] void Refuse(std::string_view key, const char* pattern,
                                     const Parts&... parts) {
    WithParts([this, key](const char* p, const TextPart* array,
                          size_t count) { RefuseWith(key, p, array, count); },
              pattern, parts...);
  }

  bool Has(std::string_view key) const { return Find(key) != nullptr; }

  std::string_view Text(std::string_view key) {
    const std::string* value = Find(key);
    if (value == nullptr) {
      Refuse(key, "is missing");
    } else if (value->empty()) {
      Refuse(key, "is empty");
    }
    return value == nullptr || !status_.ok() ? std::string_view() : *value;
  }

  // Comma-separated, each in [lowest, highest].
  void Numbers(std::string_view key, double lowest, double highest, std::span<double> numbers) {
    Parse(key, Text(key), ',', lowest, highest, numbers);
  }

  // The same of a text that is, or is part of, the entry's.
  void Parse(std::string_view key, std::string_view text, char separator, double lowest,
             double highest, std::span<double> numbers) {
    if (PartCount(text, separator) != numbers.size()) {
      Refuse(key, "holds % numbers instead of %", PartCount(text, separator), numbers.size());
    }
    for (double& number : numbers) {
      const std::string_view part = TakePart(&text, separator);
      const std::optional<double> parsed = ParseDecimal(part);
      if (!parsed) {
        Refuse(key, "holds \"%\", which is not a decimal number of at most % digits", part,
               kMaxDecimalDigits);
      } else if (*parsed < lowest || *parsed > highest) {
        Refuse(key, "holds \"%\", which is out of range", part);
      }
      number = status_.ok() ? *parsed : 0;
    }
  }

  double Number(std::string_view key, double lowest, double highest) {
    double number = 0;
    Numbers(key, lowest, highest, {&number, 1});
    return number;
  }

  // The index of the value among the comma-separated choices.
  int Choice(std::string_view key, std::string_view choices) {
    const std::string_view value = Text(key);
    std::string_view rest = choices;
    for (int index = 0; !rest.empty(); ++index) {
      if (TakePart(&rest) == value) return index;
    }
    Refuse(key, "is \"%\", not one of %", value, choices);
    return 0;
  }

 private:
  // Every insitu.* key is known and stands there once.
  void CheckKeys() {
    for (const auto& [key, value] : metadata_) {
      const std::string_view name = key;
      if (!name.starts_with(kPrefix)) continue;
      const std::string_view rest = name.substr(kPrefix.size());
      if (std::find(kKeys.begin(), kKeys.end(), rest) == kKeys.end()) {
        Refuse(rest, "is not known to this engine");
      } else if (Find(rest) != &value) {
        Refuse(rest, "stands there twice");
      }
    }
  }

  const std::string* Find(std::string_view key) const {
    for (const auto& [name, value] : metadata_) {
      const std::string_view view = name;
      if (view.starts_with(kPrefix) && view.substr(kPrefix.size()) == key) return &value;
    }
    return nullptr;
  }

  void RefuseWith(std::string_view key, const char* pattern, const TextPart* parts, size_t count) {
    if (!status_.ok()) return;
    status_ = Fail(ErrorCode::kModelMetadata,
                   "The model's entry insitu.% %; correct it and export the model again.", key,
                   Fill(pattern, parts, count));
  }

  const Metadata& metadata_;
  Status status_;
};

std::vector<std::string> ReadLabels(Entries* entries) {
  std::string_view text = entries->Text("labels");
  std::vector<std::string> labels;
  while (!text.empty()) {
    const std::string_view label = TakePart(&text);
    if (label.empty()) entries->Refuse("labels", "holds an empty label");
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
      entries->Refuse("labels", "holds \"%\" twice", label);
    }
    labels.emplace_back(label);
  }
  if (labels.size() < 2) entries->Refuse("labels", "holds fewer than two labels");
  return labels;
}

void ReadTexts(Entries* entries, ModelInfo* info) {
  info->id = entries->Text("id");
  info->version = entries->Text("version");
  info->kind = entries->Text("kind");
  entries->Choice("kind", "histology,mammogram");
  info->labels = ReadLabels(entries);
  info->positive = entries->Choice("positive", entries->Text("labels"));
  info->positive_verdict = entries->Text("verdict.positive");
  info->negative_verdict = entries->Text("verdict.negative");
  if (entries->Has("warning")) info->warning = entries->Text("warning");
  info->training_data = entries->Text("training.data");
  info->training_commit = entries->Text("training.commit");
  info->self_sha256 = entries->Text("self_sha256");
  const std::string& digits = info->self_sha256;
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != digits.npos) {
    entries->Refuse("self_sha256", "is not 64 lower-case hexadecimal digits");
  }
}

void ReadInput(Entries* entries, ModelInfo* info) {
  InputSpec& input = info->input;
  constexpr Fit kFits[] = {Fit::kCrop, Fit::kPad, Fit::kStretch};
  input.fit = kFits[entries->Choice("fit", "crop,pad,stretch")];
  if (entries->Has("pad_value")) {
    const double pad_value = entries->Number("pad_value", 0, 255);
    input.pad_value = static_cast<uint8_t>(pad_value);
    if (input.pad_value != pad_value) entries->Refuse("pad_value", "is not a whole number");
  }
  double mean[3] = {};
  double std[3] = {};
  const auto count = static_cast<size_t>(input.channels);
  entries->Numbers("mean", -kLargest, kLargest, {mean, count});
  entries->Numbers("std", 0, kLargest, {std, count});
  for (size_t c = 0; c < count; ++c) {
    input.mean[c] = static_cast<float>(mean[c]);
    input.std[c] = static_cast<float>(std[c]);
    if (!std::isnormal(input.std[c])) entries->Refuse("std", "holds a number that cannot divide");
  }
  info->um_per_pixel = entries->Number("um_per_pixel", 0, kLargest);
  if (info->um_per_pixel == 0) entries->Refuse("um_per_pixel", "is 0");
}

void ReadOutput(Entries* entries, ModelInfo* info) {
  if (entries->Has("output")) {
    info->outputs_logits = entries->Choice("output", "probabilities,logits") == 1;
  }
  if (entries->Has("temperature")) {
    info->temperature = entries->Number("temperature", 0, kLargest);
    if (info->temperature == 0) entries->Refuse("temperature", "is 0");
  }
  info->threshold = entries->Number("threshold", 0, 1);
  info->threshold_sensitivity = entries->Number("threshold.sensitivity", 0, 1);
  info->threshold_specificity = entries->Number("threshold.specificity", 0, 1);
  List<double> answer(info->labels.size());
  entries->Numbers("known_answer", 0, 1, answer);
  info->known_answer = std::vector<float>(answer.size());
  for (size_t i = 0; i < answer.size(); ++i) {
    info->known_answer[i] = static_cast<float>(answer[i]);
  }
}

// p:low:high,…
void ReadInterval(Entries* entries, ModelInfo* info) {
  constexpr const char* kKey = "calibration.interval";
  if (!entries->Has(kKey)) return;
  double before = -1;
  for (std::string_view text = entries->Text(kKey); !text.empty();) {
    double n[3] = {};
    entries->Parse(kKey, TakePart(&text), ':', 0, 1, n);
    if (n[0] <= before || n[1] > n[2]) entries->Refuse(kKey, "does not rise");
    before = n[0];
    info->calibration_interval.push_back({n[0], n[1], n[2]});
  }
}

// name:threshold:sensitivity:specificity,…
void ReadOperatingPoints(Entries* entries, ModelInfo* info) {
  constexpr const char* kKey = "operating_points";
  if (!entries->Has(kKey)) return;
  for (std::string_view text = entries->Text(kKey); !text.empty();) {
    std::string_view numbers = TakePart(&text);
    const std::string_view name = TakePart(&numbers, ':');
    double n[3] = {};
    entries->Parse(kKey, numbers, ':', 0, 1, n);
    if (name.empty() || name.size() > kMaxPointNameBytes) {
      entries->Refuse(kKey, "holds the name \"%\", which is not of 1 to % bytes", name,
                      kMaxPointNameBytes);
      return;
    }
    OperatingPoint& point = info->operating_points.emplace_back();
    std::copy(name.begin(), name.end(), point.name);
    point.threshold = n[0];
    point.sensitivity = n[1];
    point.specificity = n[2];
  }
}

void ReadUncertain(Entries* entries, ModelInfo* info) {
  constexpr const char* kKey = "uncertain";
  if (!entries->Has(kKey)) return;
  double n[3] = {};
  entries->Numbers(kKey, 0, 1, n);
  if (n[0] > n[1]) entries->Refuse(kKey, "does not rise");
  info->uncertain = {n[0], n[1], n[2]};
}

}  // namespace

Result<ModelInfo> ReadModelInfo(const Metadata& metadata, int input_width, int input_height,
                                int input_channels) {
  const bool sides_fit = input_width >= 1 && input_width <= kMaxImageSide && input_height >= 1 &&
                         input_height <= kMaxImageSide;
  if (!sides_fit || (input_channels != 1 && input_channels != 3)) {
    return Fail(ErrorCode::kModelMetadata,
                "The model's input is % x % x %, which is not a grey or RGB image.", input_height,
                input_width, input_channels);
  }
  Entries entries(metadata);
  ModelInfo info;
  info.input.width = input_width;
  info.input.height = input_height;
  info.input.channels = input_channels;
  ReadTexts(&entries, &info);
  ReadInput(&entries, &info);
  ReadOutput(&entries, &info);
  ReadInterval(&entries, &info);
  ReadOperatingPoints(&entries, &info);
  ReadUncertain(&entries, &info);
  RETURN_IF_ERROR(entries.status());
  return info;
}

std::optional<CalibrationPoint> IntervalAt(const ModelInfo& info, double probability) {
  const List<CalibrationPoint>& points = info.calibration_interval;
  if (points.empty()) return std::nullopt;
  size_t after = 0;
  while (after < points.size() && points[after].probability < probability) ++after;
  const CalibrationPoint& b = points[std::min(after, points.size() - 1)];
  const CalibrationPoint& a = points[after == 0 ? 0 : after - 1];
  const double span = b.probability - a.probability;
  const double share = span > 0 ? (probability - a.probability) / span : 0;
  return CalibrationPoint{probability, a.low + share * (b.low - a.low),
                          a.high + share * (b.high - a.high)};
}

std::optional<UncertainBand> UncertainAt(const ModelInfo& info, double threshold) {
  if (!info.uncertain) return std::nullopt;
  const auto& [low, high, coverage] = *info.uncertain;
  return UncertainBand{std::min(low, threshold), std::max(high, threshold), coverage};
}

}  // namespace insitu
