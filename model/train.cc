// insitu-train: fits the seed network and writes it as an ONNX file with all that using it needs.
//
// Cases are split into folds. For each fold a network is trained on the others; on the patches it
// has not seen, calibration, threshold, sensitivity and specificity are measured. The network that
// is written is then trained on every case of the list with the same settings.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/arguments.h"
#include "model/calibration.h"
#include "model/dataset.h"
#include "model/files.h"
#include "model/onnx_writer.h"
#include "model/progress.h"
#include "model/seed_metadata.h"
#include "model/training.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kUsageError = 2;
constexpr int kFailure = 1;

constexpr const char* kUsage =
    R"(usage: insitu-train --data FOLDER --cases LIST.txt --out FILE.onnx [flags]

  --data FOLDER    patches as CASE/LABEL/…_classLABEL.png, the layout of the public IDC release
  --cases LIST     the cases to train on, one id a line
  --out FILE       the model to write
  --epochs N       the length of training (40)
  --steps N        of an epoch, each on 64 patches (128)
  --folds N        parts of the hold-out by case (3)
  --seed N         of every random choice (1)
  --threads N      of libtorch; another number gives other last digits (2)
  --id, --version  what the model calls itself (seed, 1.0.0)
  --commit HASH    the source it is trained from, for its metadata (unknown)
  --source TEXT    the data it is trained on, for its metadata (the path of the case list)
)";

struct Options {
  std::string data, cases, out, id, version, commit, source;
  size_t folds = 3;
  TrainingSettings training;
};

Result<Options> ReadOptions(const std::vector<std::string>& words) {
  ASSIGN_OR_RETURN(const Arguments arguments,
                   Arguments::Parse(words, {{"data", true},
                                            {"cases", true},
                                            {"out", true},
                                            {"epochs", true},
                                            {"steps", true},
                                            {"folds", true},
                                            {"seed", true},
                                            {"threads", true},
                                            {"id", true},
                                            {"version", true},
                                            {"commit", true},
                                            {"source", true}}));
  Options options;
  for (const char* needed : {"data", "cases", "out"}) {
    if (!arguments.Has(needed)) {
      return Error{ErrorCode::kInvalidArgument, StrCat("The flag --", needed, " is needed.")};
    }
  }
  if (!arguments.positional().empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("The argument ", arguments.positional()[0], " is not understood.")};
  }
  options.data = arguments.Text("data");
  options.cases = arguments.Text("cases");
  options.out = arguments.Text("out");
  options.id = arguments.Text("id", "seed");
  options.version = arguments.Text("version", "1.0.0");
  options.commit = arguments.Text("commit", "unknown");
  options.source = arguments.Text("source", options.cases);
  ASSIGN_OR_RETURN(const int64_t epochs, arguments.Integer("epochs", 40, 1, 10'000));
  ASSIGN_OR_RETURN(const int64_t steps, arguments.Integer("steps", 128, 1, 1'000'000));
  ASSIGN_OR_RETURN(const int64_t folds, arguments.Integer("folds", 3, 2, 1'000));
  ASSIGN_OR_RETURN(const int64_t seed, arguments.Integer("seed", 1, 0, INT64_MAX));
  ASSIGN_OR_RETURN(const int64_t threads, arguments.Integer("threads", 2, 1, 256));
  options.training.epochs = static_cast<int>(epochs);
  options.training.steps = static_cast<size_t>(steps);
  options.folds = static_cast<size_t>(folds);
  options.training.seed = static_cast<uint64_t>(seed);
  options.training.threads = static_cast<int>(threads);
  return options;
}

Result<PatchSet> ReadTrainingSet(const Options& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> cases, ReadCaseList(options.cases));
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

// fold: absent to train on everything. Errors: kInvalidArgument when a part lacks a class.
Result<Split> SplitByCase(const PatchSet& set, size_t folds, std::optional<size_t> fold) {
  Split split;
  bool trained_on[2] = {};
  bool held[2] = {};
  for (size_t i = 0; i < set.size(); ++i) {
    const bool is_held_out = fold && set.case_of[i] % folds == *fold;
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
                    StrCat("loss ", Decimal(report.loss, 3)));
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

Result<std::vector<HeldOut>> CrossValidate(const PatchSet& set, const Options& options) {
  std::vector<HeldOut> all;
  for (size_t fold = 0; fold < options.folds; ++fold) {
    ASSIGN_OR_RETURN(const Split split, SplitByCase(set, options.folds, fold));
    const SeedWeights weights =
        Train(set, split.train, options.training,
              StrCat("Hold-out ", fold + 1, " of ", options.folds, ", epoch"));
    const auto judged = Judge(set, split.held_out, options.training.input, AsStored(weights));
    const Metrics metrics = ComputeMetrics(ScoresAt(judged, {}, 0.5));
    std::cout << "Hold-out " << fold + 1 << ": " << metrics.n << " patches, AUC " << *metrics.auc
              << ", BAC at .5 " << *metrics.balanced_accuracy << " (uncalibrated)" << std::endl;
    all.insert(all.end(), judged.begin(), judged.end());
  }
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
  point.threshold = BestThreshold(held_out, point.calibration);
  point.held_out = ComputeMetrics(ScoresAt(held_out, point.calibration, point.threshold));
  std::cout << "Calibration on all held-out patches: temperature " << 1 / point.calibration.scale
            << ", shift " << point.calibration.shift << "; negative log-likelihood, classes alike, "
            << BalancedNll(held_out, {}) << " -> " << BalancedNll(held_out, point.calibration)
            << "\nThreshold " << point.threshold << ": BAC " << *point.held_out.balanced_accuracy
            << ", sensitivity " << *point.held_out.sensitivity << ", specificity "
            << *point.held_out.specificity << ", F1 of IDC " << point.held_out.f1.value_or(0)
            << ", AUC " << *point.held_out.auc << std::endl;
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

std::string DescribeData(const Options& options, const PatchSet& set) {
  return StrCat(options.source, ": ", set.cases.size(), " cases, ", set.size(),
                " patches. Sensitivity and specificity by ", options.folds,
                "-fold hold-out by case. The probability assumes that IDC is as likely as not.");
}

Status TrainAndWrite(Options options) {
  ASSIGN_OR_RETURN(const PatchSet set, ReadTrainingSet(options));
  const ChannelStatistics statistics = MeasureChannels(set);
  InputSpec& input = options.training.input;
  input = {.width = kSeedSide, .height = kSeedSide, .channels = kSeedChannels, .fit = Fit::kCrop};
  input.mean = statistics.mean;
  input.std = statistics.std;

  ASSIGN_OR_RETURN(const std::vector<HeldOut> held_out, CrossValidate(set, options));
  const OperatingPoint point = ChooseOperatingPoint(held_out);

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
    std::cout << kUsage;
    return 0;
  }
  const Result<Options> options = ReadOptions(words);
  if (!options.ok()) {
    std::cerr << options.error().message << "\n\n" << kUsage;
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
