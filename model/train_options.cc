#include "model/train_options.h"

#include "model/arguments.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kUsage =
    R"(usage: insitu-train --config FILE.toml --data FOLDER --cases LIST.txt [--out FILE.onnx] [flags]

  --config FILE    the model: what it is, its network, how it is trained (model/*.toml)
  --data FOLDER    patches as CASE/LABEL/…_classLABEL.png, the layout of the public IDC release
  --cases LIST     the cases to train on and to hold out in turn, one id a line
  --out FILE       the model to write; without it, only the hold-out by case is done
  --more LIST      cases that every fit trains on as well and that are never held out
  --counts FILE    lines of case,negatives,positives, after a heading: how many patches each case has
                   in the source; calibration and thresholds are then for the source, by case
  --set SETTINGS   settings instead of the file's: 'folds = 2, training.epochs = 3'
  --answers FILE   with --out: what libtorch says of up to 256 of the patches, to compare engines with
  --checkpoint FOLDER    keeps each fit there as it goes, and goes on from what is there
  --only N         one fit alone, into the checkpoint: a fold from 1, or 0 for the final one, so that
                   several can run at a time
  --films FOLDER   instead of --data and --cases: the films of mini-MIAS with labels.csv; folds are of
                   women, and hard negatives are mined on the films that a fold trains on
  --repeats N      of the folds of films
  --mined N        false marks that a fit on films learns from, of each film; 0 for none
  --fold-models FOLDER    each fold's model goes there, with models.csv for insitu evaluate-films
  --commit HASH    the source it is trained from, for its metadata
  --source TEXT    the data it is trained on, for its metadata
)";

constexpr int64_t kMaxRepeats = 100;
constexpr int64_t kMaxMined = 100;

Error Usage(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// That no flag is there that the training asked for would not heed.
Status CheckBelongs(const Arguments& arguments, bool on_films) {
  for (const char* other : {"data", "cases", "more", "counts", "answers", "only"}) {
    if (on_films && arguments.Has(other)) {
      return Usage(StrCat("The flag --", other, " does not go with --films."));
    }
  }
  for (const char* other : {"repeats", "mined", "fold-models"}) {
    if (!on_films && arguments.Has(other)) {
      return Usage(StrCat("The flag --", other, " needs --films."));
    }
  }
  return {};
}

}  // namespace

std::string_view TrainUsage() { return kUsage; }

Result<TrainOptions> ReadTrainOptions(const std::vector<std::string>& words) {
  std::vector<Flag> flags;
  for (const std::string_view name :
       {"config", "data", "cases", "out", "more", "counts", "set", "answers", "checkpoint", "only",
        "films", "repeats", "mined", "fold-models", "commit", "source"}) {
    flags.push_back({name, true});
  }
  ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(words, flags));
  const bool on_films = arguments.Has("films");
  for (const char* needed : {"config", on_films ? "films" : "data", on_films ? "films" : "cases"}) {
    if (!arguments.Has(needed)) return Usage(StrCat("The flag --", needed, " is needed."));
  }
  RETURN_IF_ERROR(CheckBelongs(arguments, on_films));
  if (!arguments.positional().empty()) {
    return Usage(StrCat("The argument ", arguments.positional()[0], " is not understood."));
  }
  TrainOptions options;
  ASSIGN_OR_RETURN(options.config,
                   ReadModelConfig(arguments.Text("config"), arguments.Text("set")));
  options.data = arguments.Text("data");
  options.list = arguments.Text("cases");
  options.more = arguments.Text("more");
  options.counts = arguments.Text("counts");
  options.out = arguments.Text("out");
  options.answers = arguments.Text("answers");
  options.checkpoint = arguments.Text("checkpoint");
  options.films = arguments.Text("films");
  options.fold_models = arguments.Text("fold-models");
  ASSIGN_OR_RETURN(const int64_t repeats, arguments.Integer("repeats", 1, 1, kMaxRepeats));
  options.repeats = static_cast<size_t>(repeats);
  const auto usual = static_cast<int64_t>(options.mined);
  ASSIGN_OR_RETURN(const int64_t mined, arguments.Integer("mined", usual, 0, kMaxMined));
  options.mined = static_cast<size_t>(mined);
  options.commit = arguments.Text("commit", "unknown");
  options.source = arguments.Text("source", "unnamed data");
  if (arguments.Has("only")) {
    const auto folds = static_cast<int64_t>(options.config.folds);
    ASSIGN_OR_RETURN(options.only, arguments.Integer("only", -1, 0, folds));
    if (options.checkpoint.empty()) return Usage("The flag --only needs --checkpoint.");
  }
  return options;
}

}  // namespace insitu
