// insitu evaluate-films: how right a mammogram model is on the films of mini-MIAS, each judged by a
// model that has not seen the woman's films.
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/evaluation_checkpoint.h"
#include "model/files.h"
#include "model/film_answer.h"
#include "model/film_models.h"
#include "model/film_reader.h"
#include "model/film_report.h"
#include "model/json.h"
#include "model/progress.h"
#include "model/report.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// What is asked for beside the model.
struct FilmRequest {
  std::vector<Film> films;
  FilmModels models;
  std::string checkpoint;  // file; "" for none
};

struct FilmEvaluation {
  std::vector<Film> films;
  std::vector<FilmRepeat> repeats;
  FilmRepeat chance;
  Report report;          // of the patches; cases are women
  bool by_folds = false;  // otherwise by the model itself
  // Of the models that judged: each calls its films' patches at its own.
  double least_threshold = 1, greatest_threshold = 0;
  FilmFigures figures;
  FilmFigures by_chance;
};

// Loaded when first asked for, so that the films can be gone through once for all models.
class Models {
 public:
  // whole: the model that is evaluated; every other has to come from the same training.
  explicit Models(const ModelInfo& whole) : whole_(whole) {}

  Result<Classifier*> Get(const std::string& path) {
    const auto found = loaded_.find(path);
    if (found != loaded_.end()) return &found->second;
    ASSIGN_OR_RETURN(Classifier classifier, LoadClassifier(path));
    const Status fits = Check(classifier.info());
    if (!fits.ok()) return Located(path, fits.error());
    return &loaded_.emplace(path, std::move(classifier)).first->second;
  }

 private:
  Status Check(const ModelInfo& info) const {
    RETURN_IF_ERROR(CheckReadsFilms(info));
    if (info.id == whole_.id && info.version == whole_.version &&
        info.training_data == whole_.training_data &&
        info.training_commit == whole_.training_commit) {
      return {};
    }
    return Fail(ErrorCode::kInvalidArgument,
                "It is of another training than the model; train both anew, at once.");
  }

  const ModelInfo& whole_;
  std::map<std::string, Classifier> loaded_;
};

// Which model judges whom: the folds' or, without them, the one that is evaluated.
Result<FilmModels> ModelsFor(const Arguments& arguments, const std::vector<Film>& films) {
  if (arguments.Has("folds")) return ReadFilmModels(arguments.Text("folds"), films);
  FilmModels one(1);
  for (const Film& film : films) one[0][film.woman] = arguments.Text("model");
  return one;
}

// From the checkpoint where it is kept there, or from the model.
Result<FilmAnswer> AskOnce(const OpenFilm& open, const std::vector<FilmPatch>& patches,
                           const CheckpointItem& item, Classifier* classifier,
                           EvaluationCheckpoint* checkpoint) {
  ASSIGN_OR_RETURN(const Json* const kept, checkpoint->Find(item));
  if (kept != nullptr) {
    const std::optional<FilmAnswer> answer = ParseFilmAnswer(*kept, patches.size());
    if (!answer) return checkpoint->Unusable(item);
    return *answer;
  }
  ASSIGN_OR_RETURN(const FilmAnswer answer, AskAbout(open, patches, classifier));
  RETURN_IF_ERROR(checkpoint->Keep(item, FilmAnswerJson(answer)));
  return answer;
}

std::optional<StatedBand> BandOf(const ModelInfo& info) {
  if (!info.uncertain) return std::nullopt;
  return StatedBand{info.uncertain->low, info.uncertain->high, info.uncertain->coverage};
}

// The films with what is known of each, and who judges it in each repeat. Errors: those of a model.
Result<EvaluationCheckpoint> OpenCheckpoint(const FilmRequest& request, const Classifier& whole,
                                            Models* loaded) {
  std::string items;
  for (const Film& film : request.films) {
    Json known = {film.id, film.woman};
    for (const Finding& finding : film.findings) {
      known.push_back({finding.abnormality, finding.malignant});
      if (!finding.place) continue;
      known.push_back({finding.place->x, finding.place->y, finding.place->radius});
    }
    for (const auto& repeat : request.models) {
      ASSIGN_OR_RETURN(const Classifier* const judge, loaded->Get(repeat.at(film.woman)));
      known.push_back(judge->sha256());
    }
    items += ToText(known, false);
  }
  return EvaluationCheckpoint::Open(request.checkpoint, {"evaluate-films", whole.sha256(), items});
}

