#include "wasm/engine_api.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "shared/classifier.h"

struct insitu_classifier {
  insitu::Classifier classifier;
  bool has_prediction = false;
  insitu::Prediction prediction;
  insitu::Image preview;      // as read, grey or RGB
  std::vector<uint8_t> rgba;  // (preview.height, preview.width, 4)
  insitu::Explanation explanation;
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

// Of an operating point, or null.
const insitu::OperatingPoint* PointAt(const insitu::ModelInfo& info, int index) {
  if (index < 0 || static_cast<size_t>(index) >= info.operating_points.size()) return nullptr;
  return &info.operating_points[static_cast<size_t>(index)];
}

double PointNumber(const insitu::ModelInfo& info, int key, int index) {
  const insitu::OperatingPoint* point = PointAt(info, index);
  if (point == nullptr) return NAN;
  if (key == INSITU_POINT_THRESHOLD) return point->threshold;
  return key == INSITU_POINT_SENSITIVITY ? point->sensitivity : point->specificity;
}

double ModelNumber(const insitu::Classifier& classifier, int key, int index) {
  const insitu::ModelInfo& info = classifier.info();
  switch (key) {
    case INSITU_LABEL_COUNT:
      return static_cast<double>(info.labels.size());
    case INSITU_POSITIVE_LABEL:
      return info.positive;
    case INSITU_THRESHOLD:
      return info.threshold;
    case INSITU_THRESHOLD_SENSITIVITY:
      return info.threshold_sensitivity;
    case INSITU_THRESHOLD_SPECIFICITY:
      return info.threshold_specificity;
    case INSITU_INPUT_WIDTH:
      return info.input.width;
    case INSITU_INPUT_HEIGHT:
      return info.input.height;
    case INSITU_UM_PER_PIXEL:
      return info.um_per_pixel;
    case INSITU_UNCERTAIN_LOW:
      return info.uncertain ? info.uncertain->low : NAN;
    case INSITU_UNCERTAIN_HIGH:
      return info.uncertain ? info.uncertain->high : NAN;
    case INSITU_UNCERTAIN_COVERAGE:
      return info.uncertain ? info.uncertain->coverage : NAN;
    case INSITU_POINT_COUNT:
      return static_cast<double>(info.operating_points.size());
    case INSITU_POINT_THRESHOLD:
    case INSITU_POINT_SENSITIVITY:
    case INSITU_POINT_SPECIFICITY:
      return PointNumber(info, key, index);
    default:
      return NAN;
  }
}

// 95 % interval of the positive label's probability.
double Bound(const insitu_classifier& held, int key) {
  const insitu::ModelInfo& info = held.classifier.info();
  const auto positive = static_cast<size_t>(info.positive);
  const auto interval = insitu::IntervalAt(info, held.prediction.probabilities[positive]);
  if (!interval) return NAN;
  return key == INSITU_PROBABILITY_LOW ? interval->low : interval->high;
}

double PredictionNumber(const insitu_classifier& held, int key, int index) {
  const insitu::Prediction& prediction = held.prediction;
  switch (key) {
    case INSITU_PROBABILITY:
      if (index < 0 || static_cast<size_t>(index) >= prediction.probabilities.size()) return NAN;
      return prediction.probabilities[static_cast<size_t>(index)];
    case INSITU_IS_POSITIVE:
      return prediction.positive ? 1 : 0;
    case INSITU_IMAGE_WIDTH:
      return prediction.image_width;
    case INSITU_IMAGE_HEIGHT:
      return prediction.image_height;
    case INSITU_REGION_LEFT:
      return prediction.placement.left;
    case INSITU_REGION_TOP:
      return prediction.placement.top;
    case INSITU_REGION_WIDTH:
      return prediction.placement.width;
    case INSITU_REGION_HEIGHT:
      return prediction.placement.height;
    case INSITU_SCALE:
      return prediction.placement.scale;
    case INSITU_DECODE_MS:
      return prediction.times.decode_ms;
    case INSITU_PREPROCESS_MS:
      return prediction.times.preprocess_ms;
    case INSITU_NETWORK_MS:
      return prediction.times.network_ms;
    case INSITU_PREVIEW_WIDTH:
      return held.preview.width;
    case INSITU_PREVIEW_HEIGHT:
      return held.preview.height;
    case INSITU_PROBABILITY_LOW:
    case INSITU_PROBABILITY_HIGH:
      return Bound(held, key);
    case INSITU_GATE_MS:
      return prediction.times.gate_ms;
    default:
      return NAN;
  }
}

double GateNumber(const insitu::Gate& gate, int key) {
  switch (key) {
    case INSITU_GATE_ACCEPTED:
      return gate.verdict.accepted ? 1 : 0;
    case INSITU_GATE_SCORE:
      return gate.verdict.score;
    case INSITU_JUDGED_ANYWAY:
      return gate.judged_anyway ? 1 : 0;
    default:
      return NAN;
  }
}

double MapNumber(const insitu::Explanation& map, int key) {
  switch (key) {
    case INSITU_MAP_WIDTH:
      return map.columns;
    case INSITU_MAP_HEIGHT:
      return map.rows;
    case INSITU_MAP_PROBABILITY:
      return map.probability;
    case INSITU_MAP_LEFT:
      return map.placement.left;
    case INSITU_MAP_TOP:
      return map.placement.top;
    case INSITU_MAP_REGION_WIDTH:
      return map.placement.width;
    case INSITU_MAP_REGION_HEIGHT:
      return map.placement.height;
    default:
      return NAN;
  }
}

int LastErrorCode(const insitu::Error& error) {
  last_error = error;
  return static_cast<int>(error.code);
}

// What insitu_classify and insitu_read have in common, after the engine has said what it has.
int Keep(insitu_classifier* held, insitu::Result<insitu::Prediction> prediction, int preview_side) {
  const bool ok = prediction.ok();
  const int code = ok ? 0 : LastErrorCode(prediction.error());
  if (!ok && last_error.code != insitu::ErrorCode::kImageRefused) return code;
  if (ok) {
    held->prediction = std::move(prediction.value());
    held->has_prediction = true;
  }
  held->preview = {};
  held->rgba.clear();
  const insitu::Image decoded = held->classifier.TakeLastImage();
  if (preview_side > 0) {
    held->preview = Preview(decoded, preview_side);
    held->rgba = Rgba(held->preview);
  }
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
  return new insitu_classifier{.classifier = std::move(classifier.value()),
                               .prediction = {},
                               .preview = {},
                               .rgba = {},
                               .explanation = {}};
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
  if (!explanation.ok()) return LastErrorCode(explanation.error());
  classifier->explanation = std::move(explanation.value());
  return 0;
}

const float* insitu_map(const insitu_classifier* classifier) {
  const auto& values = classifier->explanation.values;
  return values.size() == 0 ? nullptr : values.data();
}

const char* insitu_text(const insitu_classifier* classifier, int key, int index) {
  const insitu::ModelInfo& info = classifier->classifier.info();
  switch (key) {
    case INSITU_MODEL_ID:
      return info.id.c_str();
    case INSITU_MODEL_VERSION:
      return info.version.c_str();
    case INSITU_MODEL_KIND:
      return info.kind.c_str();
    case INSITU_MODEL_SHA256:
      return classifier->classifier.sha256().c_str();
    case INSITU_MODEL_LABEL:
      if (index < 0 || static_cast<size_t>(index) >= info.labels.size()) return nullptr;
      return info.labels[static_cast<size_t>(index)].c_str();
    case INSITU_POSITIVE_VERDICT:
      return info.positive_verdict.c_str();
    case INSITU_NEGATIVE_VERDICT:
      return info.negative_verdict.c_str();
    case INSITU_TRAINING_DATA:
      return info.training_data.c_str();
    case INSITU_MODEL_WARNING:
      return info.warning.c_str();
    case INSITU_POINT_NAME: {
      const insitu::OperatingPoint* point = PointAt(info, index);
      return point == nullptr ? nullptr : point->name;
    }
    case INSITU_GATE_KIND:
      return classifier->classifier.gate().known
                 ? insitu::KindName(classifier->classifier.gate().verdict.kind)
                 : nullptr;
    case INSITU_GATE_REASON:
      return classifier->classifier.gate().known
                 ? insitu::ReasonName(classifier->classifier.gate().verdict.reason)
                 : nullptr;
    default:
      return nullptr;
  }
}

double insitu_number(const insitu_classifier* classifier, int key, int index) {
  if (key < INSITU_PROBABILITY) return ModelNumber(classifier->classifier, key, index);
  if (key >= INSITU_MAP_WIDTH) {
    const insitu::Explanation& map = classifier->explanation;
    return map.values.size() == 0 ? NAN : MapNumber(map, key);
  }
  if (key >= INSITU_GATE_ACCEPTED) {
    return classifier->classifier.gate().known ? GateNumber(classifier->classifier.gate(), key)
                                               : NAN;
  }
  if (!classifier->has_prediction && key != INSITU_PREVIEW_WIDTH && key != INSITU_PREVIEW_HEIGHT) {
    return NAN;
  }
  return PredictionNumber(*classifier, key, index);
}

const uint8_t* insitu_preview(const insitu_classifier* classifier) {
  return classifier->rgba.empty() ? nullptr : classifier->rgba.data();
}

const char* insitu_error_name(void) { return insitu::ErrorName(last_error.code); }
const char* insitu_error_message(void) { return last_error.message.c_str(); }
