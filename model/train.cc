// insitu-train: fits the network of a model's config and writes it as an ONNX file with all that
// using it needs.
//
// Cases are split into folds, contiguous blocks of ids. For each fold a network is trained on the
// others; on the patches it has not seen, calibration and operating points are measured. The
// network that is written is then trained on every case of the list with the same settings.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/calibration.h"
#include "model/dataset.h"
#include "model/decimal_text.h"
#include "model/files.h"
#include "model/film_training.h"
#include "model/fit.h"
#include "model/onnx_writer.h"
#include "model/progress.h"
#include "model/split.h"
#include "model/train_options.h"
#include "model/trained_model.h"
#include "shared/divide_up.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kUsageError = 2;
constexpr int kFailure = 1;

struct TrainingSet {
  PatchSet patches;
  std::vector<PatchFile> files;  // of the patches
  std::vector<bool> listed;      // by index into patches.cases: may be held out
  size_t held_out_cases = 0;
  InputSpec input;
};

Result<std::vector<std::string>> ReadCases(const TrainOptions& options,
                                           std::vector<std::string>* listed) {
  ASSIGN_OR_RETURN(*listed, ReadCaseList(options.list));
  std::vector<std::string> cases = *listed;
  if (options.more.empty()) return cases;
  ASSIGN_OR_RETURN(const std::vector<std::string> more, ReadCaseList(options.more));
  for (const std::string& id : more) {
    if (std::find(listed->begin(), listed->end(), id) != listed->end()) {
      return Error{ErrorCode::kInvalidArgument,
                   StrCat("Case ", id, " is in both lists; it would be trained on and held out.")};
    }
    cases.push_back(id);
  }
  return cases;
}

Result<TrainingSet> ReadTrainingSet(const TrainOptions& options) {
  std::vector<std::string> listed;
  ASSIGN_OR_RETURN(const std::vector<std::string> cases, ReadCases(options, &listed));
  ASSIGN_OR_RETURN(PatchList list, ListPatches(options.data));
  const std::vector<std::string> missing = KeepCases(cases, &list);
  if (!list.errors.empty()) return Located(list.errors[0].path, list.errors[0].error);
  std::cout << cases.size() - missing.size() << " of the " << cases.size()
            << " listed cases are there, with " << list.patches.size() << " patches";
  if (list.duplicates > 0) std::cout << "; " << list.duplicates << " stored twice count once";
  std::cout << ".\n";
  for (const std::string& id : missing) std::cout << "Case " << id << " has no patches.\n";
  TrainingSet set;
  set.input = options.config.input();
  Progress progress("Reading patches", list.patches.size());
  ASSIGN_OR_RETURN(set.patches, LoadPatches(list.patches, set.input,
                                            [&progress](size_t done) { progress.Update(done); }));
  set.files = std::move(list.patches);
  const ChannelStatistics statistics = MeasureChannels(set.patches);
  set.input.mean = statistics.mean;
  set.input.std = statistics.std;
  for (const std::string& id : set.patches.cases) {
    set.listed.push_back(std::find(listed.begin(), listed.end(), id) != listed.end());
    if (set.listed.back()) ++set.held_out_cases;
  }
  if (set.held_out_cases < options.config.folds) {
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("There are fewer cases with patches than the ", options.config.folds,
                        " folds; give more cases or set folds less.")};
  }
  return set;
}

Result<NetworkWeights> FitPart(const TrainingSet& set, const TrainOptions& options,
                               const Split& split, const std::string& name) {
  return Fit(name, set.patches, split.train, set.input, options.config, options.checkpoint);
}

Result<NetworkWeights> FitAll(const TrainingSet& set, const TrainOptions& options) {
  ASSIGN_OR_RETURN(const Split all,
                   SplitByCase(set.patches, set.listed, options.config.folds, std::nullopt));
  return FitPart(set, options, all, "final");
}