// As insitu evaluate reports on patches of histology.
Report PatchReport(const Classifier& whole, WomenPatches patches) {
  const ModelInfo& info = whole.info();
  Report report = ReportOn(info, whole.sha256());
  report.data_name = "mini-MIAS";
  report.cases = std::move(patches.cases);
  std::vector<double> thresholds = {info.threshold};
  for (const OperatingPoint& point : info.operating_points) thresholds.push_back(point.threshold);
  const BootstrapOptions bootstrap;
  report.evaluation = EvaluateCases(
      report.cases,
      {.thresholds = thresholds, .prevalence = {}, .uncertain = {}, .bootstrap = bootstrap});
  const std::optional<StatedBand> stated = BandOf(info);
  if (stated && patches.bands.size() == report.cases.size()) {
    report.evaluation.uncertain =
        Abstain(report.cases, patches.bands, *stated, Resamples(report.cases.size(), bootstrap));
  }
  return report;
}

// One film by all repeats. Its findings in `evaluation` lose a place that cannot be.
Status JudgeFilm(size_t index, const FilmRequest& request, Models* loaded,
                 EvaluationCheckpoint* checkpoint, Progress* progress, FilmEvaluation* evaluation) {
  Film& film = evaluation->films[index];
  const auto bytes = ReadFile(film.path, kMaxImageBytes, ErrorCode::kImageTooLarge);
  if (!bytes.ok()) return Located(film.path, bytes.error());
  ASSIGN_OR_RETURN(const OpenFilm open, Open(&film));
  const std::vector<FilmPatch> patches = SamplePatches(film, open.breast, {});
  const size_t repeats = request.models.size();
  for (size_t r = 0; r < repeats; ++r) {
    ASSIGN_OR_RETURN(Classifier* const judge, loaded->Get(request.models[r].at(film.woman)));
    const size_t at = index * repeats + r;
    const CheckpointItem item{at, std::filesystem::path(film.path).filename().string(),
                              bytes.value()};
    ASSIGN_OR_RETURN(const FilmAnswer answer, AskOnce(open, patches, item, judge, checkpoint));
    FilmRepeat& repeat = evaluation->repeats[r];
    repeat.films.push_back(JudgeMarks(film, answer.marks));
    const double threshold = judge->info().threshold;
    const auto judged =
        JudgePatches(patches, answer.probabilities, {threshold, BandOf(judge->info())}, index);
    repeat.patches.insert(repeat.patches.end(), judged.begin(), judged.end());
    evaluation->least_threshold = std::min(evaluation->least_threshold, threshold);
    evaluation->greatest_threshold = std::max(evaluation->greatest_threshold, threshold);
    progress->Update(at + 1);
  }
  evaluation->chance.films.push_back(
      JudgeMarks(film, FindMarks(ChanceMap(open, index), kMarkApart)));
  return {};
}

Result<FilmEvaluation> Evaluate(const Classifier& whole, const FilmRequest& request) {
  FilmEvaluation evaluation;
  evaluation.films = request.films;
  evaluation.repeats.resize(request.models.size());
  Models loaded(whole.info());
  ASSIGN_OR_RETURN(EvaluationCheckpoint checkpoint, OpenCheckpoint(request, whole, &loaded));
  Progress progress("Reading films", request.films.size() * request.models.size(),
                    checkpoint.kept());
  for (size_t i = 0; i < request.films.size(); ++i) {
    RETURN_IF_ERROR(JudgeFilm(i, request, &loaded, &checkpoint, &progress, &evaluation));
  }
  const BootstrapOptions bootstrap;
  evaluation.figures = ComputeFilmFigures(evaluation.films, evaluation.repeats, bootstrap);
  evaluation.by_chance = ComputeFilmFigures(evaluation.films, {evaluation.chance}, bootstrap);
  evaluation.report = PatchReport(whole, PatchesByWoman(evaluation.films, evaluation.repeats));
  return evaluation;
}

struct Counts {
  size_t women = 0, abnormal = 0, findings = 0, placed = 0, patches = 0, suspicious = 0;
};

