// What a model says of itself: the insitu.* entries of an ONNX file's metadata_props.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

// Keys and their meaning; an unknown insitu.* key is an error, so that a typing slip is never
// silently ignored. Optional ones are marked with their default.
//   insitu.id              short name, for instance "seed"
//   insitu.version         for instance "1.0.0"
//   insitu.kind            "histology" or "mammogram"
//   insitu.labels          comma-separated, in the order of the network's outputs
//   insitu.positive        the label that counts as positive
//   insitu.verdict.positive, insitu.verdict.negative   the words a person reads
//   insitu.um_per_pixel    scale of the input
//   insitu.fit             "crop", "pad" or "stretch"
//   insitu.pad_value       0..255 (255)
//   insitu.mean, insitu.std   one number a channel, comma-separated, of pixel / 255
//   insitu.output          "probabilities" or "logits" (probabilities)
//   insitu.temperature     divides the logits (1)
//   insitu.threshold       positive when its probability is at or above this
//   insitu.threshold.sensitivity, insitu.threshold.specificity   measured where training.data says
//   insitu.training.data, insitu.training.commit
//   insitu.known_answer    probabilities, one a label, for KnownAnswerImage at the input's size
//   insitu.self_sha256     SHA-256 of the whole file with these 64 digits replaced by '0'
struct ModelInfo {
  std::string id;
  std::string version;
  std::string kind;
  std::vector<std::string> labels;
  int positive = 0;  // index into labels
  std::string positive_verdict;
  std::string negative_verdict;
  InputSpec input;  // width, height and channels come from the graph's input
  double um_per_pixel = 0;
  bool outputs_logits = false;
  double temperature = 1;
  double threshold = 0.5;
  double threshold_sensitivity = 0;
  double threshold_specificity = 0;
  std::string training_data;
  std::string training_commit;
  std::vector<float> known_answer;
  std::string self_sha256;
};

using Metadata = std::vector<std::pair<std::string, std::string>>;

// input_width, input_height, input_channels: of the graph's input.
// Errors: kModelMetadata, naming the entry.
Result<ModelInfo> ReadModelInfo(const Metadata& metadata, int input_width, int input_height,
                                int input_channels);

// The image whose answer every model carries: made from a fixed recurrence, so nothing real travels
// with a model. (height, width, channels) u8.
Image KnownAnswerImage(int width, int height, int channels);

}  // namespace insitu
