#include "shared/classifier.h"

#include <catch_amalgamated.hpp>
#include <cmath>

#include "shared/network/network.h"
#include "shared/sha256.h"
#include "tests/make_image.h"
#include "tests/make_model.h"

namespace insitu {
namespace {

Classifier Made(const ClassifierModelOptions& options = {}) {
  auto classifier = Classifier::Create(MakeClassifierModel(options));
  INFO((classifier.ok() ? "" : classifier.error().message));
  REQUIRE(classifier.ok());
  return std::move(classifier.value());
}

Error Refused(const std::vector<uint8_t>& model) {
  const auto classifier = Classifier::Create(model);
  REQUIRE_FALSE(classifier.ok());
  return classifier.error();
}

Image Picture(int width, int height, int channels = 3) {
  return KnownAnswerImage(width, height, channels);
}

TEST_CASE("A prediction has a probability for each label that sum to one", "[classifier]") {
  Classifier classifier = Made();
  const auto prediction = classifier.Classify(Picture(8, 8));
  REQUIRE(prediction.ok());
  REQUIRE(prediction.value().probabilities.size() == 2);
  CHECK(std::fabs(prediction.value().probabilities[0] + prediction.value().probabilities[1] - 1) <
        1e-6F);
  CHECK(prediction.value().image_width == 8);
  CHECK(prediction.value().placement.scale == 1);
}

TEST_CASE("The decision is made at the model's threshold, which itself counts as positive",
          "[classifier]") {
  Classifier even = Made();
  const float p = even.Classify(Picture(8, 8)).value().probabilities[1];
  ClassifierModelOptions below;
  below.threshold = static_cast<double>(p) - 1e-6;
  ClassifierModelOptions above;
  above.threshold = static_cast<double>(p) + 1e-6;
  CHECK(Made(below).Classify(Picture(8, 8)).value().positive);
  CHECK_FALSE(Made(above).Classify(Picture(8, 8)).value().positive);
}

TEST_CASE("Temperature moves probabilities towards each other without changing the order",
          "[classifier]") {
  ClassifierModelOptions warm;
  warm.temperature = 3;
  const auto cold = Made().Classify(Picture(8, 8)).value().probabilities;
  const auto calibrated = Made(warm).Classify(Picture(8, 8)).value().probabilities;
  const double expected = std::log(static_cast<double>(cold[1] / cold[0])) / 3;
  CHECK(std::fabs(std::log(static_cast<double>(calibrated[1] / calibrated[0])) - expected) < 1e-4);
}

TEST_CASE("A network that ends in logits gives the same as one that ends in softmax",
          "[classifier]") {
  ClassifierModelOptions logits;
  logits.logits = true;
  const auto a = Made().Classify(Picture(8, 8)).value().probabilities;
  const auto b = Made(logits).Classify(Picture(8, 8)).value().probabilities;
  CHECK(std::fabs(a[1] - b[1]) < 1e-6F);
}

TEST_CASE("Encoded bytes and decoded pixels give the same prediction", "[classifier]") {
  Classifier classifier = Made();
  const Image image = Picture(8, 8);
  const auto from_pixels = classifier.Classify(image).value().probabilities;
  const auto from_bytes = classifier.Classify(EncodePng(image)).value().probabilities;
  CHECK(from_pixels == from_bytes);
  CHECK(classifier.TakeLastImage().pixels == image.pixels);
  CHECK(classifier.TakeLastImage().pixels.empty());
}

TEST_CASE("An image that cannot be read gives its error and spoils nothing", "[classifier]") {
  Classifier classifier = Made();
  const auto before = classifier.Classify(Picture(8, 8)).value().probabilities;
  const std::vector<uint8_t> text = {'t', 'e', 'x', 't'};
  CHECK(classifier.Classify(text).error().code == ErrorCode::kImageUnknown);
  CHECK(classifier.Classify(Picture(8, 8)).value().probabilities == before);
}

TEST_CASE("The SHA-256 of a model is its file's", "[classifier]") {
  const auto bytes = MakeClassifierModel();
  const auto classifier = Classifier::Create(bytes);
  REQUIRE(classifier.ok());
  CHECK(classifier.value().sha256() == HexDigits(Sha256(bytes)));
}

TEST_CASE("A model with any one byte changed is refused", "[classifier]") {
  const auto whole = MakeClassifierModel();
  REQUIRE(Classifier::Create(whole).ok());
  for (size_t i = 0; i < whole.size(); ++i) {
    auto changed = whole;
    changed[i] ^= 1;
    const auto classifier = Classifier::Create(changed);
    INFO("byte " << i);
    CHECK_FALSE(classifier.ok());
  }
}

TEST_CASE("A model whose known answer comes out differently is refused", "[classifier]") {
  ClassifierModelOptions within;
  within.known_answer_offset = 5e-5F;
  CHECK(Classifier::Create(MakeClassifierModel(within)).ok());
  ClassifierModelOptions beyond;
  beyond.known_answer_offset = 2e-4F;
  const Error error = Refused(MakeClassifierModel(beyond));
  CHECK(error.code == ErrorCode::kKnownAnswer);
  CHECK(error.message.find("known answer") != std::string::npos);
}

TEST_CASE("A network that returns NaN is refused when it is loaded", "[classifier]") {
  ClassifierModelOptions options;
  options.last_bias = NAN;
  options.metadata = {{"insitu.known_answer", "0.5,0.5"}};
  CHECK(Refused(MakeClassifierModel(options)).code == ErrorCode::kNotFinite);
}

TEST_CASE("A grey model reads RGB images and an RGB model reads grey ones", "[classifier]") {
  ClassifierModelOptions grey;
  grey.channels = 1;
  CHECK(Made(grey).Classify(Picture(8, 8, 3)).ok());
  CHECK(Made().Classify(Picture(8, 8, 1)).ok());
}

TEST_CASE("A model with its channels last gets the same pixels", "[classifier]") {
  ModelBuilder model;  // one dense layer over (height, width, channels)
  model.Input("image", {1, 8, 8, 3}).Output("y").Node("Flatten", {"image"}, {"y"});
  auto onnx = ReadOnnx(model.Bytes());
  auto network = Network::Create(std::move(onnx.value()), PlanOptions::ForImages());
  REQUIRE(network.ok());
  const auto pixels = TestNumbers(192, 1);
  std::vector<float> y(192);
  REQUIRE(network.value().Run(1, pixels, y).ok());
  CHECK(y == pixels);
}

TEST_CASE("A model for other than one image is refused with what to do", "[classifier]") {
  ClassifierModelOptions options;
  options.input_shape = {4, 3, 8, 8};
  options.metadata = {{"insitu.known_answer", "0.5,0.5"}};
  const Error error = Refused(MakeClassifierModel(options));
  CHECK(error.code == ErrorCode::kModelUnsupported);
}

TEST_CASE("A model whose labels are not as many as its outputs is refused", "[classifier]") {
  ClassifierModelOptions options;
  options.metadata = {{"insitu.labels", "no IDC,IDC,maybe"},
                      {"insitu.known_answer", "0.5,0.25,0.25"}};
  CHECK(Refused(MakeClassifierModel(options)).code == ErrorCode::kModelMetadata);
}

TEST_CASE("A model without metadata is refused by the entry it lacks", "[classifier]") {
  ClassifierModelOptions options;
  options.metadata = {{"insitu.threshold", ""}};
  const Error error = Refused(MakeClassifierModel(options));
  CHECK(error.code == ErrorCode::kModelMetadata);
  CHECK(error.message.find("insitu.threshold") != std::string::npos);
}

}  // namespace
}  // namespace insitu
