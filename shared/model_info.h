// What a model says of itself: the insitu.* entries of an ONNX file's metadata_props.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/list.h"
#include "shared/preprocess.h"
#include "shared/result.h"

namespace insitu {

struct CalibrationPoint {
  double probability = 0;
  double low = 0, high = 0;
};

struct UncertainBand {
  double low = 0, high = 0;  // low <= high
  double coverage = 0;
};

inline constexpr size_t kMaxPointNameBytes = 15;

struct OperatingPoint {
  char name[kMaxPointNameBytes + 1] = {};  // ends in zeros
  double threshold = 0;
  double sensitivity = 0, specificity = 0;
};

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
//   insitu.calibration.interval   p:low:high,… (none): the 95 % interval of the calibrated
//                          probability where the model says p; p rises, all are in [0, 1]
//   insitu.uncertain       low,high,coverage (none): a probability in [low, high) is no answer; the
//                          others hold for this share of the patches of either class
//   insitu.operating_points   name:threshold:sensitivity:specificity,… (none); a
//                          name has at most 15 bytes
//   insitu.warning         what a person has to be told with every answer of this model (none)
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
  List<CalibrationPoint> calibration_interval;  // empty: not known
  std::optional<UncertainBand> uncertain;
  List<OperatingPoint> operating_points;
  std::string warning;  // empty: none
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

// The interval of the calibrated probability where the model says probability, linear between the
// points of insitu.calibration.interval; absent when the model has none. A probability beyond the
// first or last point gets that point's.
std::optional<CalibrationPoint> IntervalAt(const ModelInfo& info, double probability);

// Where no answer is given at a threshold: the model's uncertain band, widened to the threshold, so
// that at no threshold a higher probability gives a lower answer (public/src/judgement.ts has the
// same for the page). Absent when the model has no band.
std::optional<UncertainBand> UncertainAt(const ModelInfo& info, double threshold);

// The image whose answer every model carries: made from a fixed recurrence, so nothing real travels
// with a model. (height, width, channels) u8.
Image KnownAnswerImage(int width, int height, int channels);

}  // namespace insitu