Counts CountAll(const FilmEvaluation& evaluation) {
  Counts counts;
  std::map<std::string, int> women;
  for (const Film& film : evaluation.films) {
    ++women[film.woman];
    counts.abnormal += film.abnormal() ? 1 : 0;
    counts.findings += film.findings.size();
    for (const Finding& finding : film.findings) counts.placed += finding.place ? 1 : 0;
  }
  counts.women = women.size();
  counts.patches = evaluation.repeats[0].patches.size();
  for (const JudgedPatch& patch : evaluation.repeats[0].patches) {
    counts.suspicious += patch.scored.truth ? 1 : 0;
  }
  return counts;
}

double Share(size_t part, size_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<size_t>(whole, 1));
}

Json FigureJson(const Figure& figure) {
  Json json = Json::object();
  if (figure.value) json["value"] = *figure.value;
  if (figure.interval) json["interval"] = {figure.interval->low, figure.interval->high};
  return json;
}

Json FrocJson(const FilmEvaluation& evaluation) {
  Json froc = Json::array();
  for (size_t i = 0; i < kFalseMarkRates.size(); ++i) {
    froc.push_back(
        {{"false_marks_a_film", kFalseMarkRates[i]},
         {"on_normal_films", FigureJson(evaluation.figures.on_normal_films[i])},
         {"on_all_films", FigureJson(evaluation.figures.on_all_films[i])},
         {"chance_on_normal_films", FigureJson(evaluation.by_chance.on_normal_films[i])}});
  }
  return froc;
}

Json KindsJson(const FilmEvaluation& evaluation) {
  Json kinds = Json::object();
  for (const KindFigures& kind : ComputeKindFigures(evaluation.films, evaluation.repeats)) {
    kinds[kind.kind] = {{"findings", kind.findings}, {"found", kind.found}};
  }
  return {{"false_marks_a_film", kKindRate}, {"kinds", kinds}};
}

// What calling everything negative scores.
Json AlwaysNegativeJson(size_t positives, size_t all) {
  return {{"prevalence", Share(positives, all)},
          {"accuracy", 1 - Share(positives, all)},
          {"sensitivity", 0},
          {"specificity", 1},
          {"balanced_accuracy", 0.5},
          {"auc", 0.5}};
}

// What the report says of its threshold; its "thresholds" are the least and the greatest.
constexpr const char* kCalledAt =
    "Pooled and cases: each patch is called at the threshold of the model that judged its film. "
    "Uncertain: its shares are by that model's own band. The model's operating points, the "
    "threshold, and low and high of uncertain are those of the model itself. Curve: each threshold "
    "for all patches alike.";

Json FilmReportJson(const FilmEvaluation& evaluation) {
  const Counts counts = CountAll(evaluation);
  const FilmFigures& figures = evaluation.figures;
  Json json = ReportJson(evaluation.report);
  json["protocol"] = {{"judged_by", evaluation.by_folds ? "folds" : "model"},
                      {"repeats", evaluation.repeats.size()},
                      {"called_at", kCalledAt},
                      {"thresholds", {evaluation.least_threshold, evaluation.greatest_threshold}},
                      {"map_stride", kMapStride},
                      {"marks_apart", kMarkApart},
                      {"least_hit_radius", kLeastHit}};
  json["patches"] = {{"auc", FigureJson(figures.patch_auc)},
                     {"always_negative", AlwaysNegativeJson(counts.suspicious, counts.patches)}};
  json["films"] = {
      {"films", evaluation.films.size()},
      {"women", counts.women},
      {"abnormal_films", counts.abnormal},
      {"findings", counts.findings},
      {"findings_with_place", counts.placed},
      {"auc", FigureJson(figures.film_auc)},
      {"always_negative", AlwaysNegativeJson(counts.abnormal, evaluation.films.size())}};
  json["froc"] = FrocJson(evaluation);
  json["found_by_kind"] = KindsJson(evaluation);
  return json;
}

std::string Text(const Figure& figure) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3);
  if (!figure.value) return "-";
  text << *figure.value;
  if (figure.interval) text << " (" << figure.interval->low << "-" << figure.interval->high << ")";
  return text.str();
}

