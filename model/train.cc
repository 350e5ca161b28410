// insitu-train: fits the seed network and writes it as an ONNX file with all that using it needs.
//
// Cases are split into folds, contiguous blocks of ids. For each fold a network is trained on the
// others; on the patches it has not seen, calibration, threshold, sensitivity and specificity are
// measured. The network that is written is then trained on every case of the list with the same
// settings.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/calibration.h"
#include "model/dataset.h"
#include "model/decimal_text.h"
#include "model/files.h"
#include "model/onnx_writer.h"
#include "model/progress.h"
#include "model/seed_metadata.h"
#include "model/train_options.h"
#include "model/training.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kUsageError = 2;
constexpr int kFailure = 1;

Result<PatchSet> ReadTrainingSet(const TrainOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> cases, ReadCaseList(options.list));
  ASSIGN_OR_RETURN(PatchList list, ListPatches(options.data));
  const std::vector<std::string> missing = KeepCases(cases, &list);
  if (!list.errors.empty()) return Located(list.errors[0].path, list.errors[0].error);
  std::cout << cases.size() - missing.size() << " of the " << cases.size()
            << " listed cases are there, with " << list.patches.size() << " patches";
  if (list.duplicates > 0) std::cout << "; " << list.duplicates << " stored twice count once";
  std::cout << ".\n";
  for (const std::string& id : missing) std::cout << "Case " << id << " has no patches.\n";
  if (cases.size() - missing.size() < options.folds) {
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("There are fewer cases with patches than the ", options.folds,
                        " folds; give more cases or --folds less.")};
  }
  Progress progress("Reading patches", list.patches.size());
  return LoadPatches(list.patches, Fit::kCrop, [&progress](size_t done) { progress.Update(done); });
}

struct Split {
  std::vector<size_t> train;
  std::vector<size_t> held_out;
};

// Contiguous blocks of the sorted ids are held out, because neighbouring ids of the public release
// may share a section or a woman. fold: absent to train on everything. Errors: kInvalidArgument
// when a part lacks a class.
Result<Split> SplitByCase(const PatchSet& set, size_t folds, std::optional<size_t> fold) {
  Split split;
  bool trained_on[2] = {};
  bool held[2] = {};
  for (size_t i = 0; i < set.size(); ++i) {
    const bool is_held_out = fold && set.case_of[i] * folds / set.cases.size() == *fold;
    (is_held_out ? split.held_out : split.train).push_back(i);
    (is_held_out ? held : trained_on)[set.labels[i]] = true;
  }
  if (!trained_on[0] || !trained_on[1] || (fold && (!held[0] || !held[1]))) {
    return Error{ErrorCode::kInvalidArgument,
                 "The cases, or those of one fold, lack patches of one class; give more cases."};
  }
  return split;
}

SeedWeights Train(const PatchSet& set, const std::vector<size_t>& indices,
                  const TrainingSettings& settings, const std::string& what) {
  Progress progress(what, static_cast<size_t>(settings.epochs));
  return TrainSeed(set, indices, settings, [&progress](const EpochReport& report) {
    progress.Update(static_cast<size_t>(report.epoch),
                    StrCat("loss ", DecimalText(report.loss, 3)));
  });
}

std::vector<HeldOut> Judge(const PatchSet& set, const std::vector<size_t>& indices,
                           const InputSpec& spec, const SeedWeights& weights) {
  constexpr size_t kChunk = 1024;  // bounds the memory of the normalised images
  std::vector<HeldOut> judged;
  for (size_t from = 0; from < indices.size(); from += kChunk) {
    const auto chunk = std::span(indices).subspan(from, std::min(kChunk, indices.size() - from));
    const std::vector<float> logits = SeedLogits(weights, Normalised(set, chunk, spec));
    for (size_t i = 0; i < chunk.size(); ++i) {
      judged.push_back({double{logits[2 * i + 1]} - logits[2 * i], set.labels[chunk[i]] == 1});
    }
  }
  return judged;
}

// The patches of every fold, judged by the network that has not seen it.
Result<std::vector<HeldOut>> CrossValidate(const PatchSet& set, const TrainOptions& options) {
  std::vector<HeldOut> all;
  double sum_of_auc = 0, sum_of_accuracy = 0;
  for (size_t fold = 0; fold < options.folds; ++fold) {
    ASSIGN_OR_RETURN(const Split split, SplitByCase(set, options.folds, fold));
    const SeedWeights weights =
        Train(set, split.train, options.training,
              StrCat("Hold-out ", fold + 1, " of ", options.folds, ", epoch"));
    const auto judged = Judge(set, split.held_out, options.training.input, AsStored(weights));
    const Metrics metrics = ComputeMetrics(ScoresAt(judged, {}, 0.5));
    std::cout << "Hold-out " << fold + 1 << ": " << metrics.n << " patches, AUC " << *metrics.auc
              << ", BAC at .5 " << *metrics.balanced_accuracy << " (uncalibrated)" << std::endl;
    sum_of_auc += *metrics.auc;
    sum_of_accuracy += *metrics.balanced_accuracy;
    all.insert(all.end(), judged.begin(), judged.end());
  }
  const auto folds = static_cast<double>(options.folds);
  std::cout << "Mean of the folds: AUC " << sum_of_auc / folds << ", BAC at .5 "
            << sum_of_accuracy / folds << std::endl;
  return all;
}

