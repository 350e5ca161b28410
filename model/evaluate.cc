#include <filesystem>
#include <iostream>
#include <limits>
#include <optional>
#include <span>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/dataset.h"
#include "model/evaluation_checkpoint.h"
#include "model/files.h"
#include "model/progress.h"
#include "model/report.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// Both classes have to be there for a predictive value to mean something.
constexpr double kLeastPrevalence = 1e-6;

// What the command line asks for beside the model.
struct EvaluateRequest {
  std::string folder;
  std::string case_list;            // "": all cases
  std::string checkpoint;           // file; "" for none
  std::optional<double> threshold;  // the model's own
  std::optional<double> prevalence;
  BootstrapOptions bootstrap;
};

Result<PatchList> SelectPatches(const std::string& folder, const std::string& case_list,
                                Report* report) {
  ASSIGN_OR_RETURN(PatchList list, ListPatches(folder));
  report->duplicates = list.duplicates;
  report->ignored = list.ignored;
  if (!case_list.empty()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> cases, ReadCaseList(case_list));
    report->missing_cases = KeepCases(cases, &list);
    if (list.patches.empty()) {
      return Error{ErrorCode::kInvalidArgument, StrCat("None of the cases named in ", case_list,
                                                       " has a patch in ", folder, ".")};
    }
  }
  report->errors = list.errors;
  return list;
}

// The part of the path that depends on the data only, not on where they lie.
std::string DataName(const EvaluateRequest& request) {
  const std::filesystem::path list = request.case_list;
  if (!list.empty()) return list.stem().string();
  const std::filesystem::path folder = std::filesystem::absolute(request.folder).lexically_normal();
  return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
}

// The patches from the data's folder on, which is what a checkpoint knows them by.
std::vector<std::string> PathsBelow(const std::string& folder,
                                    const std::vector<PatchFile>& patches) {
  std::vector<std::string> paths;
  for (const PatchFile& patch : patches) {
    paths.push_back(std::filesystem::path(patch.path).lexically_relative(folder).string());
  }
  return paths;
}

Result<EvaluationCheckpoint> OpenCheckpoint(const std::string& path,
                                            const std::vector<std::string>& patches,
                                            const Classifier& classifier) {
  std::string items;
  for (const std::string& patch : patches) items += patch + '\0';
  return EvaluationCheckpoint::Open(path, {"evaluate", classifier.sha256(), items});
}

// The probability of the positive class. Errors: the image's.
Result<double> Classify(std::span<const uint8_t> bytes, Classifier* classifier) {
  ASSIGN_OR_RETURN(const Prediction prediction, classifier->Classify(bytes));
  return double{prediction.probabilities[static_cast<size_t>(classifier->info().positive)]};
}

// The same from the checkpoint where it is kept there. Nothing of an image that cannot be read,
// which the report then names. Errors: those of the checkpoint.
Result<std::optional<double>> ReadPatch(const PatchFile& patch, CheckpointItem item,
                                        Classifier* classifier, EvaluationCheckpoint* checkpoint,
                                        Report* report) {
  const auto fail = [&](const Error& error) {
    report->errors.push_back({patch.path, patch.case_id, error});
    return std::optional<double>();
  };
  const auto bytes = ReadFile(patch.path, kMaxImageBytes, ErrorCode::kImageTooLarge);
  if (!bytes.ok()) return fail(bytes.error());
  item.bytes = bytes.value();
  ASSIGN_OR_RETURN(const Json* const kept, checkpoint->Find(item));
  if (kept != nullptr) {
    if (!kept->is_number()) return checkpoint->Unusable(item);
    return std::optional(kept->get<double>());
  }
  const Result<double> probability = Classify(item.bytes, classifier);
  if (!probability.ok()) return fail(probability.error());
  RETURN_IF_ERROR(checkpoint->Keep(item, probability.value()));
  return std::optional(probability.value());
}

// Into the report: its cases and its errors. patches: ordered by case.
Status ReadPatches(const std::vector<PatchFile>& patches, const EvaluateRequest& request,
                   Classifier* classifier, Report* report) {
  const std::vector<std::string> paths = PathsBelow(request.folder, patches);
  ASSIGN_OR_RETURN(EvaluationCheckpoint checkpoint,
                   OpenCheckpoint(request.checkpoint, paths, *classifier));
  Progress progress("Evaluating patches", patches.size(), checkpoint.kept());
  for (size_t i = 0; i < patches.size(); ++i) {
    const PatchFile& patch = patches[i];
    ASSIGN_OR_RETURN(const std::optional<double> probability,
                     ReadPatch(patch, {i, paths[i], {}}, classifier, &checkpoint, report));
    if (probability) {
      if (report->cases.empty() || report->cases.back().id != patch.case_id) {
        report->cases.push_back({patch.case_id, {}});
      }
      report->cases.back().scored.push_back(
          {*probability, *probability >= report->threshold, patch.label == 1});
    }
    progress.Update(i + 1);
  }
  return {};
}

