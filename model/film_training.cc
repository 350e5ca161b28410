#include "model/film_training.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <span>
#include <system_error>

#include "model/files.h"
#include "model/film_folds.h"
#include "model/film_models.h"
#include "model/film_patches.h"
#include "model/fit.h"
#include "model/onnx_writer.h"
#include "model/progress.h"
#include "model/trained_model.h"
#include "shared/film_map.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// False marks are mined from a coarser map than marks are judged on: there are more films to read.
constexpr int kMiningStride = 30;  // pixels; 6 mm

struct FilmSet {
  std::vector<Film> films;
  std::vector<OpenFilm> open;
  PatchSet patches;  // cases: women
  InputSpec input;
};

void AddPatch(const FilmSet& set, size_t film, const FilmPatch& patch, PatchSet* to) {
  const Image image = CutPatch(set.open[film].image, patch.centre);
  to->pixels.insert(to->pixels.end(), image.pixels.begin(), image.pixels.end());
  to->labels.push_back(patch.label);
  const auto woman = std::lower_bound(to->cases.begin(), to->cases.end(), set.films[film].woman);
  to->case_of.push_back(static_cast<size_t>(woman - to->cases.begin()));
}

// Without patches.
PatchSet EmptySet(const std::vector<Film>& films) {
  std::set<std::string> women;
  for (const Film& film : films) women.insert(film.woman);
  PatchSet set;
  set.side = kFilmPatchSide;
  set.channels = 1;
  set.cases.assign(women.begin(), women.end());
  return set;
}

Result<FilmSet> ReadFilms(const TrainOptions& options) {
  FilmSet set;
  set.input = options.config.input();
  if (options.config.kind != "mammogram" || options.config.um_per_pixel != kFilmUmPerPixel ||
      set.input.width != kFilmPatchSide || set.input.channels != 1) {
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("A model for the films of mini-MIAS is of kind mammogram, at 200 µm per "
                        "pixel, with an input of ",
                        kFilmPatchSide, " pixels and grey; set that in the config.")};
  }
  ASSIGN_OR_RETURN(set.films, ListFilms(options.films));
  set.patches = EmptySet(set.films);
  Progress progress("Reading films", set.films.size());
  for (size_t i = 0; i < set.films.size(); ++i) {
    ASSIGN_OR_RETURN(OpenFilm open, Open(&set.films[i]));
    set.open.push_back(std::move(open));
    for (const FilmPatch& patch : SamplePatches(set.films[i], set.open[i].breast, {})) {
      AddPatch(set, i, patch, &set.patches);
    }
    progress.Update(i + 1);
  }
  const ChannelStatistics statistics = MeasureChannels(set.patches);
  set.input.mean = statistics.mean;
  set.input.std = statistics.std;
  const auto suspicious = std::count(set.patches.labels.begin(), set.patches.labels.end(), 1);
  std::cout << set.films.size() << " films of " << set.patches.cases.size() << " women, "
            << set.patches.size() << " patches, " << suspicious << " of them suspicious.\n";
  return set;
}

// The strongest false marks of the network on a film.
std::vector<PatchCentre> FalseMarks(const FilmSet& set, size_t film, const NetworkWeights& weights,
                                    size_t most) {
  PatchSet grid = EmptySet(set.films);
  std::vector<size_t> indices;
  // Such judges do not fail.
  auto map =
      MapFilm(set.open[film].breast, kMiningStride, [&](PatchCentre centre) -> Result<double> {
        indices.push_back(indices.size());
        AddPatch(set, film, {centre, 0}, &grid);
        return 0.0;
      });
  const std::vector<double> logits = LogitDifferences(weights, grid, indices, set.input);
  size_t next = 0;
  map = MapFilm(set.open[film].breast, kMiningStride,
                [&](PatchCentre) -> Result<double> { return 1 / (1 + std::exp(-logits[next++])); });
  std::vector<PatchCentre> false_marks;
  for (const Mark& mark : FindMarks(map.value(), kMarkApart)) {
    if (mark.score < 0.5 || false_marks.size() == most) break;
    if (ClearOfFindings(set.films[film], mark.centre)) false_marks.push_back(mark.centre);
  }
  return false_marks;
}

// The patches of the set, then the false marks that the network leaves on the films of the women.
PatchSet WithFalseMarks(const FilmSet& set, const std::set<std::string>& women,
                        const NetworkWeights& weights, size_t most) {
  PatchSet patches = set.patches;
  for (size_t film = 0; film < set.films.size(); ++film) {
    if (!women.contains(set.films[film].woman) || !set.films[film].located()) continue;
    for (const PatchCentre centre : FalseMarks(set, film, weights, most)) {
      AddPatch(set, film, {centre, 0}, &patches);
    }
  }
  return patches;
}

// women: to train on. name: of the fit. Errors: also kInvalidArgument when these women have no
// patch of one label.
Result<NetworkWeights> FitWithMining(const FilmSet& set, const std::set<std::string>& women,
                                     const std::string& name, const TrainOptions& options) {
  std::vector<size_t> indices;
  size_t suspicious = 0;
  for (size_t i = 0; i < set.patches.size(); ++i) {
    if (!women.contains(set.patches.cases[set.patches.case_of[i]])) continue;
    indices.push_back(i);
    suspicious += set.patches.labels[i] == 1 ? 1 : 0;
  }
  if (suspicious == 0 || suspicious == indices.size()) {
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("The women that ", name, " learns from have no ",
                        options.config.labels[suspicious == 0 ? 1 : 0],
                        " patch; give films of more women with and without a finding.")};
  }
  ASSIGN_OR_RETURN(NetworkWeights first, Fit(name + "-first", set.patches, indices, set.input,
                                             options.config, options.checkpoint));
  if (options.mined == 0) return first;
  const PatchSet patches = WithFalseMarks(set, women, first, options.mined);
  for (size_t i = set.patches.size(); i < patches.size(); ++i) indices.push_back(i);
  std::cout << name << ": " << patches.size() - set.patches.size() << " false marks mined"
            << std::endl;
  return Fit(name, patches, indices, set.input, options.config, options.checkpoint);
}