struct OperatingPoint {
  Calibration calibration;
  double threshold = 0.5;
  Metrics held_out;
};

OperatingPoint ChooseOperatingPoint(const std::vector<HeldOut>& held_out) {
  OperatingPoint point;
  point.calibration = FitCalibration(held_out);
  point.threshold = BestThreshold(held_out, point.calibration, kReleasePrevalence);
  point.held_out = ComputeMetrics(ScoresAt(held_out, point.calibration, point.threshold));
  const double sensitivity = point.held_out.sensitivity.value_or(0);
  const double specificity = point.held_out.specificity.value_or(0);
  std::cout << "Calibration on all held-out patches: temperature " << 1 / point.calibration.scale
            << ", shift " << point.calibration.shift << "; negative log-likelihood, classes alike, "
            << BalancedNll(held_out, {}) << " -> " << BalancedNll(held_out, point.calibration)
            << "\nThreshold " << point.threshold << ": BAC " << *point.held_out.balanced_accuracy
            << ", sensitivity " << sensitivity << ", specificity " << specificity << ", AUC "
            << *point.held_out.auc << "; F1 of IDC " << point.held_out.f1.value_or(0)
            << ", where IDC is as frequent as in the release "
            << F1At(kReleasePrevalence, sensitivity, specificity) << std::endl;
  return point;
}

// Of the network as it is stored, by libtorch: the engine checks itself against it.
std::vector<double> KnownAnswer(const SeedWeights& stored, const InputSpec& spec) {
  std::vector<float> tensor(kSeedInputSize);
  const Image image = KnownAnswerImage(kSeedSide, kSeedSide, kSeedChannels);
  if (!Preprocess(image, spec, tensor).ok()) std::abort();  // sizes agree by construction
  const std::vector<float> logits = SeedLogits(stored, tensor);
  const double negative = 1 / (1 + std::exp(double{logits[1]} - logits[0]));
  return {negative, 1 - negative};
}

std::string DescribeData(const TrainOptions& options, const PatchSet& set) {
  return StrCat(options.source, ": ", set.cases.size(), " cases, ", set.size(),
                " patches. Sensitivity and specificity by ", options.folds,
                "-fold hold-out by case. The probability assumes that IDC is as likely as not.");
}

Status TrainAndWrite(TrainOptions options) {
  ASSIGN_OR_RETURN(const PatchSet set, ReadTrainingSet(options));
  const ChannelStatistics statistics = MeasureChannels(set);
  InputSpec& input = options.training.input;
  input = {.width = kSeedSide, .height = kSeedSide, .channels = kSeedChannels, .fit = Fit::kCrop};
  input.mean = statistics.mean;
  input.std = statistics.std;

  ASSIGN_OR_RETURN(const std::vector<HeldOut> held_out, CrossValidate(set, options));
  const OperatingPoint point = ChooseOperatingPoint(held_out);
  if (options.out.empty()) return {};

  ASSIGN_OR_RETURN(const Split everything, SplitByCase(set, options.folds, std::nullopt));
  SeedWeights weights = Train(set, everything.train, options.training, "Final fit, epoch");
  BakeCalibration(point.calibration, &weights);
  weights = AsStored(weights);
  const Metadata metadata = SeedMetadata({.id = options.id,
                                          .version = options.version,
                                          .input = input,
                                          .threshold = point.threshold,
                                          .held_out = point.held_out,
                                          .training_data = DescribeData(options, set),
                                          .commit = options.commit,
                                          .known_answer = KnownAnswer(weights, input)});
  const std::vector<uint8_t> file = SeedOnnx(weights, metadata);
  RETURN_IF_ERROR(WriteFile(options.out, file));
  std::cout << options.out << ": " << file.size() << " bytes, ends in its SHA-256 "
            << std::string(file.end() - 64, file.end()) << std::endl;
  return {};
}

int Run(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"--help"}) {
    std::cout << TrainUsage();
    return 0;
  }
  const Result<TrainOptions> options = ReadTrainOptions(words);
  if (!options.ok()) {
    std::cerr << options.error().message << "\n\n" << TrainUsage();
    return kUsageError;
  }
  std::cout << std::setprecision(4);
  const Status status = TrainAndWrite(options.value());
  if (status.ok()) return 0;
  std::cerr << "insitu-train: " << status.error().message << '\n';
  return kFailure;
}

}  // namespace
}  // namespace insitu

int main(int argc, char** argv) {
  return insitu::Run(std::vector<std::string>(argv + 1, argv + argc));
}
