#include "model/trained_model.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <span>

#include "model/files.h"
#include "model/model_metadata.h"
#include "model/onnx_writer.h"
#include "shared/preprocess.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

void Report(std::span<const HeldOut> held_out, double prevalence, const Chosen& chosen) {
  const Calibration& c = chosen.calibration;
  std::cout << "Calibration on " << held_out.size() << " held-out answers: temperature "
            << 1 / c.scale << ", shift " << c.shift << "; negative log-likelihood "
            << Nll(held_out, {}) << " -> " << Nll(held_out, c) << ", expected calibration error "
            << CalibrationError(held_out, {}) << " -> " << CalibrationError(held_out, c)
            << "\nAUC of all these together " << Auc(ScoresAt(held_out, c, 0.5)).value_or(0)
            << '\n';
  for (const OperatingPoint& point : chosen.points) {
    const Rates rates = {point.sensitivity, point.specificity};
    std::cout << "Threshold " << point.threshold << " (" << point.name << "): BAC "
              << rates.balanced_accuracy() << ", sensitivity " << rates.sensitivity
              << ", specificity " << rates.specificity << ", F1 " << F1At(prevalence, rates)
              << '\n';
  }
  std::cout << "Uncertain from " << chosen.uncertain.low << " to " << chosen.uncertain.high
            << std::endl;
}

// Of the network as it is stored, by libtorch: the engine checks itself against it.
std::vector<double> KnownAnswer(const NetworkWeights& stored, const InputSpec& input) {
  std::vector<float> tensor(stored.spec.input_size());
  const Image image = KnownAnswerImage(input.width, input.height, input.channels);
  if (!Preprocess(image, input, tensor).ok()) std::abort();  // sizes agree by construction
  const std::vector<float> logits = NetworkLogits(stored, tensor);
  const double negative = 1 / (1 + std::exp(double{logits[1]} - logits[0]));
  return {negative, 1 - negative};
}

}  // namespace

Result<Chosen> Choose(const ModelConfig& config, const CaseCounts& counts,
                      const std::vector<std::string>& case_ids, std::vector<HeldOut> held_out) {
  RETURN_IF_ERROR(Weigh(counts, case_ids, config.prevalence, &held_out));
  Chosen chosen;
  chosen.calibration = FitCalibration(held_out);
  chosen.points = ChooseOperatingPoints(held_out, chosen.calibration, config.prevalence);
  chosen.interval = CalibrationInterval(held_out, chosen.calibration, config.training.seed);
  const double threshold = chosen.points[1].threshold;
  chosen.uncertain = ChooseUncertainBand(held_out, chosen.calibration, kCoverage, threshold);
  Report(held_out, config.prevalence, chosen);
  return chosen;
}

std::string PrevalenceText(const ModelConfig& config) {
  const long permille = std::lround(config.prevalence * 1000);
  return StrCat("The probability is for patches of which ", permille / 10, ".", permille % 10,
                " % are ", config.labels[1]);
}

Result<NetworkWeights> WriteModel(const Provenance& provenance, NetworkWeights weights,
                                  const std::string& path) {
  const auto& [config, input, chosen, training_data, commit] = provenance;
  BakeCalibration(chosen.calibration, &weights);
  weights = AsStored(weights);
  const Metadata metadata = ModelMetadata(config, {.input = input,
                                                   .operating_points = chosen.points,
                                                   .calibration_interval = chosen.interval,
                                                   .uncertain = chosen.uncertain,
                                                   .training_data = training_data,
                                                   .commit = commit,
                                                   .known_answer = KnownAnswer(weights, input)});
  const std::vector<uint8_t> file = OnnxFile(weights, metadata);
  RETURN_IF_ERROR(WriteFile(path, file));
  std::cout << path << ": " << file.size() << " bytes, ends in its SHA-256 "
            << std::string(file.end() - 64, file.end()) << std::endl;
  return weights;
}

}  // namespace insitu
