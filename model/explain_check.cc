// Whether a model's maps are of the model or of the image alone: with its weights shuffled they
// must be others. Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <optional>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/json.h"
#include "model/random.h"
#include "model/rank_correlation.h"
#include "shared/explanation.h"
#include "shared/limits.h"
#include "shared/network/network.h"

namespace insitu {
namespace {

constexpr size_t kShuffles = 5;

// Each output's weights among themselves: what the network has learnt is gone, while about as much
// passes through it as before. All weights of a layer together leave a network that answers
// nothing.
void Shuffle(uint64_t seed, OnnxModel* model) {
  Random random(seed);
  for (auto& [name, tensor] : model->initializers) {
    if (tensor.shape.size() < 2) continue;
    const size_t row = tensor.floats.size() / static_cast<size_t>(tensor.shape[0]);
    for (size_t start = 0; start < tensor.floats.size(); start += row) {
      float* weights = &tensor.floats[start];
      for (size_t i = row; i > 1; --i) std::swap(weights[i - 1], weights[random.Below(i)]);
    }
  }
}

// The network's answer before its softmax: a shuffled one is often so certain that probabilities
// would not move at all.
void EndBeforeSoftmax(OnnxModel* model) {
  for (const OnnxNode& node : model->nodes) {
    const bool is_softmax = model->names.text(node.op_type) == "Softmax";
    if (is_softmax && node.outputs[0] == model->outputs[0].name) {
      model->outputs[0].name = node.inputs[0];
      return;
    }
  }
}

// A network without the checks of a Classifier, which a shuffled one does not pass. Its score is
// the log odds: a shuffled network is often so certain that probabilities would not move.
class BareNetwork final : public Scorer {
 public:
  BareNetwork(const ModelInfo& info, Network network)
      : info_(info), network_(std::move(network)), output_(info.labels.size()) {}

  Result<float> Score(std::span<const float> input) override {
    RETURN_IF_ERROR(network_.Run(1, input, output_));
    const auto positive = static_cast<size_t>(info_.positive);
    float other = -HUGE_VALF;  // the likeliest other label's
    for (size_t i = 0; i < output_.size(); ++i) {
      if (i != positive) other = std::max(other, output_[i]);
    }
    return output_[positive] - other;
  }

 private:
  const ModelInfo& info_;
  Network network_;
  std::vector<float> output_;
};

// seed: of the shuffle; none: the model's own weights.
Result<Explanation> Map(const std::vector<uint8_t>& model, const ModelInfo& info,
                        std::optional<uint64_t> seed, std::span<const float> input) {
  ASSIGN_OR_RETURN(OnnxModel onnx, ReadOnnx(model));
  EndBeforeSoftmax(&onnx);
  if (seed) Shuffle(*seed, &onnx);
  ASSIGN_OR_RETURN(Network network, Network::Create(std::move(onnx), PlanOptions::ForImages()));
  BareNetwork scorer(info, std::move(network));
  return Occlude(input, info.input, &scorer);
}

struct Check {
  std::string file;
  double log_odds = 0;
  double correlation = 0;  // with the maps of shuffled weights: mean of its absolute value
  size_t flat = 0;         // of those maps say the same everywhere, and are left out of the mean
};

Result<Check> CheckImage(const std::string& file, const std::vector<uint8_t>& model,
                         const ModelInfo& info) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(file, kMaxImageBytes, ErrorCode::kImageTooLarge));
  ASSIGN_OR_RETURN(const Image image, DecodeImage(bytes));
  const InputSpec& spec = info.input;
  std::vector<float> input(static_cast<size_t>(spec.width * spec.height * spec.channels));
  RETURN_IF_ERROR(Preprocess(image, spec, input));
  ASSIGN_OR_RETURN(const Explanation own, Map(model, info, {}, input));
  Check check{file, own.probability};
  for (size_t seed = 1; seed <= kShuffles; ++seed) {
    ASSIGN_OR_RETURN(const Explanation other, Map(model, info, seed, input));
    const auto [least, most] = std::minmax_element(other.values.begin(), other.values.end());
    if (*least == *most) ++check.flat;
    check.correlation += std::fabs(RankCorrelation(own.values, other.values));
  }
  check.correlation /= static_cast<double>(std::max<size_t>(1, kShuffles - check.flat));
  return check;
}

void Print(const std::vector<Check>& checks, bool json, std::ostream& out) {
  double sum = 0;
  size_t flat = 0;
  Json images = Json::array();
  for (const Check& check : checks) {
    sum += check.correlation;
    flat += check.flat;
    images.push_back(
        {{"file", check.file}, {"log_odds", check.log_odds}, {"correlation", check.correlation}});
    if (json) continue;
    out << check.file << ": log odds " << std::fixed << std::setprecision(3) << check.log_odds
        << ", |rank correlation| with shuffled weights " << check.correlation << '\n';
  }
  const double mean = sum / static_cast<double>(checks.size());
  if (json) {
    out << ToText({{"shuffles", kShuffles},
                   {"mean_correlation", mean},
                   {"flat", flat},
                   {"images", images}},
                  false)
        << std::endl;
  } else {
    out << "mean of " << checks.size() << " images, " << kShuffles << " shuffles each: " << mean
        << "; flat maps left out: " << flat << std::endl;
  }
}

}  // namespace

int RunExplainCheck(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"model", true}, {"json"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  const Words& files = arguments.value().positional();
  const std::string path = arguments.value().Text("model");
  if (path.empty() || files.empty()) {
    return UsageError("explain-check needs --model MODEL and an image.", err);
  }
  const Result<Classifier> classifier = LoadClassifier(path);  // which checks the model
  if (!classifier.ok()) return Failure(classifier.error(), err);
  const auto model = ReadFile(path, kMaxModelBytes, ErrorCode::kModelUnsupported);
  if (!model.ok()) return Failure(Located(path, model.error()), err);
  std::vector<Check> checks;
  for (const std::string& file : files) {
    const Result<Check> check = CheckImage(file, model.value(), classifier.value().info());
    if (!check.ok()) return Failure(Located(file, check.error()), err);
    checks.push_back(check.value());
  }
  Print(checks, arguments.value().Has("json"), out);
  return kExitOk;
}

}  // namespace insitu
