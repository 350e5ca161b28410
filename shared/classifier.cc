#include "shared/classifier.h"

#include <algorithm>
#include <cmath>

#include "shared/clock.h"
#include "shared/limits.h"
#include "shared/logarithm.h"
#include "shared/network/network.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

// How far the known answer may be off: builds differ in the last bits (relaxed SIMD fuses
// multiply-add), training in the order of its sums; a damaged weight is far beyond.
constexpr float kKnownAnswerTolerance = 1e-4F;

// SHA-256 of the file with the digits of its own checksum, wherever they stand, read as zeros.
std::string SelfSha256(std::span<const uint8_t> model, const std::string& digits) {
  const auto at = std::search(model.begin(), model.end(), digits.begin(), digits.end());
  const auto before = static_cast<size_t>(at - model.begin());
  const std::vector<uint8_t> zeros(digits.size(), '0');
  Sha256Stream hash;
  hash.Update(model.first(before));
  hash.Update(zeros);
  hash.Update(model.subspan(before + digits.size()));
  return HexDigits(hash.Finish());
}

// The graph's one input as (height, width, channels), and its one output as one value a label.
struct Geometry {
  int height = 0;
  int width = 0;
  int channels = 0;
};

Result<Geometry> ImageGeometry(const Network& network) {
  const auto unsupported = [](const std::string& what) {
    return Fail(ErrorCode::kModelUnsupported, "The model cannot be used to classify images: %.",
                what);
  };
  if (network.inputs().size() != 1 || network.outputs().size() != 1) {
    return unsupported("it has more than one input or output");
  }
  const PlannedEnd& input = network.inputs()[0];
  if (input.shape.size() != 4 || input.shape[0] != 1) {
    return unsupported(StrCat("its input is ", ShapeText(input.shape),
                              ", not one image; export it with a batch of 1 or an open one"));
  }
  const bool channels_last = input.layout == Layout::kPlain;
  const int64_t channels = input.shape[channels_last ? 3 : 1];
  const int64_t height = input.shape[channels_last ? 1 : 2];
  const int64_t width = input.shape[channels_last ? 2 : 3];
  if ((channels != 1 && channels != 3) || height > kMaxImageSide || width > kMaxImageSide) {
    return unsupported(StrCat("its input is ", ShapeText(input.shape), ", neither grey nor RGB"));
  }
  return Geometry{static_cast<int>(height), static_cast<int>(width), static_cast<int>(channels)};
}

}  // namespace

void Calibrate(const ModelInfo& info, bool logits, std::vector<float>* values) {
  const auto logit = [&info, logits](float value) {
    constexpr double kSmallest = 1e-30;  // of a float that is not subnormal, or so
    const double raw = logits ? value : Log(std::max<double>(value, kSmallest));
    return raw / info.temperature;
  };
  double largest = -HUGE_VAL;
  for (const float value : *values) largest = std::max(largest, logit(value));
  double sum = 0;
  for (float& value : *values) {
    sum += value = static_cast<float>(Exp(logit(value) - largest));
  }
  for (float& value : *values) value = static_cast<float>(value / sum);
}

Classifier::Classifier(ModelInfo info, std::string sha256, std::unique_ptr<Network> network)
    : info_(std::move(info)),
      sha256_(std::move(sha256)),
      network_(std::move(network)),
      input_(static_cast<size_t>(info_.input.height) * static_cast<size_t>(info_.input.width) *
             static_cast<size_t>(info_.input.channels)),
      output_(info_.labels.size()) {}

Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Result<Classifier> Classifier::Create(std::span<const uint8_t> model) {
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model, Halves::kRefer));
  const Metadata metadata = std::move(onnx.metadata);
  ASSIGN_OR_RETURN(Network planned, Network::Create(std::move(onnx), PlanOptions::ForImages()));
  auto network = std::make_unique<Network>(std::move(planned));
  ASSIGN_OR_RETURN(const Geometry input, ImageGeometry(*network));
  ASSIGN_OR_RETURN(ModelInfo info,
                   ReadModelInfo(metadata, input.width, input.height, input.channels));
  if (SelfSha256(model, info.self_sha256) != info.self_sha256) {
    return Fail(ErrorCode::kModelCorrupt,
                "The model file was changed after it was made: its checksum differs. Fetch it "
                "again; nothing is predicted with it.");
  }
  const int64_t outputs = ElementCount(network->outputs()[0].shape);
  if (outputs != static_cast<int64_t>(info.labels.size())) {
    return Fail(ErrorCode::kModelMetadata,
                "The model names % labels in insitu.labels but has % outputs.", info.labels.size(),
                outputs);
  }
  Classifier classifier(std::move(info), HexDigits(Sha256(model)), std::move(network));
  RETURN_IF_ERROR(classifier.CheckKnownAnswer());
  return classifier;
}