struct FoldModel {
  std::string name;
  std::set<std::string> trained_on;  // women
  NetworkWeights weights;

  std::string file() const { return name + ".onnx"; }
};

struct CrossValidation {
  std::vector<HeldOut> held_out;  // every repeat judges every patch once
  std::vector<FoldModel> models;
  FilmModels model_of;
};

Status RunFold(const FilmSet& set, const TrainOptions& options, size_t repeat, size_t fold,
               CrossValidation* result) {
  const auto fold_of = FoldsOfWomen(set.films, options.config.folds, repeat + 1);
  const std::string name = StrCat("repeat-", repeat + 1, "-fold-", fold + 1);
  std::set<std::string> women;
  for (const auto& [woman, of_woman] : fold_of) {
    if (of_woman != fold) women.insert(woman);
    if (of_woman == fold) result->model_of[repeat][woman] = name + ".onnx";
  }
  ASSIGN_OR_RETURN(NetworkWeights weights, FitWithMining(set, women, name, options));
  std::vector<size_t> indices;
  for (size_t i = 0; i < set.patches.size(); ++i) {
    if (!women.contains(set.patches.cases[set.patches.case_of[i]])) indices.push_back(i);
  }
  const auto logits = LogitDifferences(AsStored(weights), set.patches, indices, set.input);
  std::vector<HeldOut> judged;
  for (size_t i = 0; i < indices.size(); ++i) {
    judged.push_back(
        {logits[i], set.patches.labels[indices[i]] == 1, set.patches.case_of[indices[i]]});
  }
  std::cout << name << ": AUC of the held-out patches "
            << Auc(ScoresAt(judged, {}, 0.5)).value_or(0) << std::endl;
  result->held_out.insert(result->held_out.end(), judged.begin(), judged.end());
  result->models.push_back({name, std::move(women), std::move(weights)});
  return {};
}

// Tells trainings apart that differ in their settings alone.
std::string SettingsName(const TrainOptions& options) {
  constexpr size_t kDigits = 12;
  const std::string text = StrCat(SettingsText(options.config.training), " mined ", options.mined);
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return HexDigits(Sha256({bytes, text.size()})).substr(0, kDigits);
}

std::string DescribeFilms(const FilmSet& set, const TrainOptions& options) {
  return StrCat(
      options.source, ": ", set.films.size(), " films of ", set.patches.cases.size(), " women, ",
      set.patches.size(),
      " patches and the false marks mined. Suspicious is any annotated finding, benign or "
      "malignant. Calibration, operating points and intervals by ",
      options.config.folds, "-fold hold-out by woman",
      options.repeats == 1 ? "" : StrCat(", ", options.repeats, " times"),
      "; those of a fold's model without the women it holds out. ", PrevalenceText(options.config),
      ". Settings ", SettingsName(options), ".");
}

// women: whose answers the model is calibrated on.
Result<NetworkWeights> WriteCalibrated(const FilmSet& set, const TrainOptions& options,
                                       std::span<const HeldOut> answers,
                                       const std::set<std::string>& women, NetworkWeights weights,
                                       const std::string& path) {
  const std::vector<std::string>& cases = set.patches.cases;
  ASSIGN_OR_RETURN(const Chosen chosen,
                   Choose(options.config, {}, cases, AnswersAbout(women, answers, cases)));
  return WriteModel(
      {options.config, set.input, chosen, DescribeFilms(set, options), options.commit},
      std::move(weights), path);
}

Status WriteFoldModels(const FilmSet& set, const TrainOptions& options,
                       const CrossValidation& result) {
  const std::filesystem::path folder = options.fold_models;
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // what fails is told by the first file
  for (const FoldModel& model : result.models) {
    std::cout << model.name << ", on the answers about the women whom it does not hold out:\n";
    const auto written = WriteCalibrated(set, options, result.held_out, model.trained_on,
                                         model.weights, (folder / model.file()).string());
    if (!written.ok()) return written.failure();
  }
  const std::string text = FilmModelsText(result.model_of);
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return WriteFile((folder / "models.csv").string(), {bytes, text.size()});
}

}  // namespace

Status TrainOnFilms(const TrainOptions& options) {
  ASSIGN_OR_RETURN(const FilmSet set, ReadFilms(options));
  CrossValidation result;
  result.model_of.resize(options.repeats);
  for (size_t repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t fold = 0; fold < options.config.folds; ++fold) {
      RETURN_IF_ERROR(RunFold(set, options, repeat, fold, &result));
    }
  }
  if (!options.fold_models.empty()) RETURN_IF_ERROR(WriteFoldModels(set, options, result));
  const std::set<std::string> everyone(set.patches.cases.begin(), set.patches.cases.end());
  if (options.out.empty()) {
    const auto chosen = Choose(options.config, {}, set.patches.cases, result.held_out);
    return chosen.ok() ? Status() : chosen.failure();
  }
  ASSIGN_OR_RETURN(NetworkWeights weights, FitWithMining(set, everyone, "final", options));
  const auto written =
      WriteCalibrated(set, options, result.held_out, everyone, std::move(weights), options.out);
  return written.ok() ? Status() : written.failure();
}

}  // namespace insitu
