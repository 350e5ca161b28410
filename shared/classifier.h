// Start here: model bytes + image bytes -> prediction. Everything else in shared/ serves this file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/explanation.h"
#include "shared/gate.h"
#include "shared/image.h"
#include "shared/model_info.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

struct StageTimes {
  double decode_ms = 0;
  double gate_ms = 0;  // of Read alone
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

// The network's output, one number a label -> calibrated probabilities: softmax(logits /
// temperature). Without logits the values are what a network gives that ends in softmax; theirs are
// the logarithms. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
void Calibrate(const ModelInfo& info, bool logits, std::vector<float>* values);

// What the gate said of an image, and whether it was read in spite of that.
struct Gate {
  bool known = false;  // an image was judged
  GateVerdict verdict;
  bool judged_anyway = false;
};

// Not thread-safe; one instance a thread. Movable, not copyable: it owns the network's memory.
class Classifier final : Scorer {
 public:
  // model: an ONNX file with the metadata of model_info.h; not referred to after the call. Checks
  // the file's own SHA-256, plans the network and runs the known answer; a model that fails any of
  // these is not served. Errors: kModelCorrupt, kModelUnsupported, kModelMetadata, kKnownAnswer,
  // kNotFinite, kOutOfMemory.
  static Result<Classifier> Create(std::span<const uint8_t> model);

  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  // What a person's image goes through. encoded: the bytes of an image file. It is read only where
  // the gate accepts it, or judge_anyway says so. Errors: those of DecodeImage, kImageRefused
  // (gate() tells why), and kNotFinite.
  Result<Prediction> Read(std::span<const uint8_t> encoded, bool judge_anyway);

  // Of the last Read that decoded its image, refused or not.
  const Gate& gate() const { return gate_; }

  // Which parts of the image moved the probability: explanation.h. Errors: those of Read.
  Result<Explanation> Explain(std::span<const uint8_t> encoded, bool judge_anyway);

  // Reads without asking the gate, for labelled images: an evaluation that leaves out what looks
  // odd would measure another thing. Errors: those of DecodeImage, and kNotFinite.
  Result<Prediction> Classify(std::span<const uint8_t> encoded);

  // The same for pixels at hand; decode_ms is 0.
  Result<Prediction> Classify(const Image& image);

  // Gives away the image that the last Read or Classify(encoded) decoded, refused or not, so that a
  // large one does not stay in memory.
  Image TakeLastImage() { return std::exchange(last_image_, {}); }

  const ModelInfo& info() const { return info_; }
  const Network& network() const { return *network_; }
  const std::string& sha256() const { return sha256_; }  // 64 hexadecimal digits, of the file

 private:
  Classifier(ModelInfo info, std::string sha256, std::unique_ptr<Network> network);
  Status CheckKnownAnswer();
  Status Judge(const Image& image, bool judge_anyway, StageTimes* times);
  Status RunNetwork(std::span<const float> input);
  Result<float> Score(std::span<const float> input) override;

  ModelInfo info_;
  std::string sha256_;
  std::unique_ptr<Network> network_;
  std::vector<float> input_;   // (input.height, input.width, input.channels)
  std::vector<float> output_;  // (labels)
  Gate gate_;
  Image last_image_;
};

}  // namespace insitu