Status Classifier::CheckKnownAnswer() {
  const InputSpec& input = info_.input;
  ASSIGN_OR_RETURN(const Prediction answer,
                   Classify(KnownAnswerImage(input.width, input.height, input.channels)));
  float worst = 0;
  for (size_t i = 0; i < info_.known_answer.size(); ++i) {
    worst = std::max(worst, std::fabs(answer.probabilities[i] - info_.known_answer[i]));
  }
  if (worst <= kKnownAnswerTolerance) return {};
  return Fail(ErrorCode::kKnownAnswer,
              "The model does not give its own known answer on this device (off by % millionths); "
              "nothing is predicted with it.",
              static_cast<int>(worst * 1e6F));
}

Result<Prediction> Classifier::Read(std::span<const uint8_t> encoded, bool judge_anyway) {
  StageTimes times;
  const double start = NowMs();
  ASSIGN_OR_RETURN(last_image_, DecodeImage(encoded));
  times.decode_ms = NowMs() - start;
  RETURN_IF_ERROR(Judge(last_image_, judge_anyway, &times));
  ASSIGN_OR_RETURN(Prediction prediction, Classify(last_image_));
  prediction.times.decode_ms = times.decode_ms;
  prediction.times.gate_ms = times.gate_ms;
  return prediction;
}

Result<Explanation> Classifier::Explain(std::span<const uint8_t> encoded, bool judge_anyway) {
  StageTimes times;
  ASSIGN_OR_RETURN(const Image image, DecodeImage(encoded));
  RETURN_IF_ERROR(Judge(image, judge_anyway, &times));
  ASSIGN_OR_RETURN(const Placement placement, Preprocess(image, info_.input, input_));
  ASSIGN_OR_RETURN(Explanation explanation, Occlude(input_, info_.input, this));
  explanation.placement = placement;
  return explanation;
}

Status Classifier::Judge(const Image& image, bool judge_anyway, StageTimes* times) {
  const double start = NowMs();
  const bool wants_film = info_.kind == "mammogram";
  gate_.verdict = JudgeImage(image, wants_film ? ImageKind::kMammogram : ImageKind::kHistology);
  gate_.known = true;
  gate_.judged_anyway = judge_anyway && !gate_.verdict.accepted;
  times->gate_ms = NowMs() - start;
  if (gate_.verdict.accepted || judge_anyway) return {};
  return Fail(ErrorCode::kImageRefused,
              "The model cannot judge this image; use one that it was made for.");
}

Result<Prediction> Classifier::Classify(std::span<const uint8_t> encoded) {
  const double start = NowMs();
  ASSIGN_OR_RETURN(last_image_, DecodeImage(encoded));
  const double decode_ms = NowMs() - start;
  ASSIGN_OR_RETURN(Prediction prediction, Classify(last_image_));
  prediction.times.decode_ms = decode_ms;
  return prediction;
}

// Leaves the calibrated probabilities in output_.
Status Classifier::RunNetwork(std::span<const float> input) {
  RETURN_IF_ERROR(network_->Run(1, input, output_));
  for (float value : output_) {
    if (!std::isfinite(value)) {
      return Fail(ErrorCode::kNotFinite,
                  "The network returned something that is not a number; no prediction is made.");
    }
  }
  Calibrate(info_, info_.outputs_logits, &output_);
  return {};
}

Result<float> Classifier::Score(std::span<const float> input) {
  RETURN_IF_ERROR(RunNetwork(input));
  return output_[static_cast<size_t>(info_.positive)];
}

Result<Prediction> Classifier::Classify(const Image& image) {
  Prediction prediction;
  prediction.image_width = image.width;
  prediction.image_height = image.height;
  double start = NowMs();
  ASSIGN_OR_RETURN(prediction.placement, Preprocess(image, info_.input, input_));
  prediction.times.preprocess_ms = NowMs() - start;
  start = NowMs();
  RETURN_IF_ERROR(RunNetwork(input_));
  prediction.times.network_ms = NowMs() - start;
  prediction.probabilities = output_;
  prediction.positive =
      prediction.probabilities[static_cast<size_t>(info_.positive)] >= info_.threshold;
  return prediction;
}

}  // namespace insitu
