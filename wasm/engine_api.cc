#include "wasm/engine_api.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "shared/classifier.h"

struct insitu_classifier {
  insitu::Classifier classifier;
  std::vector<double> numbers = {};  // by insitu_number_place
  insitu::Image preview = {};        // as read, grey or RGB
  std::vector<uint8_t> rgba = {};    // (preview.height, preview.width, 4)
  insitu::List<float> map = {};      // of the last explanation
};

namespace {

// Conventions 3 and 4 of the header: the texts of the last failure.
insitu::Error last_error{insitu::ErrorCode::kOk, ""};  // NOLINT: one instance, one thread

// The image reduced so that its longer side is at most `side`; never enlarged.
insitu::Image Preview(const insitu::Image& image, int side) {
  const int longer = std::max(image.width, image.height);
  if (longer <= side) return image;
  const double scale = static_cast<double>(side) / longer;
  const auto reduced = [scale](int length) {
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): positive, and far from what a float cannot hold
    return std::max(1, static_cast<int>(length * scale + 0.5));
  };
  return insitu::Resize(image, reduced(image.width), reduced(image.height));
}

std::vector<uint8_t> Rgba(const insitu::Image& image) {
  const auto channels = static_cast<size_t>(image.channels);
  const size_t count = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  std::vector<uint8_t> rgba(count * 4, 255);
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      rgba[i * 4 + c] = image.pixels[i * channels + (channels == 1 ? 0 : c)];
    }
  }
  return rgba;
}

// Left, top, width and height, as their places follow each other.
void SetRegion(const insitu::Placement& placement, double* numbers) {
  numbers[0] = placement.left;
  numbers[1] = placement.top;
  numbers[2] = placement.width;
  numbers[3] = placement.height;
}

// Where the labels' probabilities begin.
size_t Probabilities(const insitu::ModelInfo& info) {
  return INSITU_POINTS + 3 * info.operating_points.size();
}

void SetModelNumbers(const insitu::ModelInfo& info, double* numbers) {
  numbers[INSITU_LABEL_COUNT] = static_cast<double>(info.labels.size());
  numbers[INSITU_POSITIVE_LABEL] = info.positive;
  numbers[INSITU_THRESHOLD] = info.threshold;
  numbers[INSITU_THRESHOLD_SENSITIVITY] = info.threshold_sensitivity;
  numbers[INSITU_THRESHOLD_SPECIFICITY] = info.threshold_specificity;
  numbers[INSITU_INPUT_WIDTH] = info.input.width;
  numbers[INSITU_INPUT_HEIGHT] = info.input.height;
  numbers[INSITU_UM_PER_PIXEL] = info.um_per_pixel;
  numbers[INSITU_POINT_COUNT] = static_cast<double>(info.operating_points.size());
  double* point = numbers + INSITU_POINTS;
  for (const insitu::OperatingPoint& given : info.operating_points) {
    *point++ = given.threshold;
    *point++ = given.sensitivity;
    *point++ = given.specificity;
  }
  if (!info.uncertain) return;
  numbers[INSITU_UNCERTAIN_LOW] = info.uncertain->low;
  numbers[INSITU_UNCERTAIN_HIGH] = info.uncertain->high;
  numbers[INSITU_UNCERTAIN_COVERAGE] = info.uncertain->coverage;
}

void SetPredictionNumbers(const insitu::ModelInfo& info, const insitu::Prediction& prediction,
                          double* numbers) {
  numbers[INSITU_IS_POSITIVE] = prediction.positive ? 1 : 0;
  numbers[INSITU_IMAGE_WIDTH] = prediction.image_width;
  numbers[INSITU_IMAGE_HEIGHT] = prediction.image_height;
  SetRegion(prediction.placement, numbers + INSITU_REGION_LEFT);
  numbers[INSITU_SCALE] = prediction.placement.scale;
  numbers[INSITU_DECODE_MS] = prediction.times.decode_ms;
  numbers[INSITU_PREPROCESS_MS] = prediction.times.preprocess_ms;
  numbers[INSITU_NETWORK_MS] = prediction.times.network_ms;
  numbers[INSITU_GATE_MS] = prediction.times.gate_ms;
  std::copy(prediction.probabilities.begin(), prediction.probabilities.end(),
            numbers + Probabilities(info));
  const auto positive = static_cast<size_t>(info.positive);
  const auto interval = insitu::IntervalAt(info, prediction.probabilities[positive]);
  if (!interval) return;
  numbers[INSITU_PROBABILITY_LOW] = interval->low;
  numbers[INSITU_PROBABILITY_HIGH] = interval->high;
}

void SetGateNumbers(const insitu::Gate& gate, double* numbers) {
  if (!gate.known) return;
  numbers[INSITU_GATE_ACCEPTED] = gate.verdict.accepted ? 1 : 0;
  numbers[INSITU_GATE_SCORE] = gate.verdict.score;
  numbers[INSITU_JUDGED_ANYWAY] = gate.judged_anyway ? 1 : 0;
}