void PrintFilms(std::ostream& out, const FilmEvaluation& evaluation) {
  const Counts counts = CountAll(evaluation);
  const FilmFigures& figures = evaluation.figures;
  const size_t films = evaluation.films.size();
  out << (evaluation.by_folds
              ? "\nEach film judged by a model of the same training that has not seen its woman, "
              : "\nEach film judged by this model: no result if it was trained on the film, ")
      << (evaluation.repeats.size() == 1 ? "once" : StrCat(evaluation.repeats.size(), " times"))
      << ": " << films << " films of " << counts.women << " women; " << counts.abnormal
      << " films have a finding, " << counts.placed << " of " << counts.findings
      << " findings a usable place.\nIn brackets: 95 % interval, bootstrap over women.\n\n"
      << std::fixed << std::setprecision(3) << "Patches: AUC " << Text(figures.patch_auc) << "; "
      << counts.suspicious << " of " << counts.patches
      << " are suspicious; always-negative: accuracy "
      << 1 - Share(counts.suspicious, counts.patches)
      << ", BAC and AUC 0.5\n         called at the threshold and by the band of the model that "
         "judged the film: at "
      << evaluation.least_threshold << " to " << evaluation.greatest_threshold << '\n'
      << "Films:   AUC " << Text(figures.film_auc) << "; " << counts.abnormal << " of " << films
      << " have a finding; always-negative: accuracy " << 1 - Share(counts.abnormal, films)
      << ", BAC and AUC 0.5\n";
}

void PrintMarks(std::ostream& out, const FilmEvaluation& evaluation) {
  const FilmFigures& figures = evaluation.figures;
  out << "\nSensitivity for findings at so many false marks a film\n"
      << std::left << std::setw(8) << "marks" << std::setw(24) << "on normal films" << std::setw(24)
      << "on all films" << "by chance\n";
  for (size_t i = 0; i < kFalseMarkRates.size(); ++i) {
    out << std::setw(8) << std::setprecision(1) << kFalseMarkRates[i] << std::setw(24)
        << Text(figures.on_normal_films[i]) << std::setw(24) << Text(figures.on_all_films[i])
        << Text(evaluation.by_chance.on_normal_films[i]) << '\n';
  }
  out << "\nFound at " << std::setprecision(0) << kKindRate << " false mark a normal film:";
  for (const KindFigures& kind : ComputeKindFigures(evaluation.films, evaluation.repeats)) {
    out << "  " << kind.kind << ' ' << std::setprecision(1) << kind.found << " of "
        << kind.findings;
  }
  out << '\n';
}

}  // namespace

int RunEvaluateFilms(const Words& words, std::ostream& out, std::ostream& err) {
  const auto parsed =
      Arguments::Parse(words, {{"model", true}, {"folds", true}, {"checkpoint", true}, {"json"}});
  if (!parsed.ok()) return UsageError(parsed.error().message, err);
  const Arguments& arguments = parsed.value();
  if (!arguments.Has("model")) return UsageError("evaluate-films needs --model MODEL.", err);
  if (arguments.positional().size() != 1) {
    return UsageError("evaluate-films needs one folder.", err);
  }
  if (arguments.Has("checkpoint") && arguments.Text("checkpoint").empty()) {
    return UsageError("The flag --checkpoint needs a value.", err);
  }
  const Result<Classifier> whole = LoadClassifier(arguments.Text("model"));
  if (!whole.ok()) return Failure(whole.error(), err);
  Result<std::vector<Film>> films = ListFilms(arguments.positional()[0]);
  if (!films.ok()) return Failure(films.error(), err);
  Result<FilmModels> models = ModelsFor(arguments, films.value());
  if (!models.ok()) return Failure(models.error(), err);
  auto evaluation = Evaluate(whole.value(),
                             {TakeValue(&films), TakeValue(&models), arguments.Text("checkpoint")});
  if (!evaluation.ok()) return Failure(evaluation.error(), err);
  evaluation.value().by_folds = arguments.Has("folds");
  if (arguments.Has("json")) {
    out << ReportText(FilmReportJson(evaluation.value()));
  } else {
    PrintReport(out, evaluation.value().report);
    PrintFilms(out, evaluation.value());
    PrintMarks(out, evaluation.value());
  }
  return kExitOk;
}

}  // namespace insitu