// Mean over the cases that have both classes; absent when there are none.
std::optional<double> MeanCaseAuc(std::span<const HeldOut> judged) {
  std::map<size_t, std::vector<HeldOut>> by_case;
  for (const HeldOut& one : judged) by_case[one.case_index].push_back(one);
  double sum = 0, count = 0;
  for (const auto& [id, members] : by_case) {
    const auto auc = Auc(ScoresAt(members, {}, 0.5));
    if (auc) sum += *auc;
    if (auc) count += 1;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

struct Sums {
  double auc = 0, case_auc = 0, accuracy = 0;
};

void Report(std::span<const HeldOut> judged, size_t fold, Sums* sums) {
  const Metrics metrics = ComputeMetrics(ScoresAt(judged, {}, 0.5));
  const double case_auc = MeanCaseAuc(judged).value_or(0);
  std::cout << "Hold-out " << fold + 1 << ": " << metrics.n << " patches, AUC " << *metrics.auc
            << ", mean AUC of its cases " << case_auc << ", BAC at .5 "
            << *metrics.balanced_accuracy << " (uncalibrated)" << std::endl;
  sums->auc += *metrics.auc;
  sums->case_auc += case_auc;
  sums->accuracy += *metrics.balanced_accuracy;
}

// The patches of one fold, judged by the network that has not seen it.
Result<std::vector<HeldOut>> JudgeFold(const TrainingSet& set, const TrainOptions& options,
                                       size_t fold, Sums* sums) {
  ASSIGN_OR_RETURN(const Split split,
                   SplitByCase(set.patches, set.listed, options.config.folds, fold));
  ASSIGN_OR_RETURN(const NetworkWeights weights,
                   FitPart(set, options, split, StrCat("hold-out-", fold + 1)));
  const std::vector<double> logits =
      LogitDifferences(AsStored(weights), set.patches, split.held_out, set.input);
  std::vector<HeldOut> judged;
  for (size_t i = 0; i < logits.size(); ++i) {
    const size_t patch = split.held_out[i];
    judged.push_back({logits[i], set.patches.labels[patch] == 1, set.patches.case_of[patch]});
  }
  Report(judged, fold, sums);
  return judged;
}

Result<std::vector<HeldOut>> CrossValidate(const TrainingSet& set, const TrainOptions& options) {
  std::vector<HeldOut> all;
  Sums sums;
  for (size_t fold = 0; fold < options.config.folds; ++fold) {
    ASSIGN_OR_RETURN(const auto judged, JudgeFold(set, options, fold, &sums));
    all.insert(all.end(), judged.begin(), judged.end());
  }
  const auto folds = static_cast<double>(options.config.folds);
  std::cout << "Mean of the folds: AUC " << sums.auc / folds << ", AUC of the cases "
            << sums.case_auc / folds << ", BAC at .5 " << sums.accuracy / folds << std::endl;
  return all;
}

std::string DescribeData(const TrainOptions& options, const TrainingSet& set) {
  return StrCat(options.source, ": ", set.patches.cases.size(), " cases, ", set.patches.size(),
                " patches. Calibration, operating points and intervals by ", options.config.folds,
                "-fold hold-out by case over ", set.held_out_cases, " cases. ",
                PrevalenceText(options.config),
                options.counts.empty() ? "." : ", each case counting alike.");
}

// Lines of file,log-odds of the positive label, as libtorch computes them from the stored weights:
// what other engines are compared with.
Status WriteAnswers(const std::string& path, const TrainingSet& set, const NetworkWeights& stored) {
  constexpr size_t kMost = 256;
  std::vector<size_t> indices;
  const size_t step = DivideUp(set.patches.size(), kMost);
  for (size_t i = 0; i < set.patches.size(); i += step) indices.push_back(i);
  const auto logits = LogitDifferences(stored, set.patches, indices, set.input);
  std::string text;
  for (size_t i = 0; i < indices.size(); ++i) {
    text += StrCat(set.files[indices[i]].path, ",", FixedText(logits[i], 7), "\n");
  }
  return WriteFile(path, std::vector<uint8_t>(text.begin(), text.end()));
}

// The fit that --only names.
Status FitOnly(const TrainingSet& set, const TrainOptions& options) {
  if (options.only == 0) {
    ASSIGN_OR_RETURN([[maybe_unused]] const NetworkWeights weights, FitAll(set, options));
    return {};
  }
  Sums sums;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto judged,
                   JudgeFold(set, options, static_cast<size_t>(options.only) - 1, &sums));
  return {};
}

Status TrainAndWrite(const TrainOptions& options) {
  const NetworkSpec& network = options.config.training.network;
  std::cout << "Network: " << MultiplyAdds(network) << " multiply-adds, " << ParameterCount(network)
            << " parameters.\n";
  ASSIGN_OR_RETURN(const TrainingSet set, ReadTrainingSet(options));
  if (options.only >= 0) return FitOnly(set, options);
  ASSIGN_OR_RETURN(const std::vector<HeldOut> held_out, CrossValidate(set, options));
  CaseCounts counts;
  if (!options.counts.empty()) {
    ASSIGN_OR_RETURN(counts, ReadCaseCounts(options.counts));
  }
  ASSIGN_OR_RETURN(const Chosen chosen,
                   Choose(options.config, counts, set.patches.cases, held_out));
  if (options.out.empty()) return {};
  ASSIGN_OR_RETURN(const NetworkWeights weights, FitAll(set, options));
  ASSIGN_OR_RETURN(
      const NetworkWeights stored,
      WriteModel({options.config, set.input, chosen, DescribeData(options, set), options.commit},
                 weights, options.out));
  return options.answers.empty() ? Status() : WriteAnswers(options.answers, set, stored);
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
  const Status status = options.value().films.empty() ? TrainAndWrite(options.value())
                                                      : TrainOnFilms(options.value());
  if (status.ok()) return 0;
  std::cerr << "insitu-train: " << status.error().message << '\n';
  return kFailure;
}

}  // namespace
}  // namespace insitu

int main(int argc, char** argv) {
  return insitu::Run(std::vector<std::string>(argv + 1, argv + argc));
}
