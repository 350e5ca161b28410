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
    return std::max(1, static_cast<int>(std::lround(length * scale)));
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
    default:
      return NAN;
  }
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
  return new insitu_classifier{
      .classifier = std::move(classifier.value()), .prediction = {}, .preview = {}, .rgba = {}};
}

void insitu_destroy(insitu_classifier* classifier) { delete classifier; }

int insitu_classify(insitu_classifier* classifier, const uint8_t* image, size_t size,
                    int preview_side) {
  auto prediction = classifier->classifier.Classify({image, size});
  if (!prediction.ok()) {
    last_error = prediction.error();
    return static_cast<int>(last_error.code);
  }
  classifier->prediction = std::move(prediction.value());
  classifier->has_prediction = true;
  classifier->preview = {};
  classifier->rgba.clear();
  const insitu::Image decoded = classifier->classifier.TakeLastImage();
  if (preview_side > 0) {
    classifier->preview = Preview(decoded, preview_side);
    classifier->rgba = Rgba(classifier->preview);
  }
  return 0;
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
    case INSITU_POINT_NAME: {
      const insitu::OperatingPoint* point = PointAt(info, index);
      return point == nullptr ? nullptr : point->name;
    }
    default:
      return nullptr;
  }
}

double insitu_number(const insitu_classifier* classifier, int key, int index) {
  if (key < INSITU_PROBABILITY) return ModelNumber(classifier->classifier, key, index);
  if (!classifier->has_prediction) return NAN;
  return PredictionNumber(*classifier, key, index);
}

const uint8_t* insitu_preview(const insitu_classifier* classifier) {
  return classifier->rgba.empty() ? nullptr : classifier->rgba.data();
}

const char* insitu_error_name(void) { return insitu::ErrorName(last_error.code); }
const char* insitu_error_message(void) { return last_error.message.c_str(); }