Result<Report> Evaluate(const EvaluateRequest& request, Classifier* classifier) {
  const ModelInfo& info = classifier->info();
  Report report = ReportOn(info, classifier->sha256());
  report.threshold = request.threshold.value_or(info.threshold);
  report.data_name = DataName(request);
  report.folder = request.folder;
  ASSIGN_OR_RETURN(const PatchList list, SelectPatches(request.folder, request.case_list, &report));
  RETURN_IF_ERROR(ReadPatches(list.patches, request, classifier, &report));
  std::vector<double> thresholds = {report.threshold};
  for (const OperatingPoint& point : info.operating_points) thresholds.push_back(point.threshold);
  std::optional<StatedBand> band;
  if (info.uncertain) {
    band = StatedBand{info.uncertain->low, info.uncertain->high, info.uncertain->coverage};
  }
  report.evaluation = EvaluateCases(report.cases, {.thresholds = thresholds,
                                                   .prevalence = request.prevalence,
                                                   .uncertain = band,
                                                   .bootstrap = request.bootstrap});
  return report;
}

void PrintRemarks(std::ostream& err, const Report& report) {
  for (const std::string& id : report.missing_cases) err << "Case " << id << " has no patches.\n";
  if (report.duplicates > 0) {
    err << report.duplicates << " patches are stored twice and count once.\n";
  }
  if (report.ignored > 0) {
    err << report.ignored << " files are no images in a folder 0 or 1 and do not count.\n";
  }
  for (const FileError& one : report.errors) err << one.path << ": " << one.error.message << '\n';
  if (!report.errors.empty()) {
    err << "insitu: " << report.errors.size() << " images could not be evaluated.\n";
  }
}

// Errors: kInvalidArgument.
Result<EvaluateRequest> ReadRequest(const Arguments& arguments) {
  EvaluateRequest request;
  if (!arguments.Has("model")) {
    return Error{ErrorCode::kInvalidArgument, "evaluate needs --model MODEL."};
  }
  if (arguments.positional().size() != 1) {
    return Error{ErrorCode::kInvalidArgument, "evaluate needs one folder."};
  }
  request.folder = arguments.positional()[0];
  for (const char* flag : {"cases", "checkpoint"}) {
    if (arguments.Has(flag) && arguments.Text(flag).empty()) {
      return Error{ErrorCode::kInvalidArgument, StrCat("The flag --", flag, " needs a value.")};
    }
  }
  request.case_list = arguments.Text("cases");
  request.checkpoint = arguments.Text("checkpoint");
  if (arguments.Has("threshold")) {
    ASSIGN_OR_RETURN(request.threshold, arguments.Number("threshold", 0, 0, 1));
  }
  if (arguments.Has("prevalence")) {
    ASSIGN_OR_RETURN(request.prevalence,
                     arguments.Number("prevalence", 0, kLeastPrevalence, 1 - kLeastPrevalence));
  }
  ASSIGN_OR_RETURN(const int64_t samples,
                   arguments.Integer("samples", static_cast<int64_t>(request.bootstrap.samples), 1,
                                     kMaxBootstrapSamples));
  ASSIGN_OR_RETURN(const int64_t seed,
                   arguments.Integer("seed", static_cast<int64_t>(request.bootstrap.seed), 0,
                                     std::numeric_limits<int64_t>::max()));
  request.bootstrap = {static_cast<size_t>(samples), static_cast<uint64_t>(seed)};
  return request;
}

}  // namespace

int RunEvaluate(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"model", true},
                                                  {"cases", true},
                                                  {"checkpoint", true},
                                                  {"threshold", true},
                                                  {"prevalence", true},
                                                  {"samples", true},
                                                  {"seed", true},
                                                  {"json"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  const Result<EvaluateRequest> request = ReadRequest(arguments.value());
  if (!request.ok()) return UsageError(request.error().message, err);
  Result<Classifier> classifier = LoadClassifier(arguments.value().Text("model"));
  if (!classifier.ok()) return Failure(classifier.error(), err);
  const Result<Report> report = Evaluate(request.value(), &classifier.value());
  if (!report.ok()) return Failure(report.error(), err);
  if (arguments.value().Has("json")) {
    out << ReportText(ReportJson(report.value()));
  } else {
    PrintReport(out, report.value());
  }
  PrintRemarks(err, report.value());
  return report.value().errors.empty() ? kExitOk : kExitFailure;
}

}  // namespace insitu
