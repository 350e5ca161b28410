// Start here: model bytes + image bytes -> prediction. Everything else in shared/ serves this file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/image.h"
#include "shared/model_info.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

struct StageTimes {
  double decode_ms = 0;
  double preprocess_ms = 0;
  double network_ms = 0;
};

struct Prediction {
  std::vector<float> probabilities;  // one a label, in the order of ModelInfo::labels, sum 1
  bool positive = false;             // probabilities[info.positive] >= info.threshold
  int image_width = 0;               // pixels, after EXIF orientation
  int image_height = 0;
  Placement placement;  // which part of the image the network saw, and at what scale
  StageTimes times;
};

class Network;

// Not thread-safe; one instance a thread. Movable, not copyable: it owns the network's memory.
class Classifier {
 public:
  // model: an ONNX file with the metadata of model_info.h; not referred to after the call. Checks
  // the file's own SHA-256, plans the network and runs the known answer; a model that fails any of
  // these is not served. Errors: kModelCorrupt, kModelUnsupported, kModelMetadata, kKnownAnswer,
  // kNotFinite, kOutOfMemory.
  static Result<Classifier> Create(std::span<const uint8_t> model);

  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  // encoded: the bytes of an image file. Errors: those of DecodeImage, and kNotFinite.
  Result<Prediction> Classify(std::span<const uint8_t> encoded);

  // The same for pixels at hand; decode_ms is 0.
  Result<Prediction> Classify(const Image& image);

  // Gives away the image that the last successful Classify(encoded) decoded, so that a large one
  // does not stay in memory.
  Image TakeLastImage() { return std::exchange(last_image_, {}); }

  const ModelInfo& info() const { return info_; }
  const Network& network() const { return *network_; }
  const std::string& sha256() const { return sha256_; }  // 64 hexadecimal digits, of the file

 private:
  Classifier(ModelInfo info, std::string sha256, std::unique_ptr<Network> network);
  Status CheckKnownAnswer();

  ModelInfo info_;
  std::string sha256_;
  std::unique_ptr<Network> network_;
  std::vector<float> input_;   // (input.height, input.width, input.channels)
  std::vector<float> output_;  // (labels)
  Image last_image_;
};

}  // namespace insitu