void SetMapNumbers(const insitu::Explanation& map, double* numbers) {
  numbers[INSITU_MAP_WIDTH] = map.columns;
  numbers[INSITU_MAP_HEIGHT] = map.rows;
  numbers[INSITU_MAP_PROBABILITY] = map.probability;
  SetRegion(map.placement, numbers + INSITU_MAP_LEFT);
}

int LastErrorCode(const insitu::Error& error) {
  last_error = error;
  return static_cast<int>(error.code);
}

// What insitu_classify and insitu_read have in common, after the engine has said what it has.
int Keep(insitu_classifier* held, insitu::Result<insitu::Prediction> prediction, int preview_side) {
  const bool ok = prediction.ok();
  const int code = ok ? 0 : LastErrorCode(prediction.error());
  SetGateNumbers(held->classifier.gate(), held->numbers.data());
  if (!ok && last_error.code != insitu::ErrorCode::kImageRefused) return code;
  if (ok) {
    SetPredictionNumbers(held->classifier.info(), prediction.value(), held->numbers.data());
  }
  held->preview = {};
  held->rgba.clear();
  const insitu::Image decoded = held->classifier.TakeLastImage();
  if (preview_side > 0) {
    held->preview = Preview(decoded, preview_side);
    held->rgba = Rgba(held->preview);
  }
  held->numbers[INSITU_PREVIEW_WIDTH] = held->preview.width;
  held->numbers[INSITU_PREVIEW_HEIGHT] = held->preview.height;
  return code;
}

}  // namespace

void* insitu_alloc(size_t size) { return std::malloc(size); }
void insitu_free(void* memory) { std::free(memory); }

insitu_classifier* insitu_create(const uint8_t* model, size_t size) {
  auto classifier = insitu::Classifier::Create({model, size});
  if (!classifier.ok()) {
    last_error = classifier.error();
    return nullptr;
  }
  auto* held = new insitu_classifier{.classifier = std::move(classifier.value())};
  const insitu::ModelInfo& info = held->classifier.info();
  held->numbers.assign(Probabilities(info) + info.labels.size(), NAN);
  SetModelNumbers(info, held->numbers.data());
  return held;
}

void insitu_destroy(insitu_classifier* classifier) { delete classifier; }

int insitu_classify(insitu_classifier* classifier, const uint8_t* image, size_t size,
                    int preview_side) {
  return Keep(classifier, classifier->classifier.Classify({image, size}), preview_side);
}

int insitu_read(insitu_classifier* classifier, const uint8_t* image, size_t size, int preview_side,
                int judge_anyway) {
  return Keep(classifier, classifier->classifier.Read({image, size}, judge_anyway != 0),
              preview_side);
}

int insitu_explain(insitu_classifier* classifier, const uint8_t* image, size_t size,
                   int judge_anyway) {
  auto explanation = classifier->classifier.Explain({image, size}, judge_anyway != 0);
  SetGateNumbers(classifier->classifier.gate(), classifier->numbers.data());
  if (!explanation.ok()) return LastErrorCode(explanation.error());
  SetMapNumbers(explanation.value(), classifier->numbers.data());
  classifier->map = std::move(explanation.value().values);
  return 0;
}

const float* insitu_map(const insitu_classifier* classifier) { return classifier->map.data(); }

const char* insitu_text(const insitu_classifier* classifier, int key, int index) {
  const insitu::ModelInfo& info = classifier->classifier.info();
  const insitu::Gate& gate = classifier->classifier.gate();
  const std::string* const texts[] = {&info.id,
                                      &info.version,
                                      &info.kind,
                                      &classifier->classifier.sha256(),
                                      &info.positive_verdict,
                                      &info.negative_verdict,
                                      &info.training_data,
                                      &info.warning};
  if (key >= 0 && key < INSITU_MODEL_LABEL) return texts[key]->c_str();
  const auto at = static_cast<size_t>(index);  // beyond all where it is negative
  switch (key) {
    case INSITU_MODEL_LABEL:
      return at < info.labels.size() ? info.labels[at].c_str() : nullptr;
    case INSITU_POINT_NAME:
      return at < info.operating_points.size() ? info.operating_points[at].name : nullptr;
    case INSITU_GATE_KIND:
      return gate.known ? insitu::KindName(gate.verdict.kind) : nullptr;
    case INSITU_GATE_REASON:
      return gate.known ? insitu::ReasonName(gate.verdict.reason) : nullptr;
    default:
      return nullptr;
  }
}

const double* insitu_numbers(const insitu_classifier* classifier) {
  return classifier->numbers.data();
}

const uint8_t* insitu_preview(const insitu_classifier* classifier) {
  return classifier->rgba.empty() ? nullptr : classifier->rgba.data();
}

const char* insitu_error_name(void) { return insitu::ErrorName(last_error.code); }
const char* insitu_error_message(void) { return last_error.message.c_str(); }
